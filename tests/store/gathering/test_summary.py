"""What a preparation tells."""

from ich.store.gathering.summary import count_warnings, expected_sentence


def test_counts_of_the_published_set_are_said_where_they_differ():
    sentence = expected_sentence({"patients": 75, "slices": 2814}, found={"patients": 73, "slices": 2244})

    assert sentence == "the published set has 75 patients and 2,814 slices; here are 73 and 2,244"


def test_only_the_counts_that_differ_are_said():
    expected = {"studies": 491, "studies with any": 205, "studies with epidural": 13}

    sentence = expected_sentence(expected, found={**expected, "studies with any": 204})

    assert sentence == "the published set has 205 studies with any; here are 204"


def test_nothing_is_said_where_counts_agree_or_none_are_known():
    assert expected_sentence({"slices": 5}, found={"slices": 5, "patients": 1}) == ""
    assert expected_sentence({}, found={"slices": 5}) == ""


def test_warnings_that_differ_in_numbers_only_are_counted_together():
    facts = [{"warnings": ["3 slices repeat", "gap of 5.2 mm"]}, {"warnings": ["14 slices repeat"]}, {"warnings": []}]

    assert count_warnings(facts) == {"for instance: 3 slices repeat": 2, "gap of 5.2 mm": 1}
