"""Run folders: made once, and written by one command at a time."""

import pytest
from omegaconf import OmegaConf

from ich.commands.run_folders.lock import COMMAND_LOCK, RANK_LOCK, held
from ich.commands.run_folders.run_folder import run_folder
from ich.commands.run_folders.runs import RESULT_FILE
from ich.errors import ConfigError


@pytest.fixture
def config(tmp_path):
    return OmegaConf.create(
        {
            "run": None,
            "name": "mine",
            "paths": {"runs": str(tmp_path / "runs")},
            "seed": 1,
        }
    )


def test_two_runs_of_one_second_get_folders_of_their_own(config):
    other = config.copy()

    with run_folder(config) as first, run_folder(other) as second:
        assert first != second
        assert (first / "config.yaml").is_file()
        assert (second / "config.yaml").is_file()


def test_a_folder_that_holds_a_run_is_not_written_again(config):
    with run_folder(config):
        pass

    with pytest.raises(ConfigError, match="expected a new folder, found a run in it"), run_folder(config):
        pass


@pytest.mark.parametrize("name", [COMMAND_LOCK, RANK_LOCK])
def test_the_configuration_of_a_run_at_work_stays_as_it_is(name, config):
    with run_folder(config) as folder:
        before = (folder / "config.yaml").read_bytes()
    config.seed = 2

    with (
        held(folder, name),
        pytest.raises(ConfigError, match="found a training at work in it"),
        run_folder(config, going_on=folder),
    ):
        pass

    assert (folder / "config.yaml").read_bytes() == before


def test_no_other_command_takes_a_run_while_one_has_it(config):
    with (
        run_folder(config) as folder,
        pytest.raises(ConfigError, match="found a training at work in it"),
        run_folder(config.copy(), going_on=folder),
    ):
        pass


def test_two_commands_that_name_the_same_new_folder_don_t_both_make_it(config, tmp_path):
    config.run = str(tmp_path / "mine")
    (tmp_path / "mine").mkdir()

    with held(tmp_path / "mine", COMMAND_LOCK), pytest.raises(ConfigError), run_folder(config):
        pass

    assert not (tmp_path / "mine" / "config.yaml").exists()


def test_a_run_that_another_command_finished_meanwhile_is_not_begun_again(config):
    with run_folder(config) as folder:
        (folder / RESULT_FILE).touch()

    with pytest.raises(ConfigError, match="finished meanwhile"), run_folder(config, going_on=folder):
        pass
