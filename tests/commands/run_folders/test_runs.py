"""Run folders: made once, found again by what they hold."""

import json

import pytest
from omegaconf import OmegaConf

from ich.commands.run_folders.runs import (
    BEST,
    name_of,
    open_training_stores,
    slice_checkpoints,
    store_path,
    store_paths,
    store_words,
    write_config,
)
from ich.errors import CheckpointError, ConfigError, DataError
from ich.store.settings import FORMAT


@pytest.fixture
def config(tmp_path):
    return OmegaConf.create(
        {
            "run": None,
            "name": None,
            "paths": {"runs": str(tmp_path / "runs"), "stores": str(tmp_path / "stores")},
            "store": {"path": None},
            "data": {"name": "rsna"},
            "model": {"net": {"_target_": "ich.nets.slice_net.SliceNet", "backbone": "seresnext50_32x4d.racm_in1k"}},
        }
    )


def checkpoint_in(folder):
    (folder / BEST).parent.mkdir(parents=True)
    (folder / BEST).touch()
    return folder / BEST


def test_a_run_is_named_after_net_and_data_set(config):
    assert name_of(config) == "seresnext50_32x4d-rsna"


def test_the_part_without_labels_has_a_store_of_its_own(config, tmp_path):
    config.data.part = "train"
    assert store_path(config) == tmp_path / "stores" / "rsna"

    config.data.part = "test"
    assert store_path(config) == tmp_path / "stores" / "rsna_test"


def test_a_run_a_file_and_a_sweep_name_their_slice_checkpoints(tmp_path):
    run = checkpoint_in(tmp_path / "run")
    swept = [checkpoint_in(tmp_path / "sweep" / number) for number in "01"]

    found = slice_checkpoints([str(tmp_path / "run"), str(run), str(tmp_path / "sweep")])

    assert found == [run, run, *swept]


def test_a_sequence_stage_without_a_slice_net_says_what_to_train_first():
    with pytest.raises(ConfigError, match=r"cnn=null: expected the run of a slice net.*train\.py model=seresnext"):
        slice_checkpoints(None)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="none in it"):
        slice_checkpoints([str(tmp_path)])


def test_the_next_command_names_a_store_only_where_it_is_not_the_usual_one(config, tmp_path):
    usual = store_words(config)
    config.store.path = str(tmp_path / "mine")

    assert usual == "data=rsna"
    assert store_words(config) == f"data=rsna store.path={tmp_path / 'mine'}"


def test_several_stores_are_named_in_order_and_only_where_they_may_be(config):
    config.store.path = ["stores/rsna", "stores/own"]

    assert [path.name for path in store_paths(config)] == ["rsna", "own"]
    assert store_words(config).startswith("data=rsna 'store.path=[")
    with pytest.raises(ConfigError, match=r"store\.path=\[stores/rsna,stores/own\]: expected one store, found 2"):
        store_path(config)


def test_a_run_over_several_stores_is_named_after_their_data_sets_not_their_folders(config, tmp_path):
    for folder, source in (("p0123456789abcdef", "rsna"), ("hospital", "ctich"), ("more", "rsna")):
        (tmp_path / folder).mkdir()
        told = {"format": FORMAT, "settings": {"size": 64}, "source": source, "hash": "h"}
        (tmp_path / folder / "store.json").write_text(json.dumps(told))
    config.store.path = [str(tmp_path / folder) for folder in ("p0123456789abcdef", "hospital", "more")]

    assert name_of(config) == "seresnext50_32x4d-rsna-ctich"


def test_a_store_of_several_that_is_not_there_says_how_to_make_it(config, tmp_path):
    config.store.path = [str(tmp_path / "nowhere"), str(tmp_path / "else")]

    with pytest.raises(DataError, match=r"nowhere: expected store\.json, found no such folder; make it with"):
        open_training_stores(config)


def test_nothing_that_is_named_like_a_secret_is_written(config, tmp_path):
    config.data.update({"api_key": "hush", "nested": {"password": "hush", "token": "hush"}, "keyboard": "seen"})
    config.typed = ["data.api_key=hush", "data.keyboard=seen"]

    write_config(config, tmp_path)

    text = (tmp_path / "config.yaml").read_text()
    assert "hush" not in text
    assert text.count("seen") == 2
