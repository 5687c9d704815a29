"""The study page: one file, offline, safe with hostile text, free of identifiers."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ich.dicom.scan import Scan, ScanSeries
from ich.ensemble.prediction import LeftOut, OperatingPoint, Prediction
from ich.errors import DataError
from ich.labels import LABELS
from ich.report.study_page import study_page, write_study_page
from tests.ensemble.tiny import head, scan_of

MODEL = {
    "hash": "abc",
    "date": "2026-01-02",
    "code_version": "0.1.0",
    "sources": ["rsna"],
    "n_members": 2,
    "has_sequence": True,
}
SCAN = scan_of(head())


def _prediction(**changes) -> Prediction:
    slices = pd.DataFrame({"index": range(6), "position_mm": SCAN.positions_mm, "sop_uid": SCAN.sop_uids})
    for label in LABELS:
        slices[label] = np.linspace(0.1, 0.6, 6)
    points = {label: OperatingPoint(0.5) for label in LABELS} | {
        "epidural": OperatingPoint(None, "0 positives"),
        "any": OperatingPoint(0.9),
    }
    known = {
        "study": {label: float(slices[label].max()) for label in LABELS},
        "slices": slices,
        "logits": {},
        "operating_points": {"sensitivity_95": points},
        "study_uid": SCAN.study_uid,
        "warnings": SCAN.warnings,
        "not_used": (LeftOut("localizer", "a localizer", 5),),
        "model": MODEL,
    }
    return Prediction(**known | changes)


class _Structure(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def _parsed(page: str) -> _Structure:
    structure = _Structure()
    structure.feed(page)
    return structure


def _hostile(text: str) -> tuple[Scan, Prediction]:
    """The same text wherever text can come from outside."""
    scan = replace(SCAN, warnings=(text,), series=ScanSeries("1.2", text), facts={"tilt_degrees": text})
    points = {label: OperatingPoint(None, text) for label in LABELS}
    prediction = _prediction(
        operating_points={"sensitivity_95": points},
        not_used=(LeftOut(text, text, 1),),
        model=MODEL | {"sources": [text], "date": text, "hash": text, "code_version": text},
    )
    return scan, prediction


HARMLESS = _parsed(study_page(*_hostile("harmless"))).tags


def test_scores_flags_and_reasons_stand_on_the_page():
    text = " ".join(_parsed(study_page(SCAN, _prediction())).text.split())

    assert "Flagged: intraparenchymal, intraventricular, subarachnoid, subdural." in text
    assert "epidural 0.600 not judged" in text
    assert "any 0.600 below at 0.900" in text
    assert "Not judged: epidural. 0 positives." in text


def test_warnings_and_series_not_used_stand_on_the_page():
    text = _parsed(study_page(SCAN, _prediction())).text

    assert "two slices lie at one position" in text
    assert "5 \N{MULTIPLICATION SIGN} a localizer" in text


def test_without_flags_the_headline_says_so():
    quiet = _prediction(study=dict.fromkeys(LABELS, 0.1))

    assert "No label reaches its operating point." in study_page(SCAN, quiet)


def test_the_page_says_that_it_is_for_research():
    assert "Research use only. Not for diagnosis." in study_page(SCAN, _prediction())


@pytest.mark.parametrize(("sources", "said"), [(["phantom"], True), (["phantom", "rsna"], True), (["rsna"], False)])
def test_a_model_of_made_heads_says_that_they_are_not_patients(sources, said):
    page = study_page(SCAN, _prediction(model=MODEL | {"sources": sources}))

    assert ("Made heads are not patients" in page) == said


def test_no_identifier_reaches_the_page():
    page = study_page(SCAN, _prediction())

    for identifier in (SCAN.study_uid, SCAN.patient_id, SCAN.series.series_uid, *SCAN.sop_uids):
        assert identifier not in page


@settings(max_examples=10, deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_any_text_leaves_the_structure_of_the_page_alone(text):
    assert _parsed(study_page(*_hostile(text))).tags == HARMLESS


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "</script><img src=x onerror=alert(1)>", "\"'><b>", "<!--", "{{ 7 * 7 }}"]
)
def test_html_in_any_text_is_shown_as_text(text):
    page = study_page(*_hostile(text))

    assert text not in page or text == "{{ 7 * 7 }}"
    assert _parsed(page).tags == HARMLESS


def test_the_content_security_policy_stands_first_and_names_script_and_style_by_hash():
    page = study_page(SCAN, _prediction())

    assert re.search(r"<head>\s*<meta http-equiv=\"Content-Security-Policy\"", page)
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in page


def test_the_page_asks_for_nothing_from_outside():
    page = study_page(SCAN, _prediction(), heat={"any": np.zeros((6, 4, 4), np.float32)})

    assert not re.search(r"https?://|<link|<iframe| src=| href=", page)


def test_heat_maps_ride_along_for_their_labels():
    page = study_page(SCAN, _prediction(), heat={"subdural": np.zeros((6, 4, 4), np.float32)})

    assert 'id="heat-subdural"' in page
    assert 'id="heat-any"' not in page


def test_a_prediction_of_another_scan_is_refused():
    with pytest.raises(DataError, match="prediction: expected 4 slices as the scan has, found 6"):
        study_page(scan_of(head(4)), _prediction())


def test_an_unknown_operating_point_is_said_not_guessed():
    page = study_page(SCAN, _prediction(), at="youden")

    assert "This ensemble has no such operating point." in page


def test_a_page_is_written_whole(tmp_path):
    write_study_page(tmp_path / "page.html", SCAN, prediction=_prediction())

    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8").endswith("</html>")
