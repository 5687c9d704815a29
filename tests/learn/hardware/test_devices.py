import pytest
import torch

from ich.errors import ConfigError
from ich.learn.hardware.devices import Devices, resolve_devices


@pytest.mark.parametrize(
    ("gpus", "available", "expected"),
    [
        ("auto", 0, Devices("cpu", 1, "auto")),
        ("auto", 2, Devices("gpu", [0, 1], "ddp")),
        ("auto", 1, Devices("gpu", [0], "auto")),
        (0, 4, Devices("cpu", 1, "auto")),
        (1, 4, Devices("gpu", [0], "auto")),
        ([1], 4, Devices("gpu", [1], "auto")),
        (4, 4, Devices("gpu", [0, 1, 2, 3], "ddp")),
        (4, 8, Devices("gpu", [0, 1, 2, 3], "ddp")),
        ([0, 2], 3, Devices("gpu", [0, 2], "ddp")),
    ],
    ids=str,
)
def test_gpus_become_accelerator_devices_and_strategy(gpus, available, expected):
    assert resolve_devices(gpus, available=available) == expected


@pytest.mark.parametrize("gpus", ["auto", 0], ids=str)
def test_several_cpu_processes_take_the_same_road_as_several_gpus(gpus):
    assert resolve_devices(gpus, available=0, processes=2) == Devices("cpu", 2, "ddp")


def test_processes_count_on_a_cpu_only():
    assert resolve_devices("auto", available=1, processes=2) == Devices("gpu", [0], "auto")


def test_several_machines_of_one_device_are_distributed():
    on_gpus = resolve_devices(1, available=1, nodes=2)

    assert on_gpus.strategy == resolve_devices(0, available=0, nodes=2).strategy == "ddp"
    assert on_gpus.n_processes == 2


@pytest.mark.parametrize(("gpus", "needed"), [(4, 4), ([0, 2], 3), ([7], 8)], ids=str)
def test_more_gpus_than_there_are_is_an_error_that_counts_them(gpus, needed):
    with pytest.raises(ConfigError, match=f"expected at least {needed} GPUs, found 2; use trainer.gpus=auto"):
        resolve_devices(gpus, available=2)


@pytest.mark.parametrize(
    "gpus", [-1, "-1", "all", True, False, [0, 0], [], [0, -1], [True], ["0"], "0,2", 1.5, None], ids=str
)
def test_all_other_forms_are_refused_with_the_four_that_are_not(gpus):
    with pytest.raises(ConfigError, match=r"use auto .* 0 \(CPU\), a count as 4, or GPU numbers as \[0,2\]"):
        resolve_devices(gpus, available=4)


@pytest.mark.parametrize("processes", [0, -1, True, 1.5])
def test_processes_are_counted_from_one(processes):
    with pytest.raises(ConfigError, match=r"trainer\.processes="):
        resolve_devices(0, available=0, processes=processes)


def test_a_rank_works_on_the_gpu_of_its_number(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")

    assert Devices("gpu", [0, 2], "ddp").torch_device == torch.device("cuda", 2)
    assert Devices("cpu", 2, "ddp").torch_device == torch.device("cpu")
