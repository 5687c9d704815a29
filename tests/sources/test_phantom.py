"""Made heads as a data set."""

import numpy as np
import pytest

from ich.errors import ConfigError, DataError
from ich.phantom.options import Difficulty
from ich.sources.phantom import Phantom

DIFFICULTY = {
    "acute_share": 0.9,
    "acute_hu": [60, 75],
    "older_hu": [40, 56],
    "epidural_mm": [8, 26],
    "intraparenchymal_mm": [8, 30],
    "subdural_mm": [5.5, 22],
    "subarachnoid_mm": [22, 55],
    "intraventricular_fill": [0.3, 1.0],
    "several_share": 0.3,
    "lookalikes": 0.5,
    "noise": 1.0,
    "atrophy": [0.0, 1.0],
}
SCANNER = {"size": 32, "n_slices": [6, 6], "thickness_mm": 20.0}


def heads(root, **changes):
    return Phantom(root, 1, **{"seed": 1, "difficulty": DIFFICULTY, "scanner": SCANNER, "processes": 1, **changes})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    source = heads(tmp_path_factory.mktemp("phantom") / "heads")
    source.check()
    return source


def test_heads_are_made_when_the_root_is_not_there_and_every_file_has_labels(made):
    labels = made.labels().frame

    assert len(made.files()) == len(labels) == 6
    assert labels.dtypes.unique().tolist() == [np.float32]


def test_no_studies_asked_for_leave_no_folder_behind(tmp_path):
    asked = Phantom(tmp_path / "data" / "heads", 0, seed=1, difficulty=DIFFICULTY, scanner=SCANNER, processes=1)

    with pytest.raises(ConfigError, match="n_studies=0"):
        asked.check()

    assert list(tmp_path.iterdir()) == []


def test_heads_that_are_there_are_not_made_again(made):
    before = [file.path.stat().st_mtime_ns for file in made.files()]

    heads(made.root).check()

    assert [file.path.stat().st_mtime_ns for file in made.files()] == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seed": 2}, "expected heads made with seed 2, found 1"),
        ({"scanner": {**SCANNER, "size": 64}}, "expected heads made with scanner size 64, found 32"),
        ({"masks": True}, "expected heads made with masks, found none"),
    ],
    ids=["seed", "scanner", "masks"],
)
def test_heads_of_other_settings_are_an_error_that_names_the_first_difference(made, changes, sentence):
    with pytest.raises(DataError, match=sentence):
        heads(made.root, **changes).check()


def test_heads_with_masks_do_where_none_are_asked_for(tmp_path):
    heads(tmp_path / "heads", masks=True).check()

    heads(tmp_path / "heads", masks=True).check()
    heads(tmp_path / "heads").check()


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("x")

    with pytest.raises(DataError, match="expected made heads or nothing, found other things"):
        heads(tmp_path).check()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_misspelt_option_is_refused_with_the_choices(tmp_path):
    with pytest.raises(ConfigError, match=r"data.scanner.sise: no such option; choices: .*size"):
        heads(tmp_path, scanner={"sise": 32})


def test_options_may_come_as_their_dataclass(tmp_path):
    difficulty = Difficulty(**DIFFICULTY)

    assert heads(tmp_path, difficulty=difficulty).difficulty is difficulty
