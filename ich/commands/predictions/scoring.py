"""Tables of predictions: one row a slice with its study, patient key, position, labels and what each predictor says."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ich.data.rows import study_labels_of
from ich.labels import LABELS
from ich.metrics.position import relative_positions
from ich.metrics.probability import probability_of
from ich.metrics.study import study_labels
from ich.store.store import Store

Logits = Mapping[str, np.ndarray]


def logit_table(store: Store, logits: Mapping[str, Logits]) -> pd.DataFrame:
    """Rows of a store's slices with logits beside their labels.

    Args:
        store: where the studies lie.
        logits: for each study key, float32 (S, 6) by predictor ("cnn", "ensemble").

    Returns:
        Columns study, patient, index, position (0 feet to 1 head), sop_uid, label_<l> and <predictor>_<l> (logits);
        where slices don't tell what is known of their studies as a whole, study_label_<l> too.
    """
    studies = list(logits)
    patients = store.studies.set_index("study")["patient"]
    by_study = store.slices.groupby("study", sort=False)
    parts = [_study_rows(by_study.get_group(study), logits[study]) for study in studies]
    table = pd.concat(parts, ignore_index=True)
    table.insert(1, "patient", table["study"].map(patients))
    return _with_study_labels(table, store, studies=studies)


def mean_logits(tables: Sequence[pd.DataFrame], predictor: str) -> pd.DataFrame:
    """The first table with the mean of all tables' logits; all have the same rows in the same order."""
    first = tables[0].copy()
    columns = [f"{predictor}_{label}" for label in LABELS]
    assert all(table[["study", "index"]].equals(first[["study", "index"]]) for table in tables)
    first[columns] = np.mean([table[columns].to_numpy() for table in tables], axis=0)
    return first


def with_probabilities(table: pd.DataFrame, predictors: Sequence[str]) -> pd.DataFrame:
    """The same table with probabilities, float64, in place of logits."""
    table = table.copy()
    for predictor in predictors:
        for label in LABELS:
            table[f"{predictor}_{label}"] = probability_of(table[f"{predictor}_{label}"].to_numpy())
    return table


def _with_study_labels(table: pd.DataFrame, store: Store, *, studies: Sequence[str]) -> pd.DataFrame:
    known = study_labels_of(store, studies)  # (studies, L)
    names, told = study_labels(table[[f"label_{label}" for label in LABELS]].to_numpy(), table["study"].to_numpy())
    place = {name: number for number, name in enumerate(names)}
    told = told[[place[study] for study in studies]]
    if not (np.isnan(told) & ~np.isnan(known)).any():
        return table
    rows = table["study"].map({study: number for number, study in enumerate(studies)}).to_numpy()
    columns = {f"study_label_{label}": known[rows, number] for number, label in enumerate(LABELS)}
    return pd.concat([table, pd.DataFrame(columns, index=table.index)], axis=1)


def _study_rows(slices: pd.DataFrame, logits: Logits) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "study": slices["study"].to_numpy(),
            "index": slices["index"].to_numpy(),
            "position": relative_positions(slices["position_mm"].to_numpy()),
            "sop_uid": slices["sop_uid"].to_numpy(),
            **{f"label_{label}": slices[label].to_numpy(dtype=np.float32) for label in LABELS},
        }
    )
    scores = {
        f"{name}_{label}": values[:, number] for name, values in logits.items() for number, label in enumerate(LABELS)
    }
    return pd.concat([rows, pd.DataFrame(scores, index=rows.index)], axis=1)
