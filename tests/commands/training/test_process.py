"""What a training's process knows of itself and of those around it."""

import pytest

from ich.commands.training.process import ancestors, is_waited_for, machine, machines


def test_of_several_machines_an_error_says_which(monkeypatch):
    assert machine() == ""
    for name, value in {"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "GROUP_RANK": "1"}.items():
        monkeypatch.setenv(name, value)

    assert machine() == " (machine 1 of 2, from 0)"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, []),
        ({"ICH_PARENT": "7"}, [7]),
        ({"ICH_PARENT": "7", "ICH_AGENTS_PARENT": "5"}, [7, 5]),
        ({"ICH_PARENT": "7", "ICH_AGENTS_PARENT": "5", "ICH_SWEEP_PROCESS": "3"}, [7, 5, 3]),
    ],
    ids=["torchrun", "command", "agent", "sweep"],
)
def test_a_process_knows_who_started_it_and_its_agent(variables, expected, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert ancestors() == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, False), ({"ICH_PARENT": "7"}, True), ({"TORCHELASTIC_RUN_ID": "none"}, True)],
    ids=["shell", "command", "torchrun"],
)
def test_a_process_that_was_typed_alone_is_waited_for_by_nobody(variables, expected, monkeypatch):
    for name in ("ICH_PARENT", "TORCHELASTIC_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert is_waited_for() is expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({}, 2), ({"WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "2"}, 4), ({"WORLD_SIZE": "1"}, 1)],
    ids=["command", "torchrun", "alone"],
)
def test_machines_are_those_that_torchrun_tells_of_else_those_asked_for(variables, expected, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert machines(asked=2) == expected
