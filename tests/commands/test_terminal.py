"""What a person reads on the terminal."""

import io
import logging
import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from tqdm import tqdm

from ich.commands.configuration.help import help_text
from ich.commands.entry import run
from ich.commands.terminal import BesideBars, as_typed, shown, table
from ich.errors import EXIT_USER


def test_a_table_has_its_first_column_on_the_left_and_numbers_on_the_right():
    assert table([["any", "7"], ["epidural", "12"]], heads=["label", "n"]).splitlines() == [
        "label      n",
        "--------  --",
        "any        7",
        "epidural  12",
    ]


def test_a_log_line_stands_on_a_line_of_its_own_beside_a_bar():
    screen = io.StringIO()
    with tqdm(total=2, file=screen) as shown_bar:
        shown_bar.update()
        BesideBars(screen).emit(logging.makeLogRecord({"msg": "epoch 1 of 2"}))

    assert "\repoch 1 of 2\n" in screen.getvalue()


def test_a_path_below_here_is_shown_as_it_would_be_typed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert shown(tmp_path / "runs" / "a") == "runs/a"
    assert shown(Path("/elsewhere")) == "/elsewhere"


@pytest.mark.parametrize(
    "value", ["runs/a", "runs/my run", 'runs/it\'s (1), 100 % "sure"', "runs/ä=b", ["a b", "c,d"], ["stores/x", "y"]]
)
def test_an_option_can_be_pasted_into_a_shell_and_hydra_reads_the_same_value(value):
    (word,) = shlex.split(as_typed("cnn", value))

    assert OverridesParser.create().parse_override(word).value() == value


def test_a_plain_option_is_shown_without_quotes():
    assert as_typed("cnn", "runs/2026-11-24/15-25-53-tiny_phantom.1") == "cnn=runs/2026-11-24/15-25-53-tiny_phantom.1"


def test_help_names_choices_and_options_with_what_they_mean():
    text = help_text("train")

    assert "model=        efficientnet_lite, lstm, pca_lstm, resnext_wsl, seresnext, tiny" in text
    assert "trainer.gpus=auto" in text
    assert "exactly four" in text
    assert "data.fold=0" in text


def test_a_flag_of_another_programs_kind_says_how_options_are_written(capsys):
    assert run("predict", ["--checkpoint", "x"]) == EXIT_USER
    assert "expected an option as checkpoint=VALUE" in capsys.readouterr().err
