import pytest
import torch

from ich.errors import ConfigError
from ich.learn.hardware import devices as module
from ich.learn.hardware.devices import Devices, bf16_ratio, choose_precision, cpu_has_bf16, gpus_of_job, resolve_devices


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


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx2 avx512f", None),
        ("fpu avx512f avx512_bf16", "avx512_bf16"),
        ("fpu amx_bf16 avx512_bf16", "amx_bf16"),
        ("fpu avx512_bf16_of_another_kind", None),
    ],
)
def test_bf16_is_read_from_the_cpus_flags(flags, expected, tmp_path):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\n")

    assert cpu_has_bf16(tmp_path / "cpuinfo") == expected


def test_a_machine_without_cpuinfo_has_no_bf16_that_we_know_of(tmp_path):
    assert cpu_has_bf16(tmp_path / "cpuinfo") is None


@pytest.mark.parametrize(
    ("flag", "ratio", "expected"),
    [
        (None, 0.5, ("32-true", "precision 32-true: the CPU has no bfloat16 arithmetic")),
        (
            "avx512_bf16",
            0.5,
            ("bf16-mixed", "precision bf16-mixed: the CPU has avx512_bf16, a probe took 0.50 of float32's time"),
        ),
        (
            "avx512_bf16",
            9.0,
            ("32-true", "precision 32-true: the CPU has avx512_bf16, but a probe took 9.00 of float32's time"),
        ),
    ],
    ids=["no flag", "fast", "emulated"],
)
def test_auto_precision_goes_by_the_flag_and_then_by_the_clock(flag, ratio, expected, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: flag)
    monkeypatch.setattr(module, "bf16_ratio", lambda: ratio)

    assert choose_precision("auto", Devices("cpu", 1, "auto")) == expected


def test_ranks_never_measure_because_they_must_agree(monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: "amx_bf16")
    monkeypatch.setattr(module, "bf16_ratio", lambda: pytest.fail("measured"))

    assert choose_precision("auto", Devices("cpu", 2, "ddp"))[0] == "bf16-mixed"


def test_a_named_precision_is_taken():
    assert choose_precision("32-true", Devices("cpu", 1, "auto")) == ("32-true", "precision 32-true, as asked for")


@pytest.mark.parametrize("precision", ["bf16", "16-mixed", "fp8"])
def test_a_precision_that_can_not_be_is_refused(precision):
    with pytest.raises(ConfigError, match=f"trainer.precision={precision}: expected"):
        choose_precision(precision, Devices("cpu", 1, "auto"))


def test_the_probe_leaves_the_random_state_alone():
    before = torch.get_rng_state()

    ratio = bf16_ratio(repeats=1)

    assert ratio > 0
    assert torch.equal(before, torch.get_rng_state())


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
