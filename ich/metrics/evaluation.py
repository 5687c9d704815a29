"""A table of predictions in, everything that is measured out: the content of metrics.json."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ich.labels import LABEL_WEIGHTS, LABELS
from ich.metrics.confusion import THRESHOLD, accuracy_at, sensitivity_at, specificity_at
from ich.metrics.curve import CurveMetric, rank
from ich.metrics.intervals import (
    LEVEL,
    N_RESAMPLES,
    Estimate,
    combine,
    difference,
    estimate_curves,
    patient_resamples,
)
from ich.metrics.levels import Level, Table, slice_level, study_level
from ich.metrics.log_loss import CLIP, row_losses, weighted_mean
from ich.metrics.ranking import area_under_curve, average_precision_of

# What is measured of each label and predictor: a name and a function of a Curve. A new metric is a line here.
METRICS: Mapping[str, CurveMetric] = {
    "auc": area_under_curve,
    "average_precision": average_precision_of,
    "accuracy": accuracy_at,
    "sensitivity": sensitivity_at,
    "specificity": specificity_at,
}

FORMAT = 1


def evaluate_table(
    frame: Table,
    *,
    prevalence: ArrayLike,
    position_bins: ArrayLike,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    study_prevalence: ArrayLike | None = None,
) -> dict:
    """Measure a table of predictions at slice and study level, with intervals over patients.

    1,000 resamples of 3,000 slices take seconds; the time grows with slices x resamples, so a table of RSNA's size
    (750,000 slices) takes minutes and bounded memory.

    Args:
        frame: a row a slice: study, patient, index, position (0 feet to 1 head), label_<l> (0, 1, nan for unknown),
            cnn_<l> and, if there is one, ensemble_<l> (probabilities); rule_share, rule_eroded, rule_blurred if there;
            study_label_<l>, of the study as a whole, if there: the truth where its slices' labels don't tell it;
            place_<l>, prevalence_<l> and study_prevalence_<l>, if there, stand for the three arguments below, row by
            row: a cross-validation has a training a fold.
        prevalence: (6,) share of positives among the training slices.
        position_bins: (n_bins, 6) of `ich.metrics.position.position_bins`, fitted on the training slices.
        n_resamples: resamples of the patients.
        seed: of the resamples; both levels and all predictors share them.
        study_prevalence: (6,) share of positives among the training studies; without it the prevalence answer at
            study level is null, since the slices' prevalence would be a straw man there.

    Returns:
        Plain JSON values: `slice` and `study`, each with `n`, `n_studies`, `n_patients`, `predictors` (by name:
        `labels` with n, positives, unknown and METRICS a label, `log_loss`, `prevalence_log_loss`,
        `log_loss_ratio`, `mean_auc`), `paired` and `rules`. Every measured number is
        {value, interval, reason, left_out}: left_out counts resamples in which it had no meaning.

    Raises:
        DataError: a column is missing, or holds what it can't.
    """
    slices = slice_level(frame, prevalence=prevalence, position_bins=position_bins)
    studies = study_level(slices, prevalence=study_prevalence)
    resamples = patient_resamples(slices.n_patients, n_resamples=n_resamples, rng=np.random.default_rng(seed))
    return {
        "format": FORMAT,
        "labels": list(LABELS),
        "label_weights": list(LABEL_WEIGHTS),
        "threshold": THRESHOLD,
        "log_loss_clip": CLIP,
        "interval": {"level": LEVEL, "over": "patients", "n_resamples": n_resamples, "seed": seed},
        "study_rule": "truth and score of a study are the maximum over its slices",
        "slice": _evaluate_level(slices, resamples),
        "study": _evaluate_level(studies, resamples),
    }


def _evaluate_level(level: Level, resamples: np.ndarray) -> dict:
    counts = {label: _counts(level.labels[:, i]) for i, label in enumerate(LABELS)}
    curves = {name: _label_estimates(level, scores, resamples) for name, scores in level.scores.items()}
    losses = {name: _log_loss(level, scores, resamples) for name, scores in level.scores.items()}
    prevalence_loss = losses.get("prevalence", _absent("the prevalence of the training studies was not given"))
    return {
        "n": len(level.labels),
        "n_studies": level.n_studies,
        "n_patients": level.n_patients,
        "predictors": {
            name: {
                "labels": {
                    label: counts[label] | {metric: estimate.to_json() for metric, estimate in estimates.items()}
                    for label, estimates in curves[name].items()
                },
                "log_loss": losses[name].to_json(),
                "prevalence_log_loss": prevalence_loss.to_json(),
                "log_loss_ratio": combine(np.divide, losses[name], prevalence_loss).to_json(),
                "mean_auc": _mean_auc(curves[name]),
            }
            for name in level.scores
        },
        "paired": _paired(curves, losses),
        "rules": _rules(level, resamples),
    }


def _label_estimates(level: Level, scores: np.ndarray, resamples: np.ndarray) -> dict[str, dict[str, Estimate]]:
    return {
        label: _measure(level.labels[:, i], scores[:, i], owner=level.owner, resamples=resamples)
        for i, label in enumerate(LABELS)
    }


def _measure(
    labels: np.ndarray, scores: np.ndarray, *, owner: np.ndarray, resamples: np.ndarray
) -> dict[str, Estimate]:
    known = ~np.isnan(labels)
    if not known.any():
        return {name: _absent("no row with a known label") for name in METRICS}
    ranking = rank(labels[known], scores[known], owner=owner[known])
    estimates = estimate_curves(list(METRICS.values()), ranking, resamples=resamples)
    return dict(zip(METRICS, estimates, strict=True))


def _log_loss(level: Level, scores: np.ndarray, resamples: np.ndarray) -> Estimate:
    losses = row_losses(level.labels, scores)  # (N, 6)
    known = ~np.isnan(losses)
    if not known.any():
        return _absent("no row with a known label")
    sums, counts = np.zeros((2, level.n_patients, len(LABELS)))
    np.add.at(sums, level.owner, np.nan_to_num(losses))
    np.add.at(counts, level.owner, known)
    value = weighted_mean(sums.sum(axis=0), counts.sum(axis=0))
    return Estimate(float(value), weighted_mean(resamples @ sums, resamples @ counts))


def _mean_auc(by_label: Mapping[str, Mapping[str, Estimate]]) -> dict:
    used = {label: estimates["auc"] for label, estimates in by_label.items() if estimates["auc"].value is not None}
    if not used:
        return _absent("no label has positives and negatives").to_json() | {"labels": []}
    mean = combine(lambda *aucs: np.mean(aucs, axis=0), *used.values())
    return mean.to_json() | {"labels": list(used)}


def _paired(curves: Mapping[str, Mapping[str, Mapping[str, Estimate]]], losses: Mapping[str, Estimate]) -> dict:
    if "cnn" not in losses or "ensemble" not in losses:
        return {"ensemble_minus_cnn": None, "reason": "needs predictions of both the CNN and the ensemble"}
    return {
        "ensemble_minus_cnn": {
            "log_loss": difference(losses["cnn"], losses["ensemble"]).to_json(),
            "auc_any": difference(curves["cnn"]["any"]["auc"], curves["ensemble"]["any"]["auc"]).to_json(),
        },
        "reason": None,
    }


def _rules(level: Level, resamples: np.ndarray) -> dict:
    labels = level.labels[:, LABELS.index("any")]
    found = {
        name: _measure(labels, scores, owner=level.owner, resamples=resamples)["auc"].to_json()
        for name, scores in level.rules.items()
    }
    measured = [name for name in found if found[name]["value"] is not None]
    best = max(measured, key=lambda name: found[name]["value"], default=None)
    return {"auc_any": found, "best": best}


def _counts(labels: np.ndarray) -> dict[str, int]:
    n_unknown = int(np.isnan(labels).sum())
    return {"n": len(labels) - n_unknown, "positives": int(np.nansum(labels)), "unknown": n_unknown}


def _absent(reason: str) -> Estimate:
    return Estimate(None, np.zeros(0), reason)
