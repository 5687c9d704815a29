"""GPUs that a job of a sweep gets; the GPUs are names."""

import pytest

from ich.errors import ConfigError
from ich.learn.hardware.job_gpus import gpus_of_job


@pytest.mark.parametrize(
    ("gpus", "auto_is_one", "expected"),
    [("auto", True, [0]), ("auto", False, [0, 1]), (2, True, [0, 1]), ([1], False, [1]), (0, True, [])],
    ids=str,
)
def test_a_job_of_a_sweep_takes_its_gpus(gpus, auto_is_one, expected, tmp_path):
    with gpus_of_job(gpus, auto_is_one=auto_is_one, names=["a", "b"], folder=tmp_path) as numbers:
        assert numbers == expected


def test_the_next_job_takes_the_next_gpu(tmp_path):
    jobs = {"auto_is_one": True, "names": ["a", "b"], "folder": tmp_path}

    with gpus_of_job("auto", **jobs) as first, gpus_of_job(1, **jobs) as second:
        assert (first, second) == ([0], [1])


def test_a_job_on_a_machine_without_gpus_takes_none(tmp_path):
    with gpus_of_job("auto", auto_is_one=True, names=[], folder=tmp_path) as numbers:
        assert numbers == []


def test_a_job_that_wants_more_gpus_than_there_are_says_so_and_does_not_wait(tmp_path):
    with (
        pytest.raises(ConfigError, match=r"trainer\.gpus=3: expected at least 3 GPUs, found 2"),
        gpus_of_job(3, auto_is_one=True, names=["a", "b"], folder=tmp_path),
    ):
        pass
