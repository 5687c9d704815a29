"""Numbers with their nouns."""

from ich.commands.numerals import counted


def test_one_of_a_thing_is_no_plural():
    said = [counted(1, "study", "studies"), counted(1200, "study", "studies"), counted(0, "patient")]
    assert said == ["1 study", "1,200 studies", "0 patients"]
