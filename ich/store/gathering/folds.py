"""Places patients into a test part and folds: stratified by their rarest label, never apart from their twins."""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from ich.errors import ConfigError
from ich.labels import LABELS
from ich.numerals import those_found

TEST_FOLD = -1
NO_FOLD = -2  # a latecomer whose pixels stand in two folds: in no training, no validation, no test
FOLD_NAMES = {TEST_FOLD: "test", NO_FOLD: "no fold"}  # as people read them; all others are called by their number
FINEST_SHARE = 20  # the test part is cut in steps of a twentieth


@dataclass(frozen=True)
class FoldOptions:
    """How patients are split.

    Attributes:
        n_folds: folds 0 .. n_folds - 1 of the patients who aren't test patients.
        test_share: share of patients in fold -1; 0 for none.
        seed: of the split.
    """

    n_folds: int
    test_share: float
    seed: int

    def __post_init__(self) -> None:
        if self.n_folds < 2:
            raise ConfigError(f"store.n_folds={self.n_folds}: expected 2 or more; 5 is usual")
        if not 0 <= self.test_share < 1:
            raise ConfigError(
                f"store.test_share={self.test_share}: expected 0 (no test patients) to below 1; 0.2 is usual"
            )


@dataclass(frozen=True)
class Folds:
    """The fold of each patient key, and sentences about what didn't go as asked."""

    by_patient: Mapping[str, int]
    notes: tuple[str, ...] = ()


def place_patients(
    studies: pd.DataFrame, pixels: Mapping[str, Sequence[str]], *, options: FoldOptions, placed: Mapping[str, int]
) -> Folds:
    """Give every patient a fold; those who have one keep it.

    Args:
        studies: a row a study with `patient` and the six labels (nan where unknown), in a stable order.
        pixels: hashes of the telling slices of each patient; patients who share one belong together.
        options: number of folds, test share, seed.
        placed: folds of earlier runs.
    """
    groups = group_patients(sorted(set(studies["patient"])), pixels)
    rarest = rarest_labels(studies)
    if not placed:
        return _split(studies["patient"].map(groups).to_numpy(), rarest, groups=groups, options=options)
    by_patient = {patient: fold for patient, fold in placed.items() if patient in groups}
    return _place_latecomers(studies["patient"].to_numpy(), rarest, groups=groups, options=options, placed=by_patient)


def group_patients(patients: Sequence[str], pixels: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The group of each patient: patients who share a slice, directly or through others, have the same one."""
    parent = {patient: patient for patient in patients}

    def root(patient: str) -> str:
        while parent[patient] != patient:
            parent[patient] = parent[parent[patient]]
            patient = parent[patient]
        return patient

    first: dict[str, str] = {}
    for patient in patients:
        for slice_hash in pixels.get(patient, ()):
            one, other = sorted((root(patient), root(first.setdefault(slice_hash, patient))))
            parent[other] = one
    return {patient: root(patient) for patient in patients}


def rarest_labels(studies: pd.DataFrame) -> np.ndarray:
    """For each study the position of its rarest label, int (studies,); one past the last where it has none."""
    positive = studies[list(LABELS)].to_numpy() == 1  # (studies, L)
    by_rarity = np.argsort(positive.sum(axis=0), kind="stable")
    first = positive[:, by_rarity].argmax(axis=1)
    return np.where(positive.any(axis=1), by_rarity[first], len(LABELS))


def _split(group_of_study: np.ndarray, rarest: np.ndarray, *, groups: Mapping[str, str], options: FoldOptions) -> Folds:
    """Split a store made in one go, test part first."""
    fold_of: dict[str, int] = {}
    is_test = np.zeros(len(rarest), dtype=bool)
    if options.test_share > 0:
        share = Fraction(options.test_share).limit_denominator(FINEST_SHARE)
        share = share if share > 0 else Fraction(1, FINEST_SHARE)
        parts = _stratified(rarest, group_of_study, n_parts=share.denominator, seed=options.seed)
        n_parts = parts.max() + 1
        is_test = parts < min(max(1, round(share * n_parts)), n_parts - 1)
        fold_of |= dict.fromkeys(group_of_study[is_test], TEST_FOLD)
    rest = np.flatnonzero(~is_test)
    parts = _stratified(rarest[rest], group_of_study[rest], n_parts=options.n_folds, seed=options.seed)
    fold_of |= dict(zip(group_of_study[rest], parts.tolist(), strict=True))
    n_filled = len({fold for fold in fold_of.values() if fold >= 0})
    fills = f"patient|patients fills|fill {n_filled} of {options.n_folds} folds; set store.n_folds"
    notes = those_found([(len(set(group_of_study)), fills)]) if n_filled < options.n_folds else []
    return Folds({patient: fold_of[group] for patient, group in groups.items()}, tuple(notes))


def _stratified(rarest: np.ndarray, groups: np.ndarray, *, n_parts: int, seed: int) -> np.ndarray:
    """The part of each study, int (studies,); fewer parts where there are fewer groups."""
    from sklearn.model_selection import StratifiedGroupKFold

    n_parts = min(n_parts, len(set(groups)))
    parts = np.zeros(len(rarest), dtype=np.int64)
    if n_parts < 2:
        return parts
    # A class with fewer members than parts can't be in each: scikit-learn warns, or refuses when all are so small.
    classes = rarest if np.bincount(rarest).max() >= n_parts else np.zeros_like(rarest)
    splitter = StratifiedGroupKFold(n_splits=n_parts, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for part, (_, rows) in enumerate(splitter.split(rarest, classes, groups)):
            parts[rows] = part
    return parts


def _place_latecomers(
    patient_of_study: np.ndarray,
    rarest: np.ndarray,
    *,
    groups: Mapping[str, str],
    options: FoldOptions,
    placed: Mapping[str, int],
) -> Folds:
    """Put each new group where its rarest label is rarest for the part's share; nobody moves."""
    shares = dict.fromkeys(range(options.n_folds), (1 - options.test_share) / options.n_folds)
    if options.test_share > 0:
        shares[TEST_FOLD] = options.test_share
    by_patient = dict(placed)
    folds_of_group: dict[str, set[int]] = {}
    for patient, fold in placed.items():
        folds_of_group.setdefault(groups[patient], set()).add(fold)
    class_of_group = _class_of_group(patient_of_study, rarest, groups=groups)
    seen = [(patient, label) for patient, label in zip(patient_of_study, rarest, strict=True) if patient in placed]
    counts = Counter((placed[patient], label) for patient, label in seen)
    sizes = Counter(placed.values())

    def fullness(fold: int, label: int) -> tuple[float, float, int]:
        return counts[fold, label] / shares[fold], sizes[fold] / shares[fold], fold

    for patient in sorted(set(groups) - set(placed)):
        known = folds_of_group.setdefault(groups[patient], set())
        if len(known) > 1:
            by_patient[patient] = NO_FOLD
            continue
        label = class_of_group[groups[patient]]
        fold = next(iter(known)) if known else min(fullness(one, label) for one in shares)[-1]
        by_patient[patient] = fold
        known.add(fold)
        counts[fold, label] += 1
        sizes[fold] += 1
    n_torn = sum(fold == NO_FOLD for fold in by_patient.values()) - sum(fold == NO_FOLD for fold in placed.values())
    notes = (f"{n_torn} new patients share identical slices with patients of two folds and get none",) if n_torn else ()
    return Folds(by_patient, notes)


def _class_of_group(patient_of_study: np.ndarray, rarest: np.ndarray, *, groups: Mapping[str, str]) -> dict[str, int]:
    """The rarest label of a group, over all its studies, by how many studies have it as theirs."""
    n_studies = Counter(rarest.tolist())
    classes: dict[str, int] = {}
    for patient, label in zip(patient_of_study, rarest.tolist(), strict=True):
        group = groups[patient]
        if label < len(LABELS) or group not in classes:
            current = classes.get(group, len(LABELS))
            classes[group] = min((current, label), key=lambda one: (one == len(LABELS), n_studies[one]))
    return classes
