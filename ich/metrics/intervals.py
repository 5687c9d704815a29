"""Intervals over patients: whole patients are drawn again, since slices of one head are no independent cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ich.metrics.curve import CurveMetric, Ranking, why_undefined

LEVEL = 0.95  # share of resamples inside an interval
N_RESAMPLES = 1_000
# Three patients with a positive leave 5 % of resamples without one, two leave 14 %: below three there is no interval.
MINIMUM_SHARE = 0.9
CHUNK = 2**20  # numbers held at once a resampling step (8 MB): bounds the memory and stays in the cache


@dataclass(frozen=True)
class Estimate:
    """A number with what it became in each resample of the patients.

    Attributes:
        value: over all rows, or None.
        samples: float64 (K,), nan in resamples where it has no meaning.
        reason: why there is no value, or None.
    """

    value: float | None
    samples: np.ndarray
    reason: str | None = None

    def to_json(self) -> dict:
        """Plain values: value, interval [low, high] or null, reason for whichever is null, resamples left out."""
        if self.value is None:
            return {"value": None, "interval": None, "reason": self.reason, "left_out": len(self.samples)}
        usable = self.samples[np.isfinite(self.samples)]
        left_out = len(self.samples) - len(usable)
        if len(usable) == 0 or len(usable) < MINIMUM_SHARE * len(self.samples):
            reason = _why_no_interval(len(usable), len(self.samples))
            return {"value": self.value, "interval": None, "reason": reason, "left_out": left_out}
        low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return {"value": self.value, "interval": [float(low), float(high)], "reason": None, "left_out": left_out}


def patient_resamples(n_patients: int, *, n_resamples: int = N_RESAMPLES, rng: np.random.Generator) -> np.ndarray:
    """How often each patient was drawn in each resample (with replacement, as many draws as patients).

    Returns:
        int32 (n_resamples, n_patients). One patient gives none: (0, 1), an interval over one is no interval.
    """
    if n_patients < 2:
        return np.zeros((0, n_patients), dtype=np.int32)
    counts = np.empty((n_resamples, n_patients), dtype=np.int32)
    for row in counts:
        row[:] = np.bincount(rng.integers(n_patients, size=n_patients), minlength=n_patients)
    return counts


def estimate_curves(metrics: Sequence[CurveMetric], ranking: Ranking, *, resamples: np.ndarray) -> list[Estimate]:
    """Several metrics of the same rows, each with its resamples; the curve is counted once for all.

    Args:
        metrics: functions of a Curve.
        ranking: rows whose `owner` is the number of their patient.
        resamples: (K, patients) of `patient_resamples`.
    """
    curve = ranking.curve()
    values = [float(metric(curve)[0]) for metric in metrics]
    step = max(1, CHUNK // len(ranking.owner))
    samples = np.empty((len(metrics), len(resamples)))
    for start in range(0, len(resamples), step):
        resampled = ranking.curve(resamples[start : start + step, : ranking.n_weights])
        for row, metric in zip(samples, metrics, strict=True):
            row[start : start + step] = metric(resampled)
    return [
        Estimate(value, row) if np.isfinite(value) else Estimate(None, row, why_undefined(curve))
        for value, row in zip(values, samples, strict=True)
    ]


def combine(function: Callable[..., np.ndarray], *estimates: Estimate) -> Estimate:
    """A number made of several estimates on the same resamples: a difference, a ratio, a mean.

    Args:
        function: takes one array an estimate, gives one array.
        *estimates: estimates over the same resamples, in the same order.
    """
    for estimate in estimates:
        if estimate.value is None:
            return Estimate(None, estimate.samples, estimate.reason)
    values = [np.array([estimate.value]) for estimate in estimates]
    return Estimate(float(function(*values)[0]), function(*(estimate.samples for estimate in estimates)))


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Paired difference second - first: both were measured on the same patients in each resample."""
    return combine(lambda before, after: after - before, first, second)


def _why_no_interval(n_usable: int, n_resamples: int) -> str:
    if n_resamples == 0:
        return "no resamples: an interval needs at least two patients and one resample"
    needed = int(np.ceil(MINIMUM_SHARE * n_resamples))
    return f"only {n_usable} of {n_resamples} resamples have the cases this needs (at least {needed})"
