"""Whom a net has seen in training, and who is left to teach a sequence net on its features."""

from collections.abc import Sequence
from dataclasses import dataclass

from ich.errors import LeakError
from ich.learn.checkpoint import Checkpoint
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
    """Patients of studies whom a net has seen in training; keys are compared within a source's name only."""
    patients = patients_of(store, studies, sources=checkpoint.facts["sources"])
    return sorted(patients & set(checkpoint.facts["train_patients"]))


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
