"""Writes the page of one study: its slices, scores and heat-maps in a single file that works offline."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ich.dicom.scan import Scan
from ich.ensemble.prediction import IN_SAMPLE_NOTE, MADE_SOURCES, Prediction
from ich.errors import DataError
from ich.labels import LABELS
from ich.report.page import page_code, page_template
from ich.report.slices import PackedHeat, pack_heat, pack_slices
from ich.store.files import write_text

# Name, centre and width in HU, in the order of the buttons and of the keys 1 to 4.
WINDOWS = (("brain", 40, 80), ("subdural", 80, 200), ("soft tissue", 40, 380), ("bone", 600, 2800))


def write_study_page(
    path: Path | str,
    scan: Scan,
    *,
    prediction: Prediction,
    heat: Mapping[str, np.ndarray] | None = None,
    at: str = "sensitivity_95",
) -> None:
    """Write the page beside its target, then rename.

    Args:
        path: the HTML file.
        scan: native slices; neither its UIDs nor any text of its headers reaches the page.
        prediction: what the ensemble said of this scan.
        heat: float32 (S, h, w) in 0..1 a label, as `ich.explain.study_maps` gives them.
        at: the operating point that flags.

    Raises:
        DataError: scan, prediction and heat-maps have different numbers of slices.
    """
    write_text(Path(path), study_page(scan, prediction, heat=heat, at=at))


def study_page(
    scan: Scan, prediction: Prediction, *, heat: Mapping[str, np.ndarray] | None = None, at: str = "sensitivity_95"
) -> str:
    """The page as text; arguments as `write_study_page` takes them."""
    heat = heat or {}
    _check_lengths(scan, prediction, heat)
    slices, packed_heat = pack_slices(scan.hu), pack_heat(heat)
    scores = [_score(prediction, label, at=at) for label in LABELS]
    return page_template("study_page.html").render(
        **page_code(script="study_page.js", style="study_page.css"),
        scores=scores,
        flagged=[score["label"] for score in scores if score["verdict"] == "flagged"],
        not_judged=[score["label"] for score in scores if score["verdict"] == "not judged"],
        operating_point=at.replace("_", " "),
        facts=_facts(scan),
        series_reason=scan.series.reason,
        notes=_notes(scan, prediction, slices.note),
        not_used=prediction.not_used,
        model=prediction.model,
        made=any(source in MADE_SOURCES for source in prediction.model.get("sources", ())),
        windows=_windows(),
        data=_viewer_data(scan, prediction, slices.shape, heat=packed_heat, at=at),
        volume=slices.text,
        heat=packed_heat,
    )


def _check_lengths(scan: Scan, prediction: Prediction, heat: Mapping[str, np.ndarray]) -> None:
    found = {"prediction": len(prediction.slices), **{f"heat {label}": len(maps) for label, maps in heat.items()}}
    for name, n_slices in found.items():
        if n_slices != len(scan.hu):
            raise DataError(
                f"{name}: expected {len(scan.hu)} slices as the scan has, found {n_slices}; score this scan again"
            )


def _score(prediction: Prediction, label: str, *, at: str) -> dict[str, Any]:
    threshold, reason = _point(prediction, label, at=at)
    probability = float(prediction.study[label])
    verdict = "not judged" if threshold is None else "flagged" if probability >= threshold else "below"
    return {
        "label": label,
        "probability": probability,
        "threshold": threshold,
        "verdict": verdict,
        "reason": reason,
    }


def _point(prediction: Prediction, label: str, *, at: str) -> tuple[float | None, str]:
    """The threshold, or None and the reason why there is none."""
    points = prediction.operating_points.get(at)
    if points is None:
        return None, "this ensemble has no such operating point"
    return points[label].threshold, points[label].reason or ""


def _notes(scan: Scan, prediction: Prediction, packing: str) -> list[str]:
    notes = list(scan.warnings)
    if prediction.in_sample:
        notes.append(IN_SAMPLE_NOTE)
    if packing:
        notes.append(f"slices are shown {packing}")
    return notes


def _facts(scan: Scan) -> list[tuple[str, str]]:
    """Numbers only: header text may hold anything."""
    n_slices, rows, columns = scan.hu.shape
    steps = np.diff(scan.positions_mm)
    facts = [("slices", f"{n_slices}"), ("matrix", f"{rows} x {columns}")]
    facts.append(("pixel", f"{scan.spacing_mm[0]:.2f} x {scan.spacing_mm[1]:.2f} mm"))
    if len(steps):
        facts.append(("step", f"{np.median(steps):.2f} mm"))
    if scan.thickness_mm is not None:
        facts.append(("thickness", f"{scan.thickness_mm:.2f} mm"))
    tilt = scan.facts.get("tilt_degrees")
    if isinstance(tilt, int | float):
        facts.append(("gantry tilt", f"{tilt:.1f} degrees"))
    return facts


def _viewer_data(
    scan: Scan, prediction: Prediction, shape: tuple[int, int, int], *, heat: Mapping[str, PackedHeat], at: str
) -> dict[str, Any]:
    n_slices, rows, columns = shape
    frame = prediction.slices
    return {
        "shape": [n_slices, rows, columns],
        "aspect": float(scan.spacing_mm[1] * scan.hu.shape[2] / (scan.spacing_mm[0] * scan.hu.shape[1])),
        "positions": [round(float(position), 2) for position in scan.positions_mm],
        "labels": list(LABELS),
        "scores": {label: [round(float(value), 4) for value in frame[label]] for label in LABELS},
        "thresholds": {label: _point(prediction, label, at=at)[0] for label in LABELS},
        "keySlices": {label: prediction.key_slices(label, n=4) for label in LABELS},
        "windows": _windows(),
        "heat": {label: [packed.rows, packed.columns] for label, packed in heat.items()},
    }


def _windows() -> list[dict[str, Any]]:
    return [{"name": name, "centre": centre, "width": width} for name, centre, width in WINDOWS]
