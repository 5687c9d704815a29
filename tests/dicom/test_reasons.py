from pathlib import Path

from ich.dicom.reasons import NOT_SLICES, REASONS, counts_in_words


def test_a_reason_is_a_sentence_about_its_file_or_series():
    assert all(sentence[0].islower() and sentence[-1] != "." for sentence in REASONS.values())
    assert all(sentence.split()[0] in {"is", "holds", "lacks", "states", "ends", "ended", "kept", "needs", "has", "was",
               "covers", "differs", "lies", "can't"} for sentence in REASONS.values())  # fmt: skip


def test_each_page_that_is_no_slice_has_its_reason():
    assert set(REASONS) >= NOT_SLICES
    assert NOT_SLICES.isdisjoint({"truncated", "unreadable", "no_geometry", "directory", "not_ct"})


def test_each_code_stands_in_the_documentation_with_its_sentence():
    page = (Path(__file__).parents[2] / "docs" / "reading.md").read_text(encoding="utf-8")

    assert [f"| `{code}` | {sentence} |" for code, sentence in REASONS.items()] == [
        line for line in page.splitlines() if line.startswith("| `") and line.split("`")[1] in REASONS
    ]


def test_files_of_one_reason_are_added_up_in_words():
    assert counts_in_words([("thin", 3), ("contrast", 1), ("thin", 2)]) == "5 files (thin), 1 file (contrast)"
    assert counts_in_words([]) == "nothing"
