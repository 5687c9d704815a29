"""Made tables of predictions and the one slice that the metrics' tests share."""

from collections.abc import Callable

import numpy as np
import pytest

from ich.labels import LABELS


def make_table(n_patients: int = 12, n_slices: int = 8, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Predictions of a CNN and a somewhat better ensemble; every label occurs."""
    rng = np.random.default_rng(seed)
    n = n_patients * n_slices
    subtypes = rng.random((n, 5)) < 0.15
    labels = np.column_stack([subtypes, subtypes.any(axis=1)]).astype(float)
    table = {
        "study": np.repeat([f"study{i:02}" for i in range(n_patients)], n_slices),
        "patient": np.repeat([f"patient{i // 2:02}" for i in range(n_patients)], n_slices),
        "index": np.tile(np.arange(n_slices), n_patients),
        "position": np.tile(np.linspace(0, 1, n_slices), n_patients),
    }
    for i, label in enumerate(LABELS):
        table[f"label_{label}"] = labels[:, i]
        for predictor, strength in (("cnn", 1.5), ("ensemble", 2.5)):
            logits = strength * (2 * labels[:, i] - 1) + rng.normal(size=n)
            table[f"{predictor}_{label}"] = 1 / (1 + np.exp(-logits))
    return table


@pytest.fixture(scope="session")
def make_predictions() -> Callable[..., dict[str, np.ndarray]]:
    """Makes a fresh table, for tests that need more than one."""
    return make_table


@pytest.fixture
def table() -> dict[str, np.ndarray]:
    """Twelve studies of six patients, eight slices each."""
    return make_table()
