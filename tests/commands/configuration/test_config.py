"""What configurations are refused, and how."""

from collections.abc import Iterator

import pytest
import yaml

from ich.commands.configuration.check import unread_keys
from ich.commands.configuration.config import choices, compose_checked, config_folder
from ich.commands.configuration.options import SCHEMAS
from ich.commands.configuration.targets import find
from ich.commands.training.settings import check_training
from ich.errors import ConfigError
from ich.nets.windows import Window


def test_a_misspelt_key_names_the_one_that_was_meant():
    with pytest.raises(ConfigError, match=r"trainer\.max_epoch=3: no such option, did you mean trainer\.max_epochs\?"):
        compose_checked("train", ["trainer.max_epoch=3"])


def test_a_key_added_with_a_plus_is_refused_too():
    with pytest.raises(ConfigError, match=r"trainer\.max_epoch=3: no such option, did you mean trainer\.max_epochs\?"):
        compose_checked("train", ["+trainer.max_epoch=3"])


def test_all_misspelt_keys_are_named_at_once():
    with pytest.raises(ConfigError) as caught:
        compose_checked("train", ["trainer.max_epoch=3", "sed=1"])

    assert len(str(caught.value).splitlines()) == 2


def test_a_misspelt_choice_names_the_one_that_was_meant():
    with pytest.raises(ConfigError, match=r"model=seresnxt: no such choice, did you mean seresnext\? Choices: .*tiny"):
        compose_checked("train", ["model=seresnxt"])


def test_a_text_for_a_number_is_refused():
    with pytest.raises(ConfigError, match=r"trainer\.max_epochs=abc: expected a whole number, found 'abc'"):
        compose_checked("train", ["trainer.max_epochs=abc"])


def test_a_text_for_a_rate_of_a_target_is_refused():
    with pytest.raises(ConfigError, match=r"optimizer\.lr=fast: expected a number, found 'fast'"):
        compose_checked("train", ["optimizer.lr=fast"])


def test_a_number_for_a_whole_group_is_refused():
    with pytest.raises(ConfigError, match=r"trainer=5: expected one of default, sequence, found 5"):
        compose_checked("train", ["trainer=5"])


def test_an_argument_a_target_does_not_take_is_refused():
    with pytest.raises(
        ConfigError, match=r"model\.net\.hiden: ich\.nets\.sequence\.SliceLSTM takes no 'hiden', did you mean hidden"
    ):
        compose_checked("train", ["model=lstm", "+model.net.hiden=3"])


def test_a_missing_value_is_named_before_anything_starts():
    with pytest.raises(ConfigError, match=r"checkpoint: expected a value, found none; add checkpoint="):
        compose_checked("evaluate", [])


def test_characters_that_need_quotes_are_shown_quoted():
    with pytest.raises(ConfigError, match=r"type 'data\.root=\"/a b\[c\"'"):
        compose_checked("prepare", ["data=rsna", "data.root=/a b[c"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("resume", "resume: expected key=value, found a word that lacks =VALUE; type resume=VALUE"),
        ("windows=[brain,bone", "found a value that lacks ]; close its brackets"),
        ("+windows.mine={centre: 1", "found a value that lacks }; close its brackets"),
        ("loss.gama=2", "loss.gama=2: no such option; known: loss.label_smoothing, loss.weights"),
        ("loss.weigths=2", "no such option, did you mean loss.weights?"),
        ("model.size=64", "no such option, did you mean model.net.size?"),
        ("~loss", "~loss: expected one of bce, focal, weighted_bce, found it taken away"),
    ],
)
def test_what_is_typed_wrong_says_what_is_wrong_with_it(typed, said):
    with pytest.raises(ConfigError) as caught:
        compose_checked("train", ["model=tiny", typed])

    assert said in str(caught.value)


def test_a_key_near_to_none_lists_all_that_can_be_typed():
    with pytest.raises(ConfigError) as caught:
        compose_checked("train", ["+foo=1"])

    assert "windows" in str(caught.value)
    assert "started" not in str(caught.value)


def groups_of(command) -> dict[str, object]:
    """The groups that a command's page composes, as they are typed, each with its default."""
    page = yaml.safe_load((config_folder() / f"{command}.yaml").read_text()).get("defaults", [])
    named = [entry for entry in page if isinstance(entry, dict) and not next(iter(entry)).startswith("override ")]
    return {group: default for entry in named for group, default in entry.items()}


EVERY_CHOICE = [
    (command, group, choice, default)
    for command in SCHEMAS
    for group, default in groups_of(command).items()
    for choice in choices(group.partition("@")[0])
]
NEEDED_PACKAGES = {
    "cluster": "hydra_plugins.hydra_submitit_launcher",
    "logger": "tensorboard",
    "sweep": "hydra_plugins.hydra_optuna_sweeper",
}
REQUIRED = {"evaluate": ["checkpoint=somewhere"], "predict": ["checkpoint=somewhere", "input=somewhere"]}


@pytest.mark.parametrize(
    ("command", "group", "choice", "default"), EVERY_CHOICE, ids=[f"{one[0]}-{one[1]}={one[2]}" for one in EVERY_CHOICE]
)
def test_every_choice_of_every_group_composes_and_passes_the_check(command, group, choice, default):
    if group in NEEDED_PACKAGES:
        pytest.importorskip(NEEDED_PACKAGES[group], reason="pip install 'ich[sweep,tensorboard]'")
    value = f"[{choice}]" if isinstance(default, list) else choice
    needs_a_root = group == "data" and "root: ???" in (config_folder() / group / f"{choice}.yaml").read_text()
    here = ["trainer.gpus=0", "trainer.precision=32-true"] if command == "train" else []
    root = ["data.root=somewhere"] if needs_a_root else []

    config = compose_checked(command, [f"{group}={value}", *here, *root, *REQUIRED.get(command, [])])

    if command == "train":
        check_training(config)  # each part is made once: it refuses what is out of range
        assert [Window(name, **window) for name, window in config.windows.items()]


def test_every_group_is_composed_by_some_command():
    there = {path.name for path in config_folder().iterdir() if path.is_dir()}

    assert there - {"hydra"} == {
        group.partition("@")[0] for command in SCHEMAS for group in groups_of(command)
    }  # hydra: groups of its own


def nodes_with_a_target(node) -> Iterator[dict]:
    if isinstance(node, dict):
        if "_target_" in node:
            yield node
        for child in node.values():
            yield from nodes_with_a_target(child)


FILES_WITH_TARGETS = [path for path in sorted(config_folder().rglob("*.yaml")) if "_target_" in path.read_text()]


@pytest.mark.parametrize("path", FILES_WITH_TARGETS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_key_in_a_file_is_an_argument_of_what_it_names(path):
    for node in nodes_with_a_target(yaml.safe_load(path.read_text())):
        target = find(node["_target_"])

        assert list(unread_keys(node, target=target)) == []
        assert not target.takes_any  # else no key could be refused


@pytest.mark.parametrize("name", choices("experiment"))
def test_every_experiment_composes_and_passes_the_check(name):
    assert compose_checked("train", [f"experiment={name}"])


def test_the_commands_that_the_demo_types_compose_and_pass_the_check():
    demo = compose_checked("demo", [])

    assert compose_checked("prepare", list(demo.prepare))
    assert compose_checked("train", list(demo.sequence))
    assert all(compose_checked("train", list(overrides)) for overrides in demo.cnn.values())
    assert compose_checked("evaluate", ["checkpoint=somewhere", *demo.evaluate])
    assert compose_checked("predict", ["checkpoint=somewhere", "input=somewhere", *demo.predict])


@pytest.mark.parametrize("command", ["heads", "results"])
def test_a_command_without_options_composes_and_passes_the_check(command):
    assert compose_checked(command, [])
