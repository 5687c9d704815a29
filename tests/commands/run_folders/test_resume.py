"""Which run `resume=` means."""

import os

import pytest
import yaml
from omegaconf import OmegaConf

from ich.commands.configuration.config import compose_checked, remember_start
from ich.commands.run_folders.files import RESULT_FILE
from ich.commands.run_folders.lock import RANK_LOCK, held
from ich.commands.run_folders.resume import resumed_run
from ich.commands.run_folders.run_folder import run_folder
from ich.errors import ConfigError


@pytest.fixture(scope="module")
def composed():
    """The configuration of a training, composed once."""
    return compose_checked("train", ["model=tiny", "data=phantom"])


@pytest.fixture
def alone(composed):
    """`train.py resume=...` with nothing of a run's configuration typed beside it."""

    def compose(*words):
        config = composed.copy()
        for word in words:
            key, _, value = word.partition("=")
            OmegaConf.update(config, key, yaml.safe_load(value))
        return remember_start("train", config, typed=words)

    return compose


@pytest.fixture
def typed(alone, tmp_path):
    """A training as typed, its runs in an empty folder."""
    return lambda *words: alone(f"paths.runs={tmp_path / 'runs'}", *words)


@pytest.fixture
def begun(typed):
    """Makes the folder of a run that was begun, and says how old it is in seconds."""

    def begin(*words, age=0.0):
        with run_folder(typed(*words)) as folder:
            pass
        then = (folder / "config.yaml").stat().st_mtime - age
        os.utime(folder / "config.yaml", (then, then))
        return folder

    return begin


def test_without_it_a_run_is_new(typed):
    assert resumed_run(typed()) is None


def test_a_run_goes_on_with_its_own_configuration(alone, begun):
    folder = begun("seed=7", "trainer.max_epochs=9")

    resumed = resumed_run(alone(f"resume={folder}"))

    assert resumed.folder == folder
    assert (resumed.config.seed, resumed.config.trainer.max_epochs, resumed.config.model.net.backbone) == (7, 9, "tiny")


def test_only_devices_may_differ(alone, begun):
    folder = begun("seed=7", "trainer.processes=2")

    assert resumed_run(alone(f"resume={folder}")).config.trainer.processes == 2
    assert resumed_run(alone(f"resume={folder}", "trainer.processes=1")).config.trainer.processes == 1
    assert resumed_run(alone(f"resume={folder}", "seed=7")) is not None
    with pytest.raises(ConfigError, match=r"only devices beside it, found seed, trainer\.max_epochs"):
        resumed_run(alone(f"resume={folder}", "seed=8", "trainer.max_epochs=20"))


@pytest.mark.parametrize("word", ["last", "auto"])
def test_the_newest_unfinished_run_of_the_same_configuration_is_meant(word, typed, begun):
    begun("seed=1", age=50)
    newest = begun("seed=1", age=10)
    begun("seed=2")
    (begun("seed=1", age=5) / RESULT_FILE).touch()  # finished

    assert resumed_run(typed("seed=1", f"resume={word}")).folder == newest


def test_devices_don_t_tell_runs_apart(typed, begun):
    folder = begun("trainer.processes=2")

    assert resumed_run(typed("trainer.processes=1", "resume=last")).folder == folder


def test_where_there_is_none_auto_begins_and_last_says_so(typed, begun):
    other = begun("seed=2")

    assert resumed_run(typed("resume=auto")) is None
    with pytest.raises(ConfigError, match=f"found others, the newest is resume={other}"):
        resumed_run(typed("resume=last"))


def test_a_run_that_is_named_is_the_only_one_looked_at(typed, tmp_path):
    words = (f"run={tmp_path / 'mine'}", "resume=auto")
    assert resumed_run(typed(*words)) is None
    with run_folder(typed(*words)):
        pass

    assert resumed_run(typed(*words)).folder == tmp_path / "mine"
    with pytest.raises(ConfigError, match="found another one's"):
        resumed_run(typed(*words, "seed=3"))


def test_a_finished_run_is_not_gone_on_with(alone, begun):
    folder = begun()
    (folder / RESULT_FILE).touch()

    with pytest.raises(ConfigError, match=f"found a finished one; .*model.net.weights={folder}"):
        resumed_run(alone(f"resume={folder}"))


def test_a_run_at_work_is_not_touched(alone, begun):
    folder = begun()

    with held(folder, RANK_LOCK), pytest.raises(ConfigError, match="found a training at work in it"):
        resumed_run(alone(f"resume={folder}"))


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_a_folder_without_a_run_is_refused(alone, name, tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(ConfigError, match=r"expected a run with config\.yaml, found"):
        resumed_run(alone(f"resume={tmp_path / name}"))


def test_a_pair_is_no_run_of_its_own(alone, begun):
    folder = begun()
    (folder / "pair-0").mkdir()
    (folder / "pair-0" / "config.yaml").write_bytes((folder / "config.yaml").read_bytes())

    with pytest.raises(ConfigError, match=f"name the run: resume={folder}"):
        resumed_run(alone(f"resume={folder / 'pair-0'}"))


@pytest.mark.parametrize(("trust", "found"), [("false", "add trust=true"), ("true", "must stand on PYTHONPATH")])
def test_somebody_elses_part_is_not_even_imported_without_that_word(trust, found, alone, begun):
    folder = begun()
    config = OmegaConf.load(folder / "config.yaml")
    config.loss = {"_target_": "no_such_module.Loss"}
    OmegaConf.save(config, folder / "config.yaml")

    with pytest.raises(ConfigError, match=found):
        resumed_run(alone(f"resume={folder}", f"trust={trust}"))


def test_nothing_in_a_strangers_run_is_looked_up_without_that_word(alone, begun):
    folder = begun()
    config = yaml.safe_load((folder / "config.yaml").read_text())
    config["loss"] = "${oc.create:{_target_:pandas.read_pickle,filepath_or_buffer:x.pkl}}"  # no part until looked up
    (folder / "config.yaml").write_text(yaml.safe_dump(config))

    with pytest.raises(ConfigError, match=r"written out, found \$\{oc\.create:.*; add trust=true"):
        resumed_run(alone(f"resume={folder}"))
    assert resumed_run(alone(f"resume={folder}", "trust=true")) is not None


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "just words"])
def test_a_file_that_is_no_configuration_is_refused(text, alone, tmp_path):
    (tmp_path / "config.yaml").write_text(text)

    with pytest.raises(ConfigError):
        resumed_run(alone(f"resume={tmp_path}"))


def test_a_run_of_somebody_elses_parts_needs_a_word(alone, begun):
    folder = begun()
    config = OmegaConf.load(folder / "config.yaml")
    config.loss = {"_target_": "collections.Counter"}
    OmegaConf.save(config, folder / "config.yaml")

    with pytest.raises(ConfigError, match=r"found collections\.Counter; add trust=true"):
        resumed_run(alone(f"resume={folder}"))
    assert resumed_run(alone(f"resume={folder}", "trust=true")) is not None


def test_a_store_may_be_named_from_here_or_from_the_root(alone, begun, tmp_path, monkeypatch):
    folder = begun(f"store.path={tmp_path / 'stores' / 'mine'}")
    monkeypatch.chdir(tmp_path)

    assert resumed_run(alone(f"resume={folder}", "store.path=stores/mine")) is not None
    with pytest.raises(ConfigError, match=r"found store\.path"):
        resumed_run(alone(f"resume={folder}", "store.path=stores/other"))


@pytest.mark.parametrize(
    "text", ["a: [", "[1, 2]", "just words", "model: 1\nstore: 2", "store: {}\nmodel: {}\ntrainer: 1"]
)
@pytest.mark.parametrize("word", ["last", "auto"])
def test_a_configuration_that_can_t_be_read_is_passed_over(word, text, typed, begun, tmp_path):
    folder = begun(age=60)
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "config.yaml").write_text(text)

    assert resumed_run(typed(f"resume={word}")).folder == folder
