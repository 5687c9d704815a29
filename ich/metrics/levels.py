"""A table of predictions as arrays: once a row a slice, once a row a study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ich.errors import DataError
from ich.labels import LABELS
from ich.metrics.log_loss import prevalence_answer
from ich.metrics.one_number import RULES
from ich.metrics.position import position_scores
from ich.metrics.study import study_labels, study_means, study_scores

# Columns <control>_<label> of a table whose rows were scored by different trainings, each with its own answers: at a
# slice's place, the prevalence among training slices, and that among training studies.
PLACE, PREVALENCE, STUDY_PREVALENCE = "place", "prevalence", "study_prevalence"
PREDICTORS = ("cnn", "ensemble")  # columns <predictor>_<label>; those that are there are scored
Table = Mapping[str, ArrayLike]  # a pandas frame, or a dictionary of columns


@dataclass(frozen=True)
class Level:
    """What is scored at one level.

    Attributes:
        name: slice or study.
        labels: float64 (N, 6), nan where unknown.
        study_labels: float64 (N, 6) of the study that each slice belongs to, as a whole; None where nothing is said.
        study_prevalence: float64 (N, 6) among the training studies of each row's own training; None: one for all.
        studies: int64 (N,), number of each row's study.
        owner: int64 (N,), number of each row's patient.
        scores: probabilities float64 (N, 6) by predictor, the controls among them.
        rules: one-number rules float64 (N,) by column name.
    """

    name: str
    labels: np.ndarray
    studies: np.ndarray
    owner: np.ndarray
    scores: dict[str, np.ndarray]
    rules: dict[str, np.ndarray]
    study_labels: np.ndarray | None = None
    study_prevalence: np.ndarray | None = None

    @property
    def n_studies(self) -> int:
        """Studies behind the rows."""
        return int(self.studies.max()) + 1

    @property
    def n_patients(self) -> int:
        """Patients behind the rows."""
        return int(self.owner.max()) + 1


def slice_level(table: Table, *, prevalence: ArrayLike, position_bins: ArrayLike) -> Level:
    """Rows as they are, in an order that doesn't depend on the table's.

    Args:
        table: columns study, patient, index, position (0 feet to 1 head), label_<l>, and <predictor>_<l>, rule_*,
            study_label_<l> (the study as a whole, the same in all its rows); place_<l> and prevalence_<l> stand
            for the two below where rows have trainings of their own.
        prevalence: (6,) share of positives among the training slices.
        position_bins: (n_bins, 6) of `ich.metrics.position.position_bins`, fitted on training slices.

    Raises:
        DataError: a column is missing, labels or probabilities are none, or a study has two patients.
    """
    _check_columns(table)
    order = np.lexsort((_column(table, "index"), _column(table, "study"), _column(table, "patient")))
    _, studies = np.unique(_column(table, "study")[order], return_inverse=True)
    _, owner = np.unique(_column(table, "patient")[order], return_inverse=True)
    _check_one_patient_a_study(studies, owner)
    labels = _six(table, "label")[order]
    _check_labels(labels, "label")
    whole = _six(table, "study_label")[order] if f"study_label_{LABELS[0]}" in table else None
    if whole is not None:
        _check_labels(whole, "study_label")
    scores = {name: _six(table, name)[order] for name in PREDICTORS if f"{name}_{LABELS[0]}" in table}
    for name, values in scores.items():
        _check_shares(f"{name}_*", values)
    positions = np.asarray(table["position"], dtype=np.float64)[order]
    _check_shares("position", positions)
    own = {name: _six(table, name)[order] for name in (PLACE, PREVALENCE) if f"{name}_{LABELS[0]}" in table}
    for name, values in own.items():
        _check_shares(f"{name}_*", values)
    scores["position"] = own[PLACE] if PLACE in own else position_scores(position_bins, positions)
    scores["prevalence"] = own[PREVALENCE] if PREVALENCE in own else prevalence_answer(prevalence, len(order))
    rules = {name: np.asarray(table[name], dtype=np.float64)[order] for name in RULES if name in table}
    return Level(
        "slice",
        labels,
        studies=studies,
        owner=owner,
        scores=scores,
        rules=rules,
        study_labels=whole,
        study_prevalence=_six(table, STUDY_PREVALENCE)[order] if f"{STUDY_PREVALENCE}_{LABELS[0]}" in table else None,
    )


def study_level(slices: Level, *, prevalence: ArrayLike | None) -> Level:
    """One row a study: truth, scores and rules by their maximum over slices; position by its mean as well.

    Where the slices don't tell the truth, it is what is said of the study as a whole.

    Args:
        slices: the slice level.
        prevalence: (6,) share of positives among the training studies; None leaves this control out.
    """
    studies, labels = study_labels(slices.labels, slices.studies)
    if slices.study_labels is not None:
        labels = np.where(np.isnan(labels), study_scores(slices.study_labels, slices.studies)[1], labels)
    owner = study_scores(slices.owner, slices.studies)[1].astype(np.int64)
    scores = {
        name: study_scores(values, slices.studies)[1] for name, values in slices.scores.items() if name != "prevalence"
    }
    scores["position_mean"] = study_means(slices.scores["position"], slices.studies)[1]
    if slices.study_prevalence is not None:
        scores["prevalence"] = study_scores(slices.study_prevalence, slices.studies)[1]
    elif prevalence is not None:
        scores["prevalence"] = prevalence_answer(prevalence, len(studies))
    rules = {name: study_scores(values, slices.studies)[1] for name, values in slices.rules.items()}
    return Level("study", labels, studies=studies, owner=owner, scores=scores, rules=rules)


def _column(table: Table, name: str) -> np.ndarray:
    values = np.asarray(table[name])
    return values.astype(str) if values.dtype == object else values


def _six(table: Table, prefix: str) -> np.ndarray:
    return np.stack([np.asarray(table[f"{prefix}_{label}"], dtype=np.float64) for label in LABELS], axis=1)


def _check_columns(table: Table) -> None:
    scored = [name for name in PREDICTORS if any(f"{name}_{label}" in table for label in LABELS)]
    needed: Sequence[str] = [
        "study",
        "patient",
        "index",
        "position",
        *(f"{name}_{label}" for name in ("label", *(scored or PREDICTORS[:1])) for label in LABELS),
    ]
    missing = [name for name in needed if name not in table]
    if missing:
        raise DataError(f"table of predictions: expected columns {', '.join(needed)}; missing {', '.join(missing)}")
    if len(np.asarray(table["study"])) == 0:
        raise DataError("table of predictions: expected a row a slice, found none")


def _check_one_patient_a_study(studies: np.ndarray, owner: np.ndarray) -> None:
    n_too_many = np.unique(np.stack([studies, owner]), axis=1).shape[1] - len(np.unique(studies))
    if n_too_many:
        raise DataError(f"patient: expected one patient a study, found {n_too_many} studies with more; mend the table")


def _check_labels(labels: np.ndarray, prefix: str) -> None:
    n_wrong = int((~(np.isin(labels, (0, 1)) | np.isnan(labels))).sum())
    if n_wrong:
        raise DataError(f"{prefix}_*: expected 0, 1, or nothing where unknown, found {n_wrong} other values")


def _check_shares(name: str, values: np.ndarray) -> None:
    n_wrong = int((~((values >= 0) & (values <= 1))).sum())
    if n_wrong:
        raise DataError(f"{name}: expected numbers between 0 and 1 in every row, found {n_wrong} others")
