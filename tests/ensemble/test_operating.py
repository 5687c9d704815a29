"""Operating points: frozen a label, studies and slices apart, null with a reason."""

import numpy as np
import pandas as pd

from ich.ensemble.operating import fit_operating_points, points_at
from ich.labels import LABELS


def _validation(n_studies: int = 40, n_slices: int = 4) -> pd.DataFrame:
    """Every other study bleeds in one slice; epidural is never seen, subdural is unknown in half of the studies."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"study": np.repeat([f"s{i:02}" for i in range(n_studies)], n_slices)})
    first = np.arange(len(rows)) % n_slices == 0
    bleeds = (np.arange(len(rows)) // n_slices % 2 == 0) & first
    for label in LABELS:
        rows[f"label_{label}"] = bleeds.astype(float)
        rows[f"ensemble_{label}"] = np.where(bleeds, rng.uniform(0.4, 1, len(rows)), rng.uniform(0, 0.6, len(rows)))
    rows["label_epidural"] = 0.0
    rows.loc[rows.index >= len(rows) // 2, "label_subdural"] = np.nan
    return rows


def test_studies_at_the_point_include_95_of_100_positive_studies():
    frame = _validation()

    points = points_at(fit_operating_points(frame), "study")["sensitivity_95"]

    studies = frame.groupby("study").max()
    positive = studies[studies["label_any"] == 1]
    assert (positive["ensemble_any"] >= points["any"].threshold).sum() == 19  # of 20, by hand


def test_slices_have_their_own_point():
    points = fit_operating_points(_validation())["sensitivity_95"]

    assert points["slice"]["any"]["threshold"] != points["study"]["any"]["threshold"]


def test_a_label_without_positives_has_no_point_but_a_reason():
    point = fit_operating_points(_validation())["sensitivity_95"]["study"]["epidural"]

    assert point["threshold"] is None
    assert point["reason"].startswith("validation patients: 0 positives")


def test_unknown_labels_are_left_out():
    frame = _validation()
    known = frame[frame["label_subdural"].notna()]

    points = fit_operating_points(frame)["sensitivity_95"]["slice"]["subdural"]

    assert points == fit_operating_points(known)["sensitivity_95"]["slice"]["subdural"]
