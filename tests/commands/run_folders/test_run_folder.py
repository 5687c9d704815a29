"""Run folders: named, made once, and written by one command at a time."""

import json

import pytest
from omegaconf import OmegaConf

from ich.commands.run_folders.files import RESULT_FILE
from ich.commands.run_folders.lock import COMMAND_LOCK, RANK_LOCK, held
from ich.commands.run_folders.run_folder import check_new, name_of, run_folder
from ich.errors import ConfigError
from ich.store.settings import FORMAT


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


@pytest.mark.parametrize("name", ["a/b", "../../../elsewhere", "/tmp"])
def test_a_name_that_is_a_path_is_refused(name, config, tmp_path):
    config.name = name

    with pytest.raises(ConfigError, match="expected a name, found a path"), run_folder(config):
        pass

    assert not (tmp_path / "runs").exists()


def test_two_runs_of_one_second_get_folders_of_their_own(config):
    other = config.copy()

    with run_folder(config) as first, run_folder(other) as second:
        assert first != second
        assert (first / "config.yaml").is_file()
        assert (second / "config.yaml").is_file()


def test_a_folder_that_holds_a_run_is_not_written_again_and_says_how_that_one_goes_on(config):
    with run_folder(config) as folder:
        pass

    stopped = f"expected a new folder, found a run in it that was stopped; go on with it by resume={folder}, or name"
    with pytest.raises(ConfigError, match=stopped), run_folder(config):
        pass


def test_a_folder_of_a_run_at_work_or_of_a_finished_one_is_said_to_be_so(config):
    with (
        run_folder(config) as folder,
        pytest.raises(ConfigError, match=r"found a training at work in it; wait for its end, or .* resume="),
    ):
        check_new(folder)
    (folder / RESULT_FILE).touch()

    with pytest.raises(ConfigError, match="expected a new folder, found a finished run in it; name another folder"):
        check_new(folder)


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


@pytest.fixture
def unnamed(config, tmp_path):
    """A run that is called after what it is."""
    config.update(name=None, store={"path": None}, data={"name": "rsna"})
    config.paths.stores = str(tmp_path / "stores")
    config.model = {"net": {"_target_": "ich.nets.slice_net.SliceNet", "backbone": "seresnext50_32x4d.racm_in1k"}}
    return config


def test_a_run_is_named_after_net_and_data_set(unnamed):
    assert name_of(unnamed) == "seresnext50_32x4d-rsna"


def test_a_run_over_several_stores_is_named_after_their_data_sets_not_their_folders(unnamed, tmp_path):
    for folder, source in (("p0123456789abcdef", "rsna"), ("hospital", "ctich"), ("more", "rsna")):
        (tmp_path / folder).mkdir()
        told = {"format": FORMAT, "settings": {"size": 64}, "source": source, "hash": "h"}
        (tmp_path / folder / "store.json").write_text(json.dumps(told))
    unnamed.store.path = [str(tmp_path / folder) for folder in ("p0123456789abcdef", "hospital", "more")]

    assert name_of(unnamed) == "seresnext50_32x4d-rsna-ctich"
