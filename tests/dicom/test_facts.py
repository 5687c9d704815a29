import json

import pytest

from ich.dicom.facts import most_frequent, scan_facts, slice_warnings
from ich.dicom.geometry.order import order_slices
from ich.dicom.parsing.kinds import SeriesKind
from ich.dicom.planes import StoredRange


def stored(headers, **facts):
    sound = {"lowest": 0, "highest": 2000, "lowest_hu": -1024, "is_clipped": False, "has_untagged_air": False}
    return [StoredRange(header=header, **{**sound, **facts}) for header in headers]


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
    (warning,) = slice_warnings(stored([header(0.0, **facts), header(5.0, **facts)]))

    assert warning.startswith(sentence)


def test_a_sound_series_gives_no_warning(header):
    assert slice_warnings(stored([header(0.0), header(5.0)])) == []


def test_values_outside_of_what_is_kept_are_said_with_their_numbers(header):
    headers = [header(0.0), header(5.0)]
    odd = [
        *stored(headers[:1], highest=27476, is_clipped=True),
        *stored(headers[1:], lowest_hu=-3024, has_untagged_air=True),
    ]

    assert slice_warnings(odd) == [
        "stored values reach 27476: 1 slice holds more than 3071 HU, clipped",
        "1 slice holds values below -1024 HU (down to -3024) that no padding tag explains; taken as air",
    ]


def test_slices_that_are_missing_and_replaced_are_told_apart(header):
    found = slice_warnings(stored([header()]), n_lost=2, n_replaced=1, n_left_out=3, n_together=4)

    assert [warning.split(" ", 1)[0] for warning in found] == ["2", "1", "3", "4"]
    assert "stands in" in found[1]


def test_facts_are_plain_json_values(header):
    headers = [header(0.0, padding=(-2000, -2000)), header(5.0, padding=(-2000, -2000))]

    facts = scan_facts(order_slices(headers), stored(headers, highest=2402), slabs=False)

    assert json.loads(json.dumps(facts)) == facts
    assert (facts["step_mm"], facts["padding"], facts["intercept"]) == (5.0, [-2000, -2000], -1024.0)
    assert (facts["stored_lowest"], facts["stored_highest"], facts["n_above_3071"]) == (0, 2402, 0)
    assert (facts["n_source_files"], facts["largest_gap_mm"], facts["n_missing"]) == (2, 5.0, 0)


def test_several_ways_to_rescale_are_all_listed(header):
    headers = [header(0.0), header(5.0, intercept=0.0), header(10.0)]

    facts = scan_facts(order_slices(headers), stored(headers), slabs=False)

    assert (facts["intercept"], facts["intercepts"], "slopes" in facts) == (-1024.0, [-1024.0, 0.0], False)
    assert "1 further way to rescale in the series, each slice by its own" in slice_warnings(stored(headers))


def test_frames_of_one_file_count_as_one_file(header):
    file = header().file
    headers = [header(5.0 * z, file=file, frame=z, n_frames=3) for z in range(3)]

    facts = scan_facts(order_slices(headers), stored(headers), slabs=False)

    assert (facts["n_source_slices"], facts["n_source_files"]) == (3, 1)


def test_the_most_frequent_value_stands_for_all(header):
    headers = [header(rows=8), header(rows=4), header(rows=4)]

    assert most_frequent(headers, lambda one: one.rows) == 4
