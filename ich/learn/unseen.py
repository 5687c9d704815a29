"""Whom a net has seen in training, and who is left to teach a sequence net on its features."""

from collections.abc import Sequence
from dataclasses import dataclass

from ich.errors import LeakError
from ich.learn.checkpoint import Checkpoint
from ich.learn.seen import Start, seen_patients, seen_sources
from ich.store.several import patients_of
from ich.store.split import Split, training_split
from ich.store.store import Store


@dataclass(frozen=True)
class UnseenSplit:
    """The split of a sequence stage over one slice net.

    Attributes:
        split: its training and validation studies.
        leave_out: what `training_split` was told to leave out, the patients that the net has seen included.
        in_sample: the net has seen every training patient, so there was nobody to leave out and features are in-sample.
    """

    split: Split
    leave_out: tuple[int | str, ...]
    in_sample: bool


def in_sample_patients(checkpoint: Checkpoint, store: Store, *, studies: Sequence[str]) -> list[str]:
    """Patients of studies whom a net, or what it started from, has seen; keys are compared within a source's name."""
    patients = patients_of(store, studies, sources=sorted(seen_sources(checkpoint.facts)))
    return sorted(patients & seen_patients(checkpoint.facts))


def check_start(start: Start | None, store: Store, *, split: Split, fold: int) -> None:
    """Refuse starting weights that know the fold on which a net is to be validated.

    Args:
        start: what they have seen; None for random ones.
        store: an open store.
        split: of the training.
        fold: its validation fold.

    Raises:
        LeakError: says how many patients of the fold they were trained on.
    """
    if start is None:
        return
    seen = patients_of(store, split.validation, sources=start["sources"]) & set(start["train_patients"])
    if seen:
        raise LeakError(
            f"data.fold={fold}: expected validation patients whom the starting weights have not seen, found "
            f"{len(seen)} of {len(split.validation_patients)} among their training patients; use the data.fold of "
            "their training, or model.net.weights=none"
        )


def unseen_split(cnn: Checkpoint, store: Store, *, fold: int, leave_out: Sequence[int | str] = ()) -> UnseenSplit:
    """Leave out of a sequence stage's training the patients whom its slice net was trained on.

    Args:
        cnn: the slice net.
        store: an open store.
        fold: the validation fold.
        leave_out: further folds or patients.

    Raises:
        LeakError: the net was trained on patients of the validation fold.
    """
    whole = training_split(store, fold=fold, leave_out=leave_out)
    seen_in_validation = in_sample_patients(cnn, store, studies=whole.validation)
    if seen_in_validation:
        raise LeakError(
            f"data.fold={fold}: expected validation patients whom the slice net has not seen, found "
            f"{len(seen_in_validation)} of its training patients; use data.fold={cnn.facts['fold']} as its training did"
        )
    seen = set(in_sample_patients(cnn, store, studies=whole.train))
    if seen == whole.train_patients:
        return UnseenSplit(whole, tuple(leave_out), in_sample=True)
    left_out = (*leave_out, *sorted(seen))
    return UnseenSplit(training_split(store, fold=fold, leave_out=left_out), left_out, in_sample=False)
