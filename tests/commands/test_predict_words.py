"""What predict.py says of the studies that it scored and of those it could not read."""

from ich.commands.predict_words import MOST_ROWS, say_unread


def test_a_reason_that_many_studies_share_is_said_once_with_the_first_of_them(capsys):
    say_unread([("b/1.dcm", "no head"), ("c/1.dcm", "no head"), ("d/1.dcm", "too few")])

    said = [line.split("predict  ")[1] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "2 studies were not read (the first begins with b/1.dcm): no head",
        "one study was not read (its first file is d/1.dcm): too few",
    ]


def test_not_more_reasons_are_said_than_a_terminal_holds(capsys):
    say_unread([("a.dcm", f"reason {number}") for number in range(MOST_ROWS + 3)])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == MOST_ROWS + 1
    assert lines[-1].endswith("not read for 3 further reasons; see not_used.csv")
