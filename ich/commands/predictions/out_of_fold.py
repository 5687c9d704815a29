"""`subset=out_of_fold`: each patient of a cross-validation scored by the one training that left the patient out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from omegaconf import DictConfig, OmegaConf

from ich.commands.run_folders.files import BEST, CONFIG_FILE, RESULT_FILE, trainings_of
from ich.commands.run_folders.resume import is_finished
from ich.commands.terminal import shown
from ich.ensemble.ensemble import ICHEnsemble
from ich.errors import CheckpointError, ConfigError
from ich.labels import LABELS
from ich.learn.checkpoint import FACTS_KEY, read_plain
from ich.metrics.levels import PLACE, PREVALENCE, STUDY_PREVALENCE
from ich.metrics.position import position_scores
from ich.store.store import Store


@dataclass(frozen=True)
class FoldRun:
    """The training of one fold.

    Attributes:
        run: its folder.
        fold: that it left out.
        seconds: that it took.
    """

    run: Path
    fold: int
    seconds: float

    def load(self, store: Store, *, device: torch.device) -> ICHEnsemble:
        """Its nets.

        Raises:
            ConfigError: they were trained on another data set, whose folds are other patients.
        """
        model = ICHEnsemble.load_from_checkpoint(self.run, device=device)
        if store.source not in model.facts["sources"]:
            raise ConfigError(
                f"checkpoint={shown(self.run)}: expected a training on {store.source}, found one on "
                f"{', '.join(model.facts['sources'])}; use subset=all for a store that no net has seen"
            )
        return model


def fold_runs(sweep: Path, store: Store) -> list[FoldRun]:
    """The trainings of a cross-validation, by fold.

    Args:
        sweep: folder of the sweep.
        store: that was trained on; each of its folds must be left out by exactly one run.

    Raises:
        CheckpointError: no runs there.
        ConfigError: a fold without a run or with two, patients in no fold, or a run that chose on the fold it left out.
    """
    folders = sorted(path.parent for path in sweep.glob(f"*/{CONFIG_FILE}"))
    runs = [_fold_run(folder) for folder in folders if is_finished(folder)]
    if not runs:
        raise CheckpointError(
            f"checkpoint={sweep}: expected the folder of a sweep over folds, found no finished run in it; "
            "make one with: python train.py sweep=folds"
        )
    _check_folds(runs, store, sweep=sweep)
    return sorted(runs, key=lambda one: one.fold)


def with_controls(table: pd.DataFrame, model: ICHEnsemble) -> pd.DataFrame:
    """The rows of one fold with what its own training knows without looking: prevalence, and prevalence by position."""
    place = position_scores(model.facts["position_bins"], table["position"].to_numpy())
    columns = {f"{PLACE}_{label}": place[:, number] for number, label in enumerate(LABELS)}
    for name in (PREVALENCE, STUDY_PREVALENCE):
        columns |= {f"{name}_{label}": model.facts[name][number] for number, label in enumerate(LABELS)}
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def _fold_run(folder: Path) -> FoldRun:
    """Read what a run says of itself, and refuse one that chose anything on the fold it left out."""
    config = OmegaConf.load(folder / CONFIG_FILE)
    assert isinstance(config, DictConfig)
    nets = trainings_of(folder, BEST)
    chosen = {str(read_plain(net)[FACTS_KEY].get("chosen")) for net in nets}
    if chosen != {"last"} or "early_stopping" in (config.get("callbacks") or {}):
        raise ConfigError(
            f"checkpoint={shown(folder)}: expected the last weights after fixed epochs, found ones chosen on the fold "
            "that is to be scored; train with sweep=folds, or trainer.choose=last, and without early stopping"
        )
    results = [json.loads(file.read_text(encoding="utf-8")) for file in folder.rglob(RESULT_FILE)]
    return FoldRun(folder, int(config.data.fold), sum(float(result["seconds"]) for result in results))


def _check_folds(runs: Sequence[FoldRun], store: Store, *, sweep: Path) -> None:
    there = sorted({int(fold) for fold in store.studies["fold"].unique()})
    if there[0] < 0:
        raise ConfigError(
            f"store.path={store.path}: expected every patient in a fold, found test patients or some without one; "
            "prepare it with store.test_share=0"
        )
    found = sorted(run.fold for run in runs)
    if found != there:
        raise ConfigError(
            f"checkpoint={shown(sweep)}: expected one run for each of the folds {there}, found runs of {found}; "
            "a sweep has one seed, and goes on when its command is typed again"
        )
