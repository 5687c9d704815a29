"""Numbers with their nouns."""

import pytest

from ich.numerals import counted, in_words, those_found, without_numbers

MISSING = "slice|slices can't be read and is|are missing"


def test_one_of_a_thing_is_no_plural():
    said = [counted(1, "study", "studies"), counted(1200, "study", "studies"), counted(0, "patient")]
    assert said == ["1 study", "1,200 studies", "0 patients"]


def test_a_sentence_about_one_thing_has_the_verbs_of_one():
    assert in_words(1, MISSING) == "1 slice can't be read and is missing"
    assert in_words(1200, MISSING) == "1,200 slices can't be read and are missing"


def test_only_what_is_there_is_said():
    assert those_found([(0, MISSING), (2, "row|rows repeats|repeat another one")]) == ["2 rows repeat another one"]


@pytest.mark.parametrize(
    "sentence",
    [MISSING, "study|studies has|have -3.5 mm", "slice|slices doesn't|don't say so;", "slab|slabs was|were 1,024 HU"],
)
def test_sentences_that_differ_in_their_number_are_of_one_kind(sentence):
    assert len({without_numbers(in_words(number, sentence)) for number in (1, 2, 1200)}) == 1


def test_sentences_about_different_things_are_of_different_kinds():
    assert without_numbers("1 slice is missing") != without_numbers("1 slice is sharp")
