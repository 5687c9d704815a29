"""What predict.py says of the studies that it scored and of those it could not read."""

from pathlib import Path

from ich.commands.predictions.predict_words import MOST_ROWS, kind_warnings, say_scored, say_unread
from ich.dicom.parsing.kinds import SeriesKind
from ich.labels import LABELS


def row(name: str, **changes: object) -> dict[str, object]:
    """A row of worklist.csv."""
    sound = {"folder": name, "n_slices": 30, **dict.fromkeys(LABELS, 0.1), "flagged": "", "n_warnings": 0}
    return {**sound, "warnings": "", **changes}


def test_what_is_odd_about_a_study_stands_beside_its_scores(capsys):
    rows = [row("study-001"), row("study-002", n_warnings=1, warnings="only 1 slice")]

    say_scored(rows, folder=Path("out"), point="sensitivity_95", n_left_out=0, unread=[], notes=[])

    notes = [line.split("note")[1].strip() for line in capsys.readouterr().out.splitlines() if "  note" in line]
    assert notes == ["study-002: only 1 slice"]


def test_a_localizer_that_was_asked_for_is_called_one():
    assert kind_warnings([SeriesKind(sharp=True)]) == kind_warnings([]) == ()
    assert kind_warnings([SeriesKind(localizer=True)] * 2) == (
        "the series that was asked for is a localizer, not a stack of slices; "
        "scores are made for stacks of axial slices",
    )


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
