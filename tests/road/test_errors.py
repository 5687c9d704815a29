"""What bad input gets: one line with expected, found and what to do, exit code 2, and nothing half-written."""

import pydicom
import pytest
import torch

from ich.errors import EXIT_PARTLY, EXIT_USER
from ich.labels import LABELS


def one_error(done) -> str:
    """The single line that a command ended with."""
    assert done.returncode == EXIT_USER, done.stdout + done.stderr
    errors = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(errors) == 1, done.stderr
    return errors[0]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("train", "trainer.max_epoch=3"), "did you mean trainer.max_epochs?"),
        (("train", "+trainer.max_epoch=3"), "did you mean trainer.max_epochs?"),
        (("train", "model=seresnxt"), "did you mean seresnext?"),
        (("train", "trainer.max_epochs=abc"), "expected a whole number, found 'abc'"),
        (("prepare", "data=rsna"), "data.root: expected a value, found none"),
        (("train", "model=tiny", "store.path=nowhere"), "make it with: python prepare.py"),
        (("train", "model=tiny", "trainer.gpus=40"), "expected at least 40 GPUs, found"),
        (("prepare", "data=folder", "data.root=absent"), "found no such folder"),
        (("predict", "checkpoint=absent.ckpt", "input=absent"), "found nothing there"),
        (("prepare", "data=phantom", "data.scanner.size=5"), "expected 16 to 1024 pixels"),
        (("prepare", "data=rsna", "data.root=absent", "data.part=both"), "data.part=both"),
        (("train", "-m", "seed=0,1", "trainer.max_epoch=3"), "did you mean trainer.max_epochs?"),
    ],
    ids=[
        "misspelt key",
        "added key",
        "misspelt choice",
        "wrong type",
        "missing value",
        "no store",
        "too many GPUs",
        "no folder",
        "no checkpoint",
        "value out of a part's range",
        "word that a part doesn't know",
        "misspelt key in a sweep",
    ],
)
def test_what_is_typed_wrongly_costs_one_line(command, tmp_path, typed, sentence):
    line = one_error(command(*typed))

    assert line.startswith("error: ")
    assert sentence in line
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_no_data_set(command, tmp_path):
    (tmp_path / "empty").mkdir()

    line = one_error(command("prepare", "data=folder", "data.root=empty"))

    assert "found an empty folder" in line
    assert not (tmp_path / "stores").exists()


def test_a_folder_without_ct_is_no_data_set(command, tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("no picture")

    line = one_error(command("prepare", "data=folder", "data.root=papers"))

    assert "expected head CT, found none in 1 file (1 not_dicom)" in line
    assert not (tmp_path / "stores").exists()


def test_a_file_that_is_no_checkpoint_is_refused(command, tmp_path):
    (tmp_path / "notes.ckpt").write_bytes(b"not a checkpoint at all")
    (tmp_path / "input").mkdir()

    assert "expected a checkpoint" in one_error(command("predict", "checkpoint=notes.ckpt", "input=input"))


def test_a_checkpoint_of_another_label_order_is_refused(command, road, tmp_path):
    content = torch.load(road.ensemble, weights_only=True)
    content["ich"]["labels"] = list(reversed(LABELS))
    torch.save(content, tmp_path / "other.ckpt")

    line = one_error(command("predict", "checkpoint=other.ckpt", f"input={road.dicom}"))

    assert f"expected the labels {', '.join(LABELS)} in this order" in line


def test_a_truncated_and_a_foreign_file_are_listed_and_the_rest_goes_on(command, road, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    files = sorted(road.dicom.rglob("*.dcm"))
    for number, file in enumerate(files):
        content = file.read_bytes()
        (export / f"{number}.dcm").write_bytes(content[: len(content) // 2] if number == 0 else content)
    (export / "letter.txt").write_text("no picture")
    (export / "old.zip").write_bytes(files[1].read_bytes()[:100])

    done = command("prepare", "data=folder", "data.root=export", "store.size=64", "processes=1")

    assert done.returncode == 0, done.stderr
    rejected = (tmp_path / "stores/folder/rejected.csv").read_text()
    assert "0.dcm,truncated" in rejected
    assert "letter.txt,not_dicom" in rejected
    assert "old.zip,unread_zip" in rejected


def test_a_value_that_only_the_training_could_refuse_leaves_no_run_folder(command, road, tmp_path):
    line = one_error(
        command("train", "data=phantom", f"store.path={road.store}", "model=tiny", "trainer.max_epochs=0", "run=never")
    )

    assert "trainer.max_epochs=0: expected 1 or more" in line
    assert not (tmp_path / "never").exists()


def test_a_study_that_can_not_be_read_leaves_the_others_scored(command, road, tmp_path):
    export = tmp_path / "export"
    export.mkdir()
    by_study: dict[str, list] = {}
    for file in sorted(road.dicom.rglob("*.dcm")):
        by_study.setdefault(pydicom.dcmread(file, stop_before_pixels=True).StudyInstanceUID, []).append(file)
    whole, short, *_ = by_study.values()
    for number, file in enumerate([*whole, short[0]]):
        (export / f"{number}.dcm").write_bytes(file.read_bytes())

    done = command("predict", f"checkpoint={road.ensemble}", "input=export", "heat_maps=false")

    assert done.returncode == EXIT_PARTLY, done.stderr
    assert f"one study was not read (its first file is {len(whole)}.dcm)" in done.stdout
    assert len(list(tmp_path.glob("predictions/*/prediction.json"))) == 1
