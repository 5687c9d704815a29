"""What a training says on the terminal: its data, the scores, the thresholds that it froze, and a better way."""

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig

from ich.commands.stores import store_words
from ich.commands.terminal import number, say, table
from ich.commands.training.debug import say_debug
from ich.labels import LABELS
from ich.store.gathering.folds import NO_FOLD, TEST_FOLD
from ich.store.split import Split
from ich.store.store import Store


def say_data(store: Store, split: Split, *, config: DictConfig) -> None:
    """Patients, studies, slices and positives a label on both sides of the split."""
    studies = store.studies.set_index("study")
    rows = []
    for side, keys in (("training", split.train), ("validation", split.validation)):
        slices = store.slices[store.slices["study"].isin(keys)]
        counts = [str(int(slices[label].sum())) for label in LABELS]
        patients = str(studies.loc[list(keys), "patient"].nunique())
        rows.append([side, patients, str(len(keys)), str(len(slices)), *counts])
    say("train", f"data {store.source}, fold {config.data.fold} for validation, test patients untouched")
    print(table(rows, heads=["", "patients", "studies", "slices", *LABELS]))


def say_scores(named: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """The best epoch's scores of each training, by name, and what the debug pages show."""
    rows = [
        [
            name,
            number(result["best_log_loss"]),
            *(number(result["metrics"].get(f"auc_{label}"), digits=3) for label in LABELS),
            f"{result['seconds']:.0f} s",
        ]
        for name, result in named
    ]
    print(table(rows, heads=["validation slices", "log loss", *(f"AUC {label}" for label in LABELS), "time"]))
    say_debug(named)


def say_points(points: dict[str, Any]) -> None:
    """The operating points, and why some are missing."""
    for name, levels in points.items():
        rows = [
            [label, *(number(levels[level][label]["threshold"]) for level in ("study", "slice"))] for label in LABELS
        ]
        print(table(rows, heads=[f"frozen {name}", "study", "slice"]))
        for level in levels:
            without: dict[str, list[str]] = {}
            for label in LABELS:
                if levels[level][label]["reason"] is not None:
                    without.setdefault(levels[level][label]["reason"], []).append(label)
            for reason, labels in without.items():
                print(f"  no {level} threshold for {', '.join(labels)}: {reason}")


def say_in_sample(config: DictConfig, store: Store) -> None:
    """That a sequence net learns from features of patients whom its slice net has seen, and how not to."""
    folds = sorted(
        fold for fold in store.studies["fold"].unique().tolist() if fold not in (TEST_FOLD, NO_FOLD, config.data.fold)
    )
    half = len(folds) // 2
    say(
        "train",
        "in-sample: the slice net has seen all training patients, so the sequence net learns from features that",
    )
    say("train", "look surer than they are on strangers; every table will say so. The right way, with two slice nets:")
    for left_out in (folds[half:], folds[:half]):
        numbers = ",".join(map(str, left_out))
        print(f"  python train.py model=NET {store_words(config)} 'data.leave_out=[{numbers}]'")
    print(f"  python train.py model=lstm {store_words(config)} 'cnn=[RUN_A,RUN_B]'")
