"""Which runs make a cross-validation."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from omegaconf import OmegaConf

from ich.commands.predictions.out_of_fold import fold_runs
from ich.errors import CheckpointError, ConfigError
from ich.learn.checkpoint import FACTS_KEY, write_plain


def make_run(folder, *, fold, chosen="last", callbacks=None):
    folder.mkdir()
    OmegaConf.save({"data": {"fold": fold}, "callbacks": callbacks or {}}, folder / "config.yaml")
    (folder / "checkpoints").mkdir()
    write_plain({FACTS_KEY: {"chosen": chosen}}, folder / "checkpoints" / "best.ckpt")
    (folder / "result.json").write_text(json.dumps({"seconds": 2.5}))


def store_of(*folds):
    return SimpleNamespace(path="store", studies=pd.DataFrame({"fold": folds}))


def test_runs_come_by_fold(tmp_path):
    for name, fold in (("0", 1), ("1", 0)):
        make_run(tmp_path / name, fold=fold)

    runs = fold_runs(tmp_path, store_of(0, 1, 1))

    assert [(run.run.name, run.fold, run.seconds) for run in runs] == [("1", 0, 2.5), ("0", 1, 2.5)]


@pytest.mark.parametrize("folds", [[0], [0, 0, 1]], ids=["missing", "twice"])
def test_a_fold_without_a_run_or_with_two_is_refused(folds, tmp_path):
    for number, fold in enumerate(folds):
        make_run(tmp_path / str(number), fold=fold)

    with pytest.raises(ConfigError, match=r"expected one run for each of the folds \[0, 1\], found runs of"):
        fold_runs(tmp_path, store_of(0, 1))


@pytest.mark.parametrize(
    "how", [{"chosen": "best"}, {"callbacks": {"early_stopping": {}}}], ids=["best weights", "early stopping"]
)
def test_a_run_that_chose_on_the_fold_it_left_out_is_refused(how, tmp_path):
    make_run(tmp_path / "0", fold=0, **how)

    with pytest.raises(ConfigError, match="found ones chosen on the fold that is to be scored; train with sweep=folds"):
        fold_runs(tmp_path, store_of(0))


def test_a_fold_that_was_stopped_is_not_scored_though_it_has_a_net(tmp_path):
    for fold in (0, 1):
        make_run(tmp_path / str(fold), fold=fold)
    (tmp_path / "1" / "result.json").unlink()

    with pytest.raises(ConfigError, match=r"expected one run for each of the folds \[0, 1\], found runs of \[0\]"):
        fold_runs(tmp_path, store_of(0, 1))


def test_patients_that_no_fold_holds_are_refused(tmp_path):
    make_run(tmp_path / "0", fold=0)

    with pytest.raises(ConfigError, match=r"prepare it with store\.test_share=0"):
        fold_runs(tmp_path, store_of(-1, 0))


def test_a_folder_without_runs_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="expected the folder of a sweep over folds, found no finished run"):
        fold_runs(tmp_path, store_of(0))
