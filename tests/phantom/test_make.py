"""A folder of made studies: what lies in it, and that it is the same however it was made."""

import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pydicom
import pytest

from ich.errors import ConfigError, DataError
from ich.labels import LABELS, SUBTYPES
from ich.phantom.make import make_studies
from ich.phantom.options import Prevalence, Scanner

ROOT = Path(__file__).parents[2]
TINY = Scanner(size=32, n_slices=(3, 4))


def rows_of(folder):
    with (folder / "labels.csv").open() as file:
        return list(csv.DictReader(file))


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_has_one_row_of_labels(made_folder):
    uids = [pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in (made_folder / "dicom").iterdir()]

    assert sorted(uids) == sorted(row["sop_uid"] for row in rows_of(made_folder))


def test_the_table_has_the_six_labels_in_order(made_folder):
    assert tuple(rows_of(made_folder)[0]) == ("sop_uid", "study_uid", "patient_id", *LABELS)


def test_file_names_tell_neither_study_nor_order(made_folder):
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted((made_folder / "dicom").iterdir())]

    changes = sum(a.StudyInstanceUID != b.StudyInstanceUID for a, b in itertools.pairwise(headers))

    assert changes > len(headers) / 2


def test_a_labelled_slice_has_a_mask(made_folder):
    for row in rows_of(made_folder):
        if row["any"] == "0":
            continue
        with np.load(made_folder / "masks" / f"{row['study_uid']}.npz") as masks:
            assert any(masks[kind].any() for kind in SUBTYPES if row[kind] == "1")


def test_the_settings_lie_beside_the_studies(made_folder):
    settings = json.loads((made_folder / "phantom.json").read_text())

    assert settings["seed"] == 5
    assert settings["n_studies"] == 6
    assert settings["difficulty"]["acute_share"] == 0.88


@pytest.mark.slow
def test_the_number_of_processes_changes_nothing(tmp_path, difficulty):
    for name, processes in (("one", 1), ("two", 2)):
        make_studies(
            tmp_path / name,
            9,
            seed=1,
            difficulty=difficulty,
            scanner=TINY,
            prevalence=Prevalence(),
            processes=processes,
        )

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_study_does_not_depend_on_how_many_are_made(tmp_path, difficulty):
    for name, n in (("few", 2), ("more", 3)):
        make_studies(tmp_path / name, n, seed=1, difficulty=difficulty, scanner=TINY, prevalence=Prevalence())

    few, more = contents(tmp_path / "few"), contents(tmp_path / "more")
    assert all(more[name] == content for name, content in few.items() if name.startswith("dicom/"))


def test_another_seed_makes_other_patients(tmp_path, difficulty):
    for seed in (1, 2):
        make_studies(tmp_path / str(seed), 1, seed=seed, difficulty=difficulty, scanner=TINY, prevalence=Prevalence())

    assert {row["patient_id"] for row in rows_of(tmp_path / "1")} == {"PHANTOM-1-0"}
    assert {row["patient_id"] for row in rows_of(tmp_path / "2")} == {"PHANTOM-2-0"}


def test_a_folder_with_files_is_refused(tmp_path, difficulty):
    (tmp_path / "something").write_text("")

    with pytest.raises(DataError, match="expected an empty or absent folder"):
        make_studies(tmp_path, 1, seed=1, difficulty=difficulty, scanner=TINY, prevalence=Prevalence())


def test_no_studies_are_refused(tmp_path, difficulty):
    with pytest.raises(ConfigError, match="n_studies=0"):
        make_studies(tmp_path / "x", 0, seed=1, difficulty=difficulty, scanner=TINY, prevalence=Prevalence())


def test_a_failed_making_leaves_no_folder(tmp_path, difficulty):
    def stop(items, **_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_studies(
            tmp_path / "heads", 1, seed=1, difficulty=difficulty, scanner=TINY, prevalence=Prevalence(), progress=stop
        )

    assert not (tmp_path / "heads").exists()


MAKING = """
import sys
from pathlib import Path
from ich.phantom.make import make_studies
from ich.phantom.options import Difficulty, Prevalence, Scanner

if __name__ == "__main__":
    options = {"difficulty": Difficulty(**DIFFICULTY), "scanner": Scanner(size=32, n_slices=(3, 4))}
    try:
        make_studies(Path(sys.argv[1]), 4000, seed=1, prevalence=Prevalence(), processes=2, **options)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.slow
@pytest.mark.parametrize("waited", ["workers start", "heads are made"])
def test_ctrl_c_ends_the_making_at_once_and_without_a_word_of_its_workers(waited, tmp_path, difficulty):
    program = tmp_path / "program.py"
    program.write_text(MAKING.replace("DIFFICULTY", repr(asdict(difficulty))))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # the program lies elsewhere
    command = [sys.executable, program, tmp_path / "heads"]
    making = subprocess.Popen(command, env=environment, start_new_session=True, **pipes)
    sign = "dicom" if waited == "workers start" else "dicom/*.dcm"
    while making.poll() is None and not any((tmp_path / ".heads.part").glob(sign)):
        time.sleep(0.01)
    time.sleep(0.3)

    os.killpg(making.pid, signal.SIGINT)

    assert making.communicate(timeout=30) == ("interrupted\n", "")
