"""The page of results, and that the one in docs/ is what its row files give."""

import json
from pathlib import Path

import pytest

from ich.errors import DataError
from ich.report.results import render_results, write_results

DOCS = Path(__file__).parents[2] / "docs"
SPEED = {
    "title": "Making heads",
    "command": "python prepare.py data=phantom",
    "machine": "two cores",
    "date": "2026-01-02",
    "seed": 7,
    "source": "phantom",
    "notes": "On an idle machine.",
    "figures": [{"name": "studies a second", "value": 6.5, "unit": "1/s", "target": "6"}],
}
PUBLISHED = {
    "published": [
        {"system": "a net", "data": "a set", "measure": "AUC any", "value": 0.943, "source": "a paper"},
    ]
}


def keep(folder: Path, **rows: dict) -> Path:
    for name, row in rows.items():
        (folder / f"{name}.json").write_text(json.dumps(row))
    return folder


def test_docs_results_md_is_what_its_row_files_give():
    if not (DOCS / "results").is_dir():
        pytest.skip("no docs/results yet: make results")

    assert (DOCS / "results.md").read_text(encoding="utf-8") == render_results(DOCS / "results")


def test_a_row_shows_its_figures_and_how_they_came_about(tmp_path):
    text = render_results(keep(tmp_path, speed=SPEED))

    assert "## Making heads" in text
    assert "| studies a second | 6.5 1/s | 6 |" in text
    for fact in ("`python prepare.py data=phantom`", "two cores", "2026-01-02", "| seed | 7 |", "On an idle machine."):
        assert fact in text


def test_figures_of_others_stand_in_a_table_of_their_own(tmp_path):
    text = render_results(keep(tmp_path, a=PUBLISHED, speed=SPEED))

    ours, theirs = text.split("## Published by others")
    assert "0.943" not in ours
    assert "| a net | a set | AUC any | 0.943 | a paper |" in theirs


def test_rows_come_in_the_order_of_their_file_names(tmp_path):
    text = render_results(keep(tmp_path, b=SPEED | {"title": "Second"}, a=SPEED | {"title": "First"}))

    assert text.index("## First") < text.index("## Second")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"title": "x"}, "missing command, machine"),
        ({key: value for key, value in SPEED.items() if key != "figures"}, "found neither"),
        (SPEED | {"rows": []}, "no patient rows, found rows"),
    ],
    ids=["no facts", "nothing measured", "patient rows"],
)
def test_what_is_no_row_is_refused_with_its_file_name(tmp_path, row, sentence):
    with pytest.raises(DataError, match=rf"bad\.json: .*{sentence}"):
        render_results(keep(tmp_path, bad=row))


def test_a_file_that_is_no_json_is_refused(tmp_path):
    (tmp_path / "bad.json").write_text("{")

    with pytest.raises(DataError, match=r"bad\.json: expected JSON"):
        render_results(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="found none"):
        render_results(tmp_path)


def test_the_page_is_replaced_whole(tmp_path):
    page = tmp_path / "results.md"
    page.write_text("old")

    write_results(keep(tmp_path, speed=SPEED), page)

    assert page.read_text(encoding="utf-8") == render_results(tmp_path)
    assert not (tmp_path / "results.md.part").exists()
