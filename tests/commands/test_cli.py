"""The commands that can be typed."""

from importlib import import_module

import pytest

from ich.commands.cli import COMMANDS
from ich.commands.configuration.config import config_folder
from ich.commands.configuration.options import SCHEMAS


def test_each_command_that_is_listed_has_options_and_no_other_has():
    assert list(COMMANDS) == list(SCHEMAS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_a_page_and_a_function(command):
    assert (config_folder() / f"{command}.yaml").is_file()
    assert callable(getattr(import_module(f"ich.commands.{command}"), command))
