"""Says which studies a training may see, and which it is judged on."""

from collections.abc import Sequence
from dataclasses import dataclass

from ich.errors import ConfigError, DataError, LeakError
from ich.store.gathering.folds import TEST_FOLD
from ich.store.settings import digest
from ich.store.store import Store

SUBSETS = ("test", "validation", "all")
OUT_OF_FOLD = "out_of_fold"  # every patient, scored by the training that left the patient out; evaluate.py knows how


@dataclass(frozen=True)
class Split:
    """Study keys of a training and of its validation, and the patients behind them.

    Attributes:
        train, validation: study keys in the store's order.
        train_patients, validation_patients: patient keys; no one is in both.
        hash: the same for the same patients on the same sides.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    train_patients: frozenset[str]
    validation_patients: frozenset[str]
    hash: str


def training_split(store: Store, *, fold: int, leave_out: Sequence[int | str] = ()) -> Split:
    """Split a store's patients for one training; test patients (fold -1) are on neither side.

    Args:
        store: an open store.
        fold: the validation fold.
        leave_out: further folds (numbers) or patients (keys) that are kept out of the training; a patient named
            here is kept out of the validation too, a fold named here is only kept out of the training.

    Raises:
        ConfigError: no such fold or patient, or nobody is left.
        LeakError: the fold or one left out is the test part, or a patient would stand on both sides.
    """
    folds = store.studies["fold"]
    patients = store.studies["patient"]
    there = sorted(folds[folds >= 0].unique().tolist())
    _check_fold(fold, there, subject="data.fold")
    left_folds, left_patients = _left_out(leave_out, there=there, patients=set(patients), fold=fold)
    is_named = patients.isin(left_patients)
    is_train = folds.isin([one for one in there if one != fold and one not in left_folds]) & ~is_named
    is_validation = (folds == fold) & ~is_named
    train, validation = store.studies[is_train], store.studies[is_validation]
    for side, rows in (("training", train), ("validation", validation)):
        if rows.empty:
            raise ConfigError(
                f"data.fold={fold} data.leave_out={list(leave_out)}: expected patients for {side}, found none; "
                f"the store has folds {there}"
            )
    train_patients, validation_patients = frozenset(train["patient"]), frozenset(validation["patient"])
    if train_patients & validation_patients:
        raise LeakError(
            f"data.fold={fold}: expected patients on one side each, found {len(train_patients & validation_patients)} "
            "on both; prepare the store again"
        )
    sides = ("\n".join(sorted(side)).encode() for side in (train_patients, validation_patients))
    return Split(tuple(train["study"]), tuple(validation["study"]), train_patients, validation_patients, digest(*sides))


def subset_studies(store: Store, subset: str, *, fold: int = 0) -> list[str]:
    """Study keys of a subset, in the store's order.

    Args:
        store: an open store.
        subset: "test" (fold -1), "validation" (`fold`), or "all".
        fold: the validation fold.

    Raises:
        ConfigError: another subset or no such fold.
        DataError: nobody is in it.
    """
    folds = store.studies["fold"]
    if subset not in SUBSETS:
        raise ConfigError(
            f"subset={subset}: expected one of {', '.join(SUBSETS)}, {OUT_OF_FOLD}; test are the patients kept apart, "
            f"{OUT_OF_FOLD} goes with checkpoint=SWEEP, the folder of a sweep over folds"
        )
    if subset == "all":
        return store.studies["study"].tolist()
    if subset == "validation":
        _check_fold(fold, sorted(folds[folds >= 0].unique().tolist()), subject="fold")
    chosen = store.studies.loc[folds == (TEST_FOLD if subset == "test" else fold), "study"].tolist()
    if not chosen:
        raise DataError(
            f"subset={subset}: expected test patients in {store.path}, found none; "
            "use subset=all, or prepare a store with store.test_share=0.2"
        )
    return chosen


def _check_fold(fold: int, there: Sequence[int], *, subject: str) -> None:
    if fold == TEST_FOLD:
        raise LeakError(
            f"{subject}=-1: expected a fold of {list(there)}, found the test patients; they are for evaluate.py only"
        )
    if fold not in there:
        raise ConfigError(
            f"{subject}={fold}: expected a fold of {list(there)}, found none with patients; choose one of these"
        )


def _left_out(
    leave_out: Sequence[int | str], *, there: Sequence[int], patients: set[str], fold: int
) -> tuple[set[int], set[str]]:
    """Folds and patients to leave out, checked."""
    folds: set[int] = set()
    named: set[str] = set()
    for one in leave_out:
        if str(one) in patients:
            named.add(str(one))
            continue
        if isinstance(one, bool) or not str(one).lstrip("-").isdigit():
            raise ConfigError(
                f"data.leave_out={one}: expected a fold number or a patient key of the store, found neither; "
                "see studies.parquet"
            )
        number = int(one)
        _check_fold(number, there, subject="data.leave_out")
        if number == fold:
            raise ConfigError(
                f"data.leave_out={number}: expected a fold other than data.fold, found the same; "
                "it is out of the training already"
            )
        folds.add(number)
    return folds, named
