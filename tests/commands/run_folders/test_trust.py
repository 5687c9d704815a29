"""Which run folders a process takes."""

import pytest

from ich.commands.run_folders.files import CONFIG_FILE
from ich.commands.run_folders.trust import check_parts, check_rank, own_targets, targets_of
from ich.commands.training.launch import trust_of
from ich.errors import ConfigError


@pytest.fixture
def run(tmp_path):
    (tmp_path / CONFIG_FILE).write_text("model: {stage: slice}\n")
    return tmp_path


def test_a_rank_takes_what_it_was_handed_and_what_the_user_vouches_for(run):
    check_rank(run, [trust_of(run)])
    check_rank(run, ["trust=true"])


@pytest.mark.parametrize("typed", [[], ["config=0000"]], ids=["nothing", "another configuration"])
def test_a_rank_takes_no_other_folder(run, typed):
    with pytest.raises(ConfigError, match=r"expected the hash of its config\.yaml"):
        check_rank(run, typed)


def test_a_configuration_that_was_changed_since_is_another_one(run):
    trust = trust_of(run)
    (run / CONFIG_FILE).write_text("model: {stage: slice}\nloss: {_target_: os.system}\n")

    with pytest.raises(ConfigError, match="that of another one"):
        check_rank(run, [trust])


def test_parts_that_conf_names_need_no_word(tmp_path):
    check_parts(tmp_path, {"loss": {"_target_": "ich.learn.losses.WeightedBCE"}, "name": "x"})


def test_other_parts_are_named(tmp_path):
    config = {"callbacks": {"one": {"_target_": "mylab.Spy"}}, "loss": {"_target_": "os.system"}}

    with pytest.raises(ConfigError, match=r"found mylab\.Spy, os\.system; add trust=true"):
        check_parts(tmp_path, config)


@pytest.mark.parametrize(
    "value", ["${oc.create:{_target_:os.system}}", "a ${name}", ["${oc.decode:x}"], {"b": r"\\${x}"}]
)
def test_a_run_is_written_out_and_looks_nothing_up(value, tmp_path):
    with pytest.raises(ConfigError, match=r"expected a configuration that is written out, found .*add trust=true"):
        check_parts(tmp_path, {"name": "x", "a": value})


def test_targets_are_found_at_any_depth():
    assert list(targets_of({"a": [{"b": {"_target_": "x.y", "c": {"_target_": "z"}}}]})) == ["x.y", "z"]


def test_our_own_parts_are_those_of_our_files():
    assert {"ich.learn.losses.WeightedBCE", "torch.optim.AdamW"} <= own_targets()
