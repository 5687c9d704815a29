"""Command lines that Hydra itself would answer badly, or that show something and run nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ich.commands.entry import run
from ich.errors import EXIT_OK, EXIT_USER

ROOT = Path(__file__).parents[2]


def test_options_on_both_sides_of_the_flag_say_what_to_type(capsys):
    assert run("train", ["seed=1", "-m", "model=tiny"]) == EXIT_USER
    assert "type -m first, then the options" in capsys.readouterr().err


def test_an_option_written_as_a_flag_says_how_options_are_written(capsys):
    assert run("train", ["--seed", "1"]) == EXIT_USER
    assert "expected an option as seed=VALUE" in capsys.readouterr().err


def test_several_values_without_the_flag_say_how_to_run_each_and_how_a_list_is_written(capsys):
    assert run("train", ["windows=brain,bone"]) == EXIT_USER
    assert "a list is windows=[brain,bone], a run for each needs -m" in capsys.readouterr().err


def test_the_configuration_is_printed_and_nothing_runs(capsys):
    assert run("train", ["--cfg", "job", "seed=7"]) == EXIT_OK
    assert "seed: 7" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "completed"), [("model=res", "model=resnext_wsl"), ("trainer.max_ep", "trainer.max_epochs=")]
)
def test_the_shell_completes_choices_and_keys(typed, completed):
    environment = {**os.environ, "COMP_LINE": f"python train.py {typed}", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "train.py", "-sc", "query=bash"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert completed in done.stdout.split()
