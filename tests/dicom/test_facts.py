import json

import pytest

from ich.dicom.facts import most_frequent, scan_facts, slice_warnings
from ich.dicom.kinds import SeriesKind
from ich.dicom.order import order_slices


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"has_rescale": False}, "2 slices don't say how to rescale"),
        ({"padding": (1024, 1024)}, "2 slices state a padding value that means tissue"),
        ({"bits_stored": 12, "is_signed": False, "intercept": 0.0}, "2 slices hold 12 bits wrapped below zero"),
        ({"kind": SeriesKind(enhanced=True)}, "2 slices were taken with contrast medium"),
        ({"kind": SeriesKind(sharp=True)}, "2 slices were reconstructed with a sharp kernel"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_may_make_a_result_wrong_is_said(header, facts, sentence):
    (warning,) = slice_warnings([header(0.0, **facts), header(5.0, **facts)], n_failed=0, n_repeated=0)

    assert warning.startswith(sentence)


def test_a_sound_series_gives_no_warning(header):
    assert slice_warnings([header(0.0), header(5.0)], n_failed=0, n_repeated=0) == []


def test_facts_are_plain_json_values(header):
    headers = [header(0.0, padding=(-2000, -2000)), header(5.0, padding=(-2000, -2000))]

    facts = scan_facts(order_slices(headers), headers, slabs=False)

    assert json.loads(json.dumps(facts)) == facts
    assert (facts["step_mm"], facts["padding"], facts["intercept"]) == (5.0, [-2000, -2000], -1024.0)


def test_the_most_frequent_value_stands_for_all(header):
    headers = [header(rows=8), header(rows=4), header(rows=4)]

    assert most_frequent(headers, lambda one: one.rows) == 4
