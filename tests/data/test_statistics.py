"""Tests of the windows' statistics."""

import numpy as np
import pytest

from ich.data.statistics import hu_histogram, measure_window_statistics
from ich.nets.windows import Window, apply_window

BONE = {"centre": 600, "width": 2800, "mean": None, "std": None}
BRAIN = {"centre": 40, "width": 80, "mean": 0.17, "std": 0.31}


def test_measured_statistics_are_those_of_the_windowed_pixels(store):
    measured = measure_window_statistics(store, ["b", "c"], windows={"bone": BONE})["bone"]

    pixels = np.concatenate([store.read_study(study) for study in "bc"])
    windowed = apply_window(pixels, Window("bone", centre=600, width=2800)).astype(np.float64)
    assert measured["mean"] == pytest.approx(windowed.mean(), abs=1e-6)
    assert measured["std"] == pytest.approx(windowed.std(), abs=1e-6)


def test_given_statistics_and_the_order_of_windows_stay(store):
    measured = measure_window_statistics(store, ["b"], windows={"bone": BONE, "brain": BRAIN})

    assert list(measured) == ["bone", "brain"]
    assert measured["brain"] == BRAIN
    assert BONE["mean"] is None


def test_only_the_studies_named_are_counted(store):
    counts = hu_histogram(store, ["a"])

    assert counts.sum() == 3 * 32 * 32
    assert counts[1024 + np.array([100, 101, 102, 200])].tolist() == [24 * 24] * 3 + [0]
