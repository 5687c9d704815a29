"""Where stores lie, and what is typed for them."""

import pytest
from omegaconf import OmegaConf

from ich.commands.stores import check_prepared_so, open_training_stores, store_path, store_paths, store_words
from ich.errors import ConfigError, DataError


@pytest.fixture
def config(tmp_path):
    return OmegaConf.create(
        {
            "paths": {"stores": str(tmp_path / "stores")},
            "store": {"path": None},
            "data": {"name": "rsna"},
        }
    )


def test_the_part_without_labels_has_a_store_of_its_own(config, tmp_path):
    config.data.part = "train"
    assert store_path(config) == tmp_path / "stores" / "rsna"

    config.data.part = "test"
    assert store_path(config) == tmp_path / "stores" / "rsna_test"


def test_the_next_command_names_a_store_only_where_it_is_not_the_usual_one(config, tmp_path):
    usual = store_words(config)
    config.store.path = str(tmp_path / "mine")

    assert usual == "data=rsna"
    assert store_words(config) == f"data=rsna store.path={tmp_path / 'mine'}"


def test_a_store_with_a_blank_in_its_path_can_be_pasted(config, tmp_path):
    config.store.path = str(tmp_path / "my store")

    assert store_words(config) == f"data=rsna 'store.path={tmp_path / 'my store'}'"


def test_several_stores_are_named_in_order_and_only_where_they_may_be(config):
    config.store.path = ["stores/rsna", "stores/own"]

    assert [path.name for path in store_paths(config)] == ["rsna", "own"]
    assert store_words(config).startswith("data=rsna 'store.path=[")
    with pytest.raises(ConfigError, match=r"store\.path=\[stores/rsna,stores/own\]: expected one store, found 2"):
        store_path(config)


def test_a_store_of_several_that_is_not_there_says_how_to_make_it(config, tmp_path):
    config.store.path = [str(tmp_path / "nowhere"), str(tmp_path / "else")]

    with pytest.raises(DataError, match=r"nowhere: expected store\.json, found no such folder; make it with"):
        open_training_stores(config)


def test_a_training_does_not_pretend_to_change_what_the_store_was_prepared_with(config):
    config.started = {"typed": ["store.size=128"]}
    config.store.update({"size": 128, "slab_mm": 5.0})

    with pytest.raises(ConfigError, match=r"store\.size=128: expected the 64 that the store was prepared with"):
        check_prepared_so(config, {"size": 64, "slab_mm": 5.0})
    config.started.typed = []
    check_prepared_so(config, {"size": 64, "slab_mm": 5.0})  # the page's default says nothing of this store
