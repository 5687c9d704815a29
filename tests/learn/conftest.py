"""A made store of eight studies of 32 px, in which a bright square is every bleed, and what trains on it."""

import functools
import json
import shutil
from pathlib import Path
from typing import Any

import blosc2
import numpy as np
import pandas as pd
import pytest
import torch

from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.labels import LABELS
from ich.learn.checkpoint import read_checkpoint
from ich.learn.features import FeatureCache
from ich.learn.fit import FitResult, Watching, fit_sequence, fit_slices
from ich.learn.hardware.devices import Devices
from ich.learn.loop.module import Recipe
from ich.learn.loop.trainer import TrainingSettings
from ich.learn.losses import WeightedBCE
from ich.learn.schedules import constant
from ich.store.settings import FORMAT
from ich.store.store import Store

SIZE, N_STUDIES = 32, 8


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Nets this small lose more by waiting for threads than they win, by far on a busy machine."""
    torch.set_num_threads(1)


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
def stranger(store, tmp_path_factory) -> Path:
    """Folder of another data set's store with the same pictures under keys of its own."""
    folder = shutil.copytree(store.path, tmp_path_factory.mktemp("stranger") / "store")
    for table in ("studies", "slices"):
        rows = pd.read_parquet(folder / f"{table}.parquet")
        rows["study"] = "x" + rows["study"]
        if "patient" in rows:
            rows["patient"] = "stranger-" + rows["patient"]
        rows.to_parquet(folder / f"{table}.parquet")
    for file in (folder / "studies").iterdir():
        file.rename(file.with_name(f"x{file.name}"))
    (folder / "store.json").write_text(json.dumps(store.content | {"source": "elsewhere", "hash": "1" * 32}))
    return folder


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    loss = WeightedBCE([1, 1, 1, 1, 1, 2])
    return Recipe(loss, optimizer=functools.partial(torch.optim.AdamW, lr=3e-3), schedule=constant)


@pytest.fixture(scope="session")
def settings() -> TrainingSettings:
    return TrainingSettings(Devices("cpu", 1, "auto"), "32-true", max_epochs=1, threads=1, log_every_n_steps=1)


@pytest.fixture(scope="session")
def unwatched() -> Watching:
    return Watching(show_bar=False)


@pytest.fixture(scope="session")
def net() -> dict[str, Any]:
    """Build arguments of the smallest slice net; its window is measured."""
    return {
        "net": "SliceNet",
        "backbone": "tiny",
        "windows": {"brain": {"centre": 40, "width": 80, "mean": None, "std": None}},
    }


@pytest.fixture(scope="session")
def cnn_run(net, store, recipe, settings, unwatched, tmp_path_factory) -> tuple[Path, FitResult]:
    """A slice net trained for one epoch on fold 1; fold 0 validates, fold 2 is left out."""
    run = tmp_path_factory.mktemp("cnn")
    data = SliceDataModule(store.path, fold=0, leave_out=[2], batch_size=6, workers=0)
    return run, fit_slices(run, data, net=net, recipe=recipe, settings=settings, watching=unwatched)


@pytest.fixture(scope="session")
def features(cnn_run, store, tmp_path_factory) -> FeatureCache:
    """The slice net's features of all studies but the test patients'."""
    studies = [f"s{number}" for number in range(2, N_STUDIES)]
    return FeatureCache.extract(cnn_run[0], store, studies=studies, folder=tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="session")
def sequence_run(cnn_run, features, store, recipe, settings, unwatched, tmp_path_factory) -> tuple[Path, FitResult]:
    """A small LSTM trained for one epoch on fold 2, whom the slice net has not seen."""
    run = tmp_path_factory.mktemp("sequence")
    data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=2)
    lstm = {"_target_": "ich.nets.sequence.SliceLSTM", "hidden": 8, "layers": 1}
    cnn = read_checkpoint(cnn_run[0])
    return run, fit_sequence(run, data, net=lstm, cnn=cnn, recipe=recipe, settings=settings, watching=unwatched)
