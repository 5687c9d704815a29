"""Command lines that Hydra itself would answer badly, or that show something and run nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ich.commands import entry
from ich.commands.entry import run
from ich.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_UNREAD, EXIT_USER

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


def test_a_flag_that_shows_something_beside_the_flag_for_several_runs_costs_a_line(capsys):
    assert run("train", ["-m", "seed=0,1", "--cfg", "job"]) == EXIT_USER
    assert "error: --cfg: expected it without -m, found both" in capsys.readouterr().err


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


def test_a_place_that_can_not_be_written_costs_one_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "store"

    typed = ["data=phantom", f"data.root={tmp_path / 'heads'}", "data.n_studies=1", "data.scanner.size=32"]

    assert run("prepare", [*typed, f"store.path={place}", "processes=0", "data.processes=1"]) == EXIT_USER
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said
    assert "Not a directory; check the path" in said
    assert len(said.splitlines()) == 1


def test_an_output_that_nobody_reads_any_more_ends_without_a_word():
    reader, writer = os.pipe()
    os.close(reader)

    done = subprocess.run(
        [sys.executable, "train.py", "--help"],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)

    assert (done.returncode, done.stderr) == (EXIT_UNREAD, "")


def test_a_broken_pipe_between_processes_is_not_taken_for_an_unread_output(monkeypatch):
    def break_pipe(*_typed: object) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(entry, "_dispatch", break_pipe)

    with pytest.raises(BrokenPipeError):
        run("prepare", [])


@pytest.mark.parametrize(
    ("command", "said"), [("prepare", "interrupted; the same command goes on\n"), ("evaluate", "interrupted\n")]
)
def test_who_interrupts_reads_whether_the_same_command_goes_on(command, said, monkeypatch, capsys):
    def interrupt(*_typed: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "_dispatch", interrupt)

    assert run(command, []) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == said
