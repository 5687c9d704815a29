"""Which precision a training gets, and what is said where its devices can't do what was asked for."""

import pytest
import torch

import ich.learn.hardware.precision as module
from ich.errors import ConfigError
from ich.learn.hardware.devices import Devices
from ich.learn.hardware.precision import bf16_ratio, choose_precision, cpu_has_bf16


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
            (
                "bf16-mixed",
                "precision bf16-mixed: the CPU has avx512_bf16; a probe took 0.50 times as long as in float32, "
                "and only over 1.5 is emulated",
            ),
        ),
        (
            "avx512_bf16",
            9.0,
            (
                "32-true",
                "precision 32-true: the CPU has avx512_bf16, but a probe took 9.00 times as long as in float32, "
                "over 1.5: as if emulated",
            ),
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


@pytest.mark.parametrize("kept", ["32-true", "bf16-mixed"])
def test_a_training_goes_on_in_the_precision_it_began_in_and_asks_no_clock(kept, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: "amx_bf16")
    monkeypatch.setattr(module, "bf16_ratio", lambda: pytest.fail("measured"))

    chosen = choose_precision("auto", Devices("cpu", 1, "auto"), kept=kept)

    assert chosen == (kept, f"precision {kept}, as the training began")


def test_devices_that_can_not_go_on_in_the_first_precision_take_another_and_say_so(monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: None)

    chosen, said = choose_precision("auto", Devices("cpu", 1, "auto"), kept="16-mixed")

    assert chosen == "32-true"
    assert said.endswith("; the training began in 16-mixed, which these devices can't do")


def test_a_named_precision_is_taken():
    assert choose_precision("32-true", Devices("cpu", 1, "auto")) == ("32-true", "precision 32-true, as asked for")


@pytest.mark.parametrize("precision", ["bf16", "16-mixed", "fp8"])
def test_a_precision_that_can_not_be_is_refused(precision):
    with pytest.raises(ConfigError, match=f"trainer.precision={precision}: expected"):
        choose_precision(precision, Devices("cpu", 1, "auto"))


@pytest.mark.parametrize("precision", ["auto", "16-mixed", "32-true"])
def test_a_gpu_without_bf16_takes_anything_else(precision):
    chosen, _ = choose_precision(precision, Devices("gpu", [0, 2], "ddp"), has_bf16=lambda number: number != 2)

    assert chosen == ("16-mixed" if precision == "auto" else precision)


def test_bf16_is_refused_where_one_of_the_gpus_has_none():
    found = r"trainer\.precision=bf16-mixed: expected GPUs that compute in bfloat16, found GPU 2 without; use auto"
    with pytest.raises(ConfigError, match=found):
        choose_precision("bf16-mixed", Devices("gpu", [0, 2], "ddp"), has_bf16=lambda number: number != 2)


def test_gpus_with_bf16_are_used_so():
    two = Devices("gpu", [0, 2], "ddp")

    assert choose_precision("auto", two, has_bf16=lambda _: True)[0] == "bf16-mixed"
    assert choose_precision("bf16-mixed", two, has_bf16=lambda _: True)[1] == "precision bf16-mixed, as asked for"


EMULATES = "; the CPU has no bfloat16 arithmetic and emulates it, which is slower than 32-true"


@pytest.mark.parametrize(("flag", "said"), [(None, EMULATES), ("amx_bf16", "")])
def test_a_cpu_that_emulates_bf16_does_as_asked_and_says_so(flag, said, monkeypatch):
    monkeypatch.setattr(module, "cpu_has_bf16", lambda: flag)

    chosen = choose_precision("bf16-mixed", Devices("cpu", 1, "auto"))

    assert chosen == ("bf16-mixed", f"precision bf16-mixed, as asked for{said}")


def test_the_probe_leaves_the_random_state_alone():
    before = torch.get_rng_state()

    ratio = bf16_ratio(repeats=1)

    assert ratio > 0
    assert torch.equal(before, torch.get_rng_state())
