"""Files put in place in one step."""

import os
import time

import pytest

from ich.store.files import LEFT_OVER_SECONDS, as_cell, in_one_step, remove_leftovers, write_json


def test_nobody_sees_a_file_before_it_is_whole(tmp_path):
    with in_one_step(tmp_path / "a.txt") as part:
        part.write_text("half")
        assert not (tmp_path / "a.txt").exists()

    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_file_that_could_not_be_written_leaves_nothing_and_the_old_one_stays(tmp_path):
    write_json(tmp_path / "a.json", 1)

    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))

    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "1\n"


def test_two_who_write_one_file_never_share_a_place(tmp_path):
    with in_one_step(tmp_path / "a.txt") as one, in_one_step(tmp_path / "a.txt") as other:
        one.write_text("one")
        other.write_text("other")
        assert one != other


def test_what_an_interruption_left_is_gone_with_a_run_a_quarter_of_an_hour_later(tmp_path):
    left = tmp_path / "a.json.1.part"
    left.touch()
    os.utime(left, (time.time() - 900, time.time() - 900))

    remove_leftovers(tmp_path)

    assert not left.exists()


def test_only_what_was_left_long_ago_is_taken_away(tmp_path):
    for name in ("old.json.1.part", "new.json.2.part", "a.json"):
        (tmp_path / name).touch()
    long_ago = time.time() - 2 * LEFT_OVER_SECONDS
    for name in ("old.json.1.part", "a.json"):
        os.utime(tmp_path / name, (long_ago, long_ago))

    remove_leftovers(tmp_path)

    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "new.json.2.part"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_name_that_a_spreadsheet_would_calculate_is_written_as_text(start):
    assert as_cell(f"{start}HYPERLINK(1)") == f"'{start}HYPERLINK(1)"


def test_other_names_stay_as_they_are():
    assert [as_cell(name) for name in ("", "a=b.dcm", "1.2.3", "'quoted")] == ["", "a=b.dcm", "1.2.3", "'quoted"]
