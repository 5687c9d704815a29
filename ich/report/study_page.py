"""Writes the page of one study: its slices, scores and heat-maps in a single file that works offline."""

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from ich.dicom.scan import Scan
from ich.ensemble.prediction import IN_SAMPLE_NOTE, Prediction
from ich.errors import DataError
from ich.labels import LABELS
from ich.report.slices import pack_heat, pack_slices

MADE_SOURCES = ("phantom",)
# Name, centre and width in HU, key; the order of the buttons.
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
    text = study_page(scan, prediction, heat=heat, at=at)
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)


def study_page(
    scan: Scan, prediction: Prediction, *, heat: Mapping[str, np.ndarray] | None = None, at: str = "sensitivity_95"
) -> str:
    """The page as text; arguments as `write_study_page` takes them."""
    heat = heat or {}
    _check_lengths(scan, prediction, heat)
    slices = pack_slices(scan.hu)
    packed_heat = pack_heat(heat)
    script, style = _own_file("study_page.js"), _own_file("study_page.css")
    return (
        _environment()
        .get_template("study_page.html")
        .render(
            script=Markup(script),  # our own files, not input
            style=Markup(style),
            script_hash=_csp_hash(script),
            style_hash=_csp_hash(style),
            scores=[_score(prediction, label, at=at) for label in LABELS],
            operating_point=at.replace("_", " "),
            notes=_notes(scan, prediction, slices.note),
            not_used=prediction.not_used,
            facts=_facts(scan),
            model=prediction.model,
            made=any(source in MADE_SOURCES for source in prediction.model.get("sources", ())),
            windows=[{"name": name, "centre": centre, "width": width} for name, centre, width in WINDOWS],
            heat_labels=list(packed_heat),
            data=_viewer_data(scan, prediction, slices.shape, packed_heat=packed_heat, at=at),
            volume=slices.text,
            heat=packed_heat,
        )
    )


def _check_lengths(scan: Scan, prediction: Prediction, heat: Mapping[str, np.ndarray]) -> None:
    found = {"prediction": len(prediction.slices), **{f"heat {label}": len(maps) for label, maps in heat.items()}}
    for name, n_slices in found.items():
        if n_slices != len(scan.hu):
            raise DataError(
                f"{name}: expected {len(scan.hu)} slices as the scan has, found {n_slices}; score this scan again"
            )


def _own_file(name: str) -> str:
    return (resources.files("ich.report") / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """What the content security policy calls one inline script or style (W3C CSP level 3, 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("ich.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _score(prediction: Prediction, label: str, *, at: str) -> dict[str, Any]:
    threshold = _threshold(prediction, label, at=at)
    probability = float(prediction.study[label])
    verdict = "not judged" if threshold is None else "flagged" if probability >= threshold else "below"
    reason = (
        prediction.operating_points[at][label].reason
        if threshold is None and at in prediction.operating_points
        else None
    )
    return {
        "label": label,
        "probability": probability,
        "threshold": threshold,
        "verdict": verdict,
        "reason": reason or ("" if threshold is not None else "this ensemble has no such operating point"),
        "key_slice": prediction.key_slices(label, n=1)[0],
    }


def _threshold(prediction: Prediction, label: str, *, at: str) -> float | None:
    points = prediction.operating_points.get(at)
    return None if points is None else points[label].threshold


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
    scan: Scan, prediction: Prediction, shape: tuple[int, int, int], *, packed_heat: Mapping[str, Any], at: str
) -> dict[str, Any]:
    n_slices, rows, columns = shape
    frame = prediction.slices
    return {
        "shape": [n_slices, rows, columns],
        "aspect": float(scan.spacing_mm[1] * scan.hu.shape[2] / (scan.spacing_mm[0] * scan.hu.shape[1])),
        "positions": [round(float(position), 2) for position in scan.positions_mm],
        "labels": list(LABELS),
        "scores": {label: [round(float(value), 4) for value in frame[label]] for label in LABELS},
        "thresholds": {label: _threshold(prediction, label, at=at) for label in LABELS},
        "keySlices": {label: prediction.key_slices(label, n=4) for label in LABELS},
        "windows": [{"name": name, "centre": centre, "width": width} for name, centre, width in WINDOWS],
        "heat": {label: [packed.rows, packed.columns] for label, packed in packed_heat.items()},
    }
