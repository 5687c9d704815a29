"""Fixtures of the data modules: a small store in its own layout, whose pixels say which slice they are."""

import json

import blosc2
import numpy as np
import pandas as pd
import pytest

from ich.labels import LABELS
from ich.store.store import Store

SIZE = 32
STUDIES = {"a": (3, 0), "b": (7, 1), "c": (5, 1), "d": (4, 2), "e": (6, -1)}  # key: slices, fold


def slice_hu(study, index):
    """HU of the middle of a slice: 100 a study, 1 a slice; air around it."""
    hu = np.full((SIZE, SIZE), -1024, dtype=np.int16)
    hu[4:28, 4:28] = 100 * (1 + list(STUDIES).index(study)) + index
    return hu


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    (folder / "studies").mkdir()
    slices = []
    for study, (n_slices, _) in STUDIES.items():
        volume = np.stack([slice_hu(study, index) for index in range(n_slices)])
        blosc2.asarray(
            volume,
            urlpath=str(folder / "studies" / f"{study}.b2nd"),
            mode="w",
            chunks=(1, SIZE, SIZE),
            blocks=(1, SIZE, SIZE),
        )
        for index in range(n_slices):
            labels = [float(index % 2)] * len(LABELS)
            slices.append([study, index, 5.0 * index, f"1.2.{index}", *labels])
    slices = pd.DataFrame(slices, columns=["study", "index", "position_mm", "sop_uid", *LABELS])
    slices[list(LABELS)] = slices[list(LABELS)].astype(np.float32)
    slices.loc[slices["study"] == "d", "epidural"] = np.nan
    slices.to_parquet(folder / "slices.parquet")
    studies = [[study, f"patient-{study}", fold, n_slices] for study, (n_slices, fold) in STUDIES.items()]
    studies = pd.DataFrame(studies, columns=["study", "patient", "fold", "n_slices"])
    by_study = slices.groupby("study")[list(LABELS)].max()
    studies = studies.join(by_study, on="study")
    studies.loc[studies["study"] == "d", "epidural"] = 1  # said of the study as a whole
    studies.to_parquet(folder / "studies.parquet")
    content = {"format": 1, "source": "made", "hash": "0" * 32, "settings": {"size": SIZE}}
    (folder / "store.json").write_text(json.dumps(content))
    return Store.open(folder)


@pytest.fixture(scope="session")
def stranger(store, tmp_path_factory):
    """Folder of a store of another data set with studies of its own in the same folds; slices are 1000 HU higher."""
    folder = tmp_path_factory.mktemp("stranger")
    (folder / "studies").mkdir()
    for study in STUDIES:
        volume = store.read_study(study) + np.int16(1000)
        blosc2.asarray(volume, urlpath=str(folder / "studies" / f"{study * 2}.b2nd"), chunks=(1, SIZE, SIZE), mode="w")
    store.slices.assign(study=store.slices["study"] * 2).to_parquet(folder / "slices.parquet")
    studies = store.studies.assign(study=store.studies["study"] * 2, patient="stranger-" + store.studies["study"])
    studies.to_parquet(folder / "studies.parquet")
    content = store.content | {"source": "elsewhere", "hash": "1" * 32}
    (folder / "store.json").write_text(json.dumps(content))
    return folder
