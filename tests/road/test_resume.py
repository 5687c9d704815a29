"""Trainings that are stopped in every way there is, and go on to the same weights, bit for bit."""

import contextlib
import copy
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from ich.commands.run_folders.lock import check_free
from ich.errors import EXIT_INTERRUPTED, EXIT_STOPPED, EXIT_USER, ConfigError
from ich.learn.stopping.resume import read_stopped
from tests.checkpoints import differences

from .conftest import ROOT, run_command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # many starts, each some seconds of imports

PATIENCE = 240.0  # seconds for a start on a machine that others use too
LAST = Path("checkpoints") / "last.ckpt"


@dataclass(frozen=True)
class Stop:
    """How one start of a training ended."""

    code: int
    printed: str
    seconds: float  # from the signal until no process was left
    busy: str  # what a second start was told while ranks of a killed command were still there


def start(folder: Path, *words: str, **environment: str) -> "subprocess.Popen[str]":
    """Type a training in a session of its own, as a terminal has one."""
    return subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment},
        stdout=(folder / "printed.txt").open("w"),
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def processes_of(run: Path, module: str = "-m") -> list[int]:
    """Agent and ranks of a run that are alive, or those of one module."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(run) in words and module in words and state != "Z":
            found.append(int(entry.name))
    return found


def wait_for_step(run: Path, step: int, process: "subprocess.Popen[str]") -> None:
    """Wait until a checkpoint of at least this step is written."""
    begun = time.monotonic()
    while time.monotonic() - begun < PATIENCE and process.poll() is None:
        stopped = read_stopped(run / LAST)
        if stopped is not None and stopped.n_steps >= step:
            return
        time.sleep(0.02)
    pytest.fail(f"no step {step}: {(run.parent / 'printed.txt').read_text()}")


def stop(run: Path, how: str, process: "subprocess.Popen[str]") -> Stop:
    """Stop a training and wait until nothing of it is left."""
    begun, busy = time.monotonic(), ""
    if how == "SIGTERM":
        process.terminate()
    elif how == "Ctrl-C":
        os.killpg(process.pid, signal.SIGINT)
    elif how == "SIGKILL of the command":
        ranks = processes_of(run, "ich.commands.training.rank")
        for pid in ranks:
            os.kill(pid, signal.SIGSTOP)  # as if their step took long
        process.kill()
        process.wait()
        try:
            check_free(run)
        except ConfigError as error:
            busy = str(error)
        for pid in ranks:
            os.kill(pid, signal.SIGCONT)
    else:
        for pid in processes_of(run):
            with contextlib.suppress(ProcessLookupError):  # the watch over a rank ends with it
                os.kill(pid, signal.SIGKILL)
        process.kill()
    code = process.wait(timeout=60)
    while processes_of(run) and time.monotonic() - begun < 60:
        time.sleep(0.02)
    return Stop(code, (run.parent / "printed.txt").read_text(), time.monotonic() - begun, busy)


@pytest.fixture(scope="module")
def training(road):
    """What the trainings have in common: three epochs of 19 steps."""
    return [
        *("data=phantom", f"store.path={road.store}", "model=tiny", "model.net.drop_rate=0.3", "data.batch_size=8"),
        *("trainer.max_epochs=3", "trainer.gpus=0", "trainer.threads=1", "trainer.precision=32-true", "logger=none"),
        *("callbacks=ema", "schedule=one_cycle"),
    ]


@pytest.fixture(scope="module", params=[1, 2], ids=["one process", "two processes"])
def stopped_run(request, training, tmp_path_factory):
    """A run stopped four times, each time by other means, and the same one without a stop."""
    folder = tmp_path_factory.mktemp("stopped")
    own = [*training, f"trainer.processes={request.param}"]
    whole = run_command("train", *own, "run=whole", folder=folder)
    assert whole.returncode == 0, whole.stderr
    run, stops = folder / "run", {}
    words = [*own, "run=run", "trainer.checkpoint_minutes=0"]
    ways = {"SIGTERM": 3, "SIGKILL of all": 12, "SIGKILL of the command": 24, "Ctrl-C": 32}
    for how, step in ways.items():
        process = start(folder, *words)
        wait_for_step(run, step, process)
        stops[how] = stop(run, how, process)
        words = ["resume=run"]
    stood = read_stopped(run / LAST)
    done = run_command("train", "resume=run", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder, stops, stood


def test_all_in_its_checkpoints_is_that_of_a_training_without_a_stop(stopped_run):
    folder, _, stood = stopped_run
    assert stood.in_epoch
    for name in ("best.ckpt", "last.ckpt"):
        one, other = (torch.load(folder / run / "checkpoints" / name, weights_only=True) for run in ("run", "whole"))
        assert differences(one, other) == [], name


def test_the_comparison_sees_a_bit_in_any_part(stopped_run):
    last = torch.load(stopped_run[0] / "whole" / LAST, weights_only=True)
    parts = {"state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "ich"}
    assert parts <= last.keys()
    changed = copy.deepcopy(last)
    changed["callbacks"]["RandomStates"]["ranks"][0]["torch"][0] ^= 1

    assert differences(last, changed) == [("callbacks", "RandomStates", "ranks", 0, "torch")]


def test_each_way_to_stop_has_its_exit_code(stopped_run):
    codes = {how: one.code for how, one in stopped_run[1].items()}

    assert codes == {
        "SIGTERM": EXIT_STOPPED,
        "SIGKILL of all": -signal.SIGKILL,
        "SIGKILL of the command": -signal.SIGKILL,
        "Ctrl-C": EXIT_INTERRUPTED,
    }


def test_nothing_is_left_of_a_stopped_training_after_half_a_minute(stopped_run):
    assert all(one.seconds < 30 for one in stopped_run[1].values())


def test_who_is_asked_to_stop_says_how_to_go_on_and_nothing_of_torchs(stopped_run):
    for how in ("SIGTERM", "Ctrl-C"):
        printed = stopped_run[1][how].printed
        assert "stopped; go on with: python train.py resume=run" in printed
        assert "Traceback" not in printed
        assert "elastic" not in printed


def test_a_run_whose_ranks_outlive_their_command_is_not_started_again(stopped_run):
    assert "expected a run that nobody trains" in stopped_run[1]["SIGKILL of the command"].busy


def test_a_failing_rank_costs_one_line_and_somebody_elses_part_a_word(road, training, command, tmp_path):
    (tmp_path / "mylab.py").write_text(
        "import os\nfrom ich.learn.losses import WeightedBCE\n"
        "class Fails(WeightedBCE):\n"
        "    def forward(self, *logits_and_labels):\n"
        "        if os.environ.get('RANK') == '1':\n"
        "            raise ValueError('odd')\n"
        "        return super().forward(*logits_and_labels)\n"
    )
    words = ("trainer.processes=2", "run=run", "loss._target_=mylab.Fails")
    process = start(tmp_path, *training, *words, PYTHONPATH=f"{ROOT}:{tmp_path}")

    code, printed = process.wait(timeout=PATIENCE), (tmp_path / "printed.txt").read_text()

    assert code == 1
    errors = [line for line in printed.splitlines() if "error" in line.lower()]
    assert errors == ["error: run: rank 1 met ValueError: odd; more stands in run/run.log"]
    assert "Traceback" not in printed
    assert "raise ValueError('odd')" in (tmp_path / "run" / "run.log").read_text()
    refused = command("train", "resume=run")
    assert refused.returncode == EXIT_USER
    assert "found mylab.Fails; add trust=true" in refused.stderr


def test_the_line_for_torchrun_trains_the_run_and_no_folder_that_was_changed_since(road, training, command, tmp_path):
    printed = command("train", *training, "trainer.max_epochs=1", "run=run", "launch=false").stdout
    line = next(line for line in printed.splitlines() if line.strip().startswith("torchrun"))
    words = line.replace("NODES", "1").replace("HOST:29500", "localhost:0").split()
    by_hand = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, "text": True, "capture_output": True}
    program = [sys.executable, "-m", "torch.distributed.run"]

    without = subprocess.run([*program, *words[1:-1]], check=False, timeout=PATIENCE, **by_hand)
    done = subprocess.run([*program, *words[1:]], check=False, timeout=PATIENCE, **by_hand)

    assert without.returncode != 0
    assert "expected the hash of its config.yaml" in without.stderr
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "result.json").is_file()


def test_two_machines_of_a_cluster_job_train_one_run(road, training, tmp_path):
    """A stand-in for srun starts what it is given twice on this machine; the agents meet as they would on two."""
    (tmp_path / "bin").mkdir()
    srun = tmp_path / "bin" / "srun"
    srun.write_text('#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\n"$@" & first=$!\n"$@"\nwait $first\n')
    srun.chmod(0o755)
    path = f"{srun.parent}:{os.environ['PATH']}"
    process = start(
        tmp_path, *training, "trainer.max_epochs=1", "trainer.nodes=2", "run=run", SLURM_JOB_ID="123", PATH=path
    )

    assert process.wait(timeout=PATIENCE) == 0, (tmp_path / "printed.txt").read_text()
    stopped = read_stopped(tmp_path / "run" / LAST)
    assert stopped is not None
    assert stopped.processes == 2


def test_a_sequence_stage_goes_on_with_the_pairs_that_are_not_done(road, command, tmp_path):
    cnns = ",".join(str(road.folder / name) for name in "ab")
    words = [
        *("data=phantom", f"store.path={road.store}", "model=lstm", "model.net.hidden=8", f"cnn=[{cnns}]"),
        *("trainer.max_epochs=1", "trainer.gpus=0", "trainer.threads=1", "logger=none"),
        *("run=run", f"paths.features={road.folder / 'features'}"),
    ]
    left = command("train", *words, "launch=false")
    assert left.stdout.count("-m ich.commands.training.rank") == 2
    assert "python train.py resume=run" in left.stdout.splitlines()[-1]

    done = command("train", "resume=run")
    again = command("train", "resume=run")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "ensemble.ckpt").is_file()
    assert "found a finished one" in again.stderr


def test_a_run_keeps_the_precision_that_was_chosen_when_it_began(training, tmp_path):
    probe = "import ich.learn.hardware.precision as p; p.cpu_has_bf16 = lambda: 'amx_bf16'; p.bf16_ratio = lambda: {}"
    for name, ratio in (("fast", 0.1), ("slow", 9.0)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sitecustomize.py").write_text(probe.format(ratio))
    words = [*training, "trainer.precision=auto", "run=run", "trainer.checkpoint_minutes=0"]
    process = start(tmp_path, *words, PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path / 'slow'}")
    wait_for_step(tmp_path / "run", 3, process)
    begun = stop(tmp_path / "run", "SIGTERM", process)

    process = start(tmp_path, "resume=run", PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path / 'fast'}")

    assert process.wait(timeout=PATIENCE) == 0
    assert "precision 32-true: the CPU has amx_bf16, but a probe took 9.00 times as long" in begun.printed
    assert "precision 32-true, as the training began" in (tmp_path / "printed.txt").read_text()
    assert read_stopped(tmp_path / "run" / LAST).facts["precision"] == "32-true"
