"""The device of evaluation and prediction."""

import pytest
import torch

from ich.commands.devices import inference_device
from ich.errors import ConfigError


@pytest.fixture
def with_gpus(monkeypatch):
    """Lets this machine seem to have some GPUs."""
    return lambda number: monkeypatch.setattr("ich.commands.devices.available_gpus", lambda: number)


@pytest.mark.parametrize(("gpus", "there"), [(0, 2), ("auto", 0)])
def test_without_gpus_the_cpu_computes(gpus, there, with_gpus):
    with_gpus(there)

    assert inference_device(gpus) == torch.device("cpu")


@pytest.mark.parametrize(("gpus", "expected"), [([1], 1), ("auto", 0)])
def test_the_gpu_is_the_one_named_or_the_first(gpus, expected, with_gpus):
    with_gpus(2)

    assert inference_device(gpus) == torch.device("cuda", expected)


def test_several_gpus_are_refused(with_gpus):
    with_gpus(2)

    with pytest.raises(ConfigError, match=r"gpus=2: expected one GPU or 0 for CPU, found 2; name one, as \[0\]"):
        inference_device(2)
