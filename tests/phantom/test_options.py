"""Options of made heads: what is refused, and that the configuration file and the class agree."""

from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
import yaml

from ich.errors import ConfigError
from ich.phantom.options import Difficulty, Prevalence, Scanner

CLEAR = Path(__file__).parents[2] / "conf" / "difficulty" / "clear.yaml"


def test_the_difficulty_file_holds_every_field_and_no_other():
    values = yaml.safe_load(CLEAR.read_text())

    assert set(values) - {"_target_"} == {field.name for field in fields(Difficulty)}


def test_every_line_of_the_difficulty_file_says_what_it_is():
    lines = [line for line in CLEAR.read_text().splitlines() if not line.startswith(("#", "_target_"))]

    assert all("  # " in line for line in lines)


def test_lists_from_yaml_become_ranges():
    assert Scanner(noise_hu=[1.0, 2.0]).noise_hu == (1.0, 2.0)


def test_a_range_that_runs_backwards_is_refused(difficulty):
    with pytest.raises(ConfigError, match=r"difficulty.subdural_mm=\[9, 3\]: expected \[lowest, highest\]"):
        replace(difficulty, subdural_mm=(9, 3))


@pytest.mark.parametrize("option", [{"size": 4}, {"thickness_mm": 0.0}, {"n_slices": (0, 3)}], ids=str)
def test_an_impossible_scanner_is_refused(option):
    with pytest.raises(ConfigError, match="expected"):
        Scanner(**option)


def test_a_prevalence_above_one_is_refused():
    with pytest.raises(ConfigError, match=r"prevalence\.epidural=1\.5: expected a share"):
        Prevalence(epidural=1.5)


def test_prevalences_are_those_of_rsna_by_default():
    # 21,744 studies of RSNA's training set: 354 epidural, 5,321, 3,692, 3,932, 3,812.
    assert asdict(Prevalence())["epidural"] == pytest.approx(354 / 21744, abs=5e-4)
    assert asdict(Prevalence())["intraparenchymal"] == pytest.approx(5321 / 21744, abs=5e-4)
