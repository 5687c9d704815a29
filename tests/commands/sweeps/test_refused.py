"""What no sweep can do is said before its first job."""

import pytest
from omegaconf import OmegaConf

from ich.commands.sweeps.job_record import JobRecord, write_record
from ich.commands.sweeps.refused import refused


def settings(folder, *, sweeper="BasicSweeper", launcher="BasicLauncher", **numbers):
    """Hydra's own settings as far as they are asked."""
    return OmegaConf.create(
        {"sweeper": {"_target_": sweeper}, "launcher": {"_target_": launcher, **numbers}, "sweep": {"dir": str(folder)}}
    )


def lines(folder, *, typed=None, swept=None, **told) -> list[str]:
    return list(refused(typed or {}, swept=swept or {}, settings=settings(folder, **told)))


def test_a_usual_sweep_may_begin_and_be_typed_again(tmp_path):
    write_record(tmp_path / "0", JobRecord(0, ("seed=0",), 0, "", 1.0))

    assert (
        lines(tmp_path, typed={"sweep": "folds", "run": "null"}, swept={"data.fold": ["0", "1"], "seed": ["1"]}) == []
    )


def test_one_folder_for_all_runs_is_refused(tmp_path):
    (line,) = lines(tmp_path, typed={"run": "foo"})

    assert line.startswith("run=foo: expected no folder of one run in a sweep")


def test_folds_by_two_seeds_are_two_cross_validations(tmp_path):
    (line,) = lines(tmp_path, typed={"sweep": "folds"}, swept={"data.fold": ["0", "1"], "seed": ["0", "1"]})

    assert line.startswith("seed=0,1: expected one value beside sweep=folds, found 2")


@pytest.mark.parametrize("launcher", ["SlurmLauncher", "LocalLauncher"])
@pytest.mark.parametrize("option", ["nodes", "tasks_per_node"])
def test_a_job_of_several_machines_is_refused(launcher, option, tmp_path):
    (line,) = lines(tmp_path, launcher=launcher, **{option: 2})

    assert line.startswith(f"hydra.launcher.{option}=2: expected 1 of a job")


def test_a_training_over_several_machines_is_refused_in_a_job_of_submitit_alone(tmp_path):
    typed = {"trainer.nodes": "2"}

    assert lines(tmp_path, typed=typed, launcher="SlurmLauncher")[0].startswith("trainer.nodes=2: expected 1 of a job")
    assert lines(tmp_path, typed=typed) == []


def test_a_search_begins_in_a_new_folder(tmp_path):
    assert lines(tmp_path, sweeper="OptunaSweeper") == []
    write_record(tmp_path / "0", JobRecord(0, ("optimizer.lr=1",), 0, "", 1.0))

    (line,) = lines(tmp_path, sweeper="OptunaSweeper")

    assert "expected a new folder for a search, found jobs of an earlier one" in line
