"""A made store of eight studies of 32 px, in which a bright square is every bleed, and what trains on it."""

import functools
import json
from pathlib import Path

import blosc2
import numpy as np
import pandas as pd
import pytest
import torch

from ich.labels import LABELS
from ich.learn.devices import Devices
from ich.learn.fit import Recipe, Watching
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant
from ich.learn.trainer import TrainingSettings
from ich.store.settings import FORMAT
from ich.store.store import Store

SIZE, N_STUDIES = 32, 8
NET = {
    "net": "SliceNet",
    "backbone": "tiny",
    "windows": {"brain": {"centre": 40, "width": 80, "mean": 0.2, "std": 0.3}},
}


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Store:
    """Eight studies of 4 to 11 slices: fold -1 has two, folds 0 to 2 have two each; one label is known nowhere."""
    path = tmp_path_factory.mktemp("store")
    (path / "studies").mkdir()
    rng = np.random.default_rng(1)
    slices, studies = [], []
    for number in range(N_STUDIES):
        slices.append(_write_study(path, number, rng))
        labels = slices[-1][list(LABELS)].max()
        fold = number // 2 - 1
        studies.append(
            {"study": f"s{number}", "patient": f"p{number}", "fold": fold, "n_slices": len(slices[-1]), **labels}
        )
    pd.concat(slices, ignore_index=True).to_parquet(path / "slices.parquet")
    pd.DataFrame(studies).to_parquet(path / "studies.parquet")
    settings = {"source": "made", "size": SIZE, "slab_mm": None}
    content = {"format": FORMAT, "source": "made", "hash": "0" * 32, "settings": settings}
    (path / "store.json").write_text(json.dumps(content))
    return Store.open(path)


def _write_study(path: Path, number: int, rng: np.random.Generator) -> pd.DataFrame:
    n_slices = 4 + number
    hu = rng.normal(30, 5, (n_slices, SIZE, SIZE)).astype(np.int16)
    labels = np.zeros((n_slices, len(LABELS)), dtype=np.float32)
    bleeding = rng.random(n_slices) < 0.5
    bleeding[:2] = True, False
    hu[bleeding, 8:20, 8:20] = 70
    labels[bleeding, 3:] = 1
    labels[:, 0] = np.nan
    blosc2.asarray(hu, chunks=(1, SIZE, SIZE), urlpath=str(path / "studies" / f"s{number}.b2nd"), mode="w")
    (path / "studies" / f"s{number}.json").write_text(json.dumps({"hash": f"h{number}"}))
    frame = pd.DataFrame(labels, columns=list(LABELS))
    places = pd.DataFrame({"study": f"s{number}", "index": range(n_slices), "position_mm": np.arange(n_slices) * 5.0})
    return pd.concat([places, frame], axis=1)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    loss = WeightedBCE([1, 1, 1, 1, 1, 2])
    return Recipe(loss, optimizer=functools.partial(torch.optim.AdamW, lr=3e-3), schedule=constant)


@pytest.fixture(scope="session")
def settings() -> TrainingSettings:
    return TrainingSettings(Devices("cpu", 1, "auto"), "32-true", max_epochs=1, log_every_n_steps=1)


@pytest.fixture(scope="session")
def unwatched() -> Watching:
    return Watching(show_bar=False)
