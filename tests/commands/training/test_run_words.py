"""What others see of a run."""

import copy
import functools
from pathlib import Path

import pytest
import yaml
from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.config import compose_checked, remember_start
from ich.commands.training.run_words import LONGEST_NAME, flat_config, group_of, place_of, readable_name, tags_of

PATIENT = "p0123456789abcdef"


composed = functools.cache(lambda *groups: compose_checked("train", list(groups)))  # a second each


def config_of(*typed: str, sweep: str | None = None) -> DictConfig:
    groups = [text for text in typed if text.startswith(("model=", "windows=", "experiment="))]
    config = copy.deepcopy(composed(*groups))
    for text in sorted(set(typed) - set(groups)):
        key, _, value = text.partition("=")
        OmegaConf.update(config, key, yaml.safe_load(value))
    return remember_start("train", config, typed=typed, sweep=sweep)


def test_a_name_holds_the_net_the_data_and_what_was_typed():
    config = config_of("model=tiny", "optimizer.lr=1.0e-3", "windows=[brain,bone]", "trainer.gpus=0", "run=somewhere")

    assert readable_name(config) == "tiny-phantom lr=1.0e-3 windows=[brain,bone]"


def test_a_name_as_typed_comes_first():
    assert readable_name(config_of("name=mine", "seed=3")) == "mine seed=3"


def test_a_name_is_short_whatever_was_typed():
    assert len(readable_name(config_of("model=tiny", f"loss.weights=[{','.join(['1.0'] * 60)}]"))) == LONGEST_NAME


def test_a_pair_of_a_sequence_stage_says_which():
    config = config_of("model=lstm", "run=runs/2026-01-02/03-04-05-slicelstm-phantom/pair-1")

    assert readable_name(config) == "slicelstm-phantom pair 1"
    assert group_of(config) == "2026-01-02/03-04-05-slicelstm-phantom"


def test_runs_of_a_sweep_are_a_group_and_those_of_an_experiment_too():
    assert group_of(config_of("seed=1", sweep="runs/sweeps/2026-01-02/03-04-05")) == "2026-01-02/03-04-05"
    assert group_of(config_of("experiment=demo/cnn")) == "demo/cnn"
    assert group_of(config_of("seed=1")) is None


def test_runs_of_a_folder_that_somebody_named_are_a_group_without_its_name():
    group, same, other = (group_of(config_of("seed=1", sweep=f"runs/{name}")) for name in ("mine", "mine", "yours"))

    assert group == same != other
    assert group.startswith("sweep-")


@pytest.mark.parametrize("pair", ["", "/pair-0"])
def test_a_checkpoint_s_place_is_shown_from_the_run_on(pair):
    own, named = Path("/home/me/runs/2026-01-02/03-04-05-tiny-rsna"), Path(f"/home/me/runs/{PATIENT}")

    end = f"{pair}/checkpoints/best.ckpt"
    assert place_of(Path(f"{own}{end}")) == f"2026-01-02/03-04-05-tiny-rsna{end}"
    assert PATIENT not in place_of(Path(f"{named}{end}"))
    assert place_of(Path(f"{named}{end}")).endswith(end)


def test_tags_are_stage_and_data():
    assert tags_of(config_of("model=lstm")) == ["sequence", "phantom"]


@pytest.mark.parametrize(
    "typed",
    [
        f"data.leave_out=[{PATIENT}]",
        f"run=runs/{PATIENT}",
        f"cnn={PATIENT}",
        f"store.path=stores/{PATIENT}",
        f"paths.runs=/home/{PATIENT}",
        f"data.root={PATIENT}",
        f"store.folds={PATIENT}.csv",
        f"model.net.weights={PATIENT}",
    ],
)
def test_neither_a_patient_nor_a_path_is_told(typed):
    config = config_of("model=tiny", typed)

    assert PATIENT in OmegaConf.to_yaml(config)
    assert PATIENT not in f"{readable_name(config)} {flat_config(config)} {group_of(config)} {tags_of(config)}"


@pytest.mark.parametrize(
    "where",
    [{"sweep": f"runs/sweeps/{PATIENT}"}, {"sweep": f"/x/{PATIENT}/03-04-05"}, {"run": f"run=runs/{PATIENT}/pair-0"}],
    ids=["sweep", "folder of a sweep", "pair"],
)
def test_the_group_tells_no_folder_that_somebody_named(where):
    config = config_of("model=lstm", *[where["run"]] if "run" in where else [], sweep=where.get("sweep"))

    assert group_of(config)
    assert PATIENT not in group_of(config)


def test_settings_that_make_runs_differ_are_told_flat():
    told = flat_config(config_of("model=tiny", "optimizer.lr=1.0e-3", "data.leave_out=[3,4]", "windows=[brain,bone]"))

    assert told["optimizer.lr"] == 1e-3
    assert told["data.leave_out"] == [3, 4]
    assert told["data.name"] == "phantom"
    assert told["windows"] == "brain,bone"
    assert told["model.net.backbone"] == "tiny"
