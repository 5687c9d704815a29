"""What an ensemble says about one study: probabilities a slice and a study, flags, warnings."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ich.errors import ConfigError, out_of_range
from ich.labels import LABELS
from ich.store.files import as_cell, write_text

PREDICTION_FORMAT = 1
MADE_SOURCES = ("phantom",)
MADE_HEADS_NOTE = "made heads are not patients: this ensemble learned on them and is unproven on real CT"
IN_SAMPLE_NOTE = (
    "in-sample: a sequence net of this ensemble learned on features of a CNN that had seen the same patients; "
    "its scores and operating points may be too sure of themselves"
)


@dataclass(frozen=True)
class OperatingPoint:
    """A frozen threshold on a probability, or the reason why there is none."""

    threshold: float | None
    reason: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """Files or series of one study that were left out for the same reason."""

    code: str
    sentence: str
    n: int


@dataclass(frozen=True, eq=False)
class Prediction:
    """Scores of one study.

    Attributes:
        study: probability a label for the whole study, the maximum over its slices.
        slices: one row a slice, feet to head: index, position_mm, sop_uid and the six labels.
        logits: float32 (S, 6) of the CNNs alone ("cnn") and of the whole ensemble ("ensemble"), for evaluation.
        operating_points: study-level points by name, then label.
        study_uid: the study's UID; stands in files beside the data only, never on a page.
        warnings: what the reader should know of the scan, as the scan says it.
        not_used: files and series left out, counted by reason.
        in_sample: whether a sequence net learned on features of its CNN's own training patients.
        notes: sentences that must stand wherever these scores are shown.
        model: plain facts of the ensemble (hash, sources, date, version, number of members).
    """

    study: Mapping[str, float]
    slices: pd.DataFrame
    logits: Mapping[str, np.ndarray] = field(repr=False)
    operating_points: Mapping[str, Mapping[str, OperatingPoint]] = field(repr=False)
    study_uid: str = ""
    warnings: tuple[str, ...] = ()
    not_used: tuple[LeftOut, ...] = ()
    in_sample: bool = False
    notes: tuple[str, ...] = ()
    model: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def key_slices(self, label: str = "any", *, n: int = 3) -> list[int]:
        """Rows of the slices that speak loudest for a label, loudest first.

        Raises:
            ConfigError: not one of the six labels.
        """
        _check_label(label)
        order = np.argsort(-self.slices[label].to_numpy(), kind="stable")
        return [int(row) for row in order[:n]]

    def flagged(self, at: str = "sensitivity_95") -> list[str]:
        """Labels whose study probability reaches the frozen operating point; labels without a point are not judged.

        Raises:
            ConfigError: the ensemble has no operating point of this name.
        """
        points = self._points(at)
        return [label for label in LABELS if _reaches(self.study[label], points[label])]

    def not_judged(self, at: str = "sensitivity_95") -> dict[str, str]:
        """Labels without a threshold at this operating point, each with the reason.

        Raises:
            ConfigError: the ensemble has no operating point of this name.
        """
        points = self._points(at)
        return {label: points[label].reason or "no threshold" for label in LABELS if points[label].threshold is None}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: what `to_json` writes."""
        return {
            "format": PREDICTION_FORMAT,
            "study_uid": self.study_uid,
            "study": {label: float(self.study[label]) for label in LABELS},
            "flagged": {name: self.flagged(name) for name in self.operating_points},
            "not_judged": {name: self.not_judged(name) for name in self.operating_points},
            "thresholds": {
                name: {label: points[label].threshold for label in LABELS}
                for name, points in self.operating_points.items()
            },
            "key_slices": {label: self.key_slices(label) for label in LABELS},
            "slices": json.loads(self.slices.to_json(orient="records", double_precision=9)),
            "warnings": list(self.warnings),
            "not_used": [{"code": part.code, "sentence": part.sentence, "n": part.n} for part in self.not_used],
            "notes": list(self.notes),
            "model": dict(self.model),
        }

    def to_json(self, path: Path | str | None = None) -> str:
        """The prediction as JSON text, written to `path` where one is given. UIDs are its only identifiers."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            write_text(Path(path), text)
        return text

    def to_csv(self, path: Path | str) -> None:
        """One row a slice, as in `slices`; a uid that a spreadsheet would take for a formula is quoted."""
        write_text(Path(path), self.slices.assign(sop_uid=self.slices["sop_uid"].map(as_cell)).to_csv(index=False))

    def _points(self, at: str) -> Mapping[str, OperatingPoint]:
        if at not in self.operating_points:
            raise ConfigError(
                f"at={at}: expected one of the ensemble's operating points, found "
                f"{', '.join(self.operating_points) or 'none'}; use one of these, or end the sequence stage again"
            )
        return self.operating_points[at]


def _reaches(probability: float, point: OperatingPoint) -> bool:
    return point.threshold is not None and probability >= point.threshold


def _check_label(label: str) -> None:
    if label not in LABELS:
        raise out_of_range("label", label, expected=f"one of {', '.join(LABELS)}", advice="name one of these")
