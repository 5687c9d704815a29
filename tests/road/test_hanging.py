"""A training that hangs when its command is killed is ended all the same; after how long, its watch's tests say."""

import time

import pytest

from ich.commands.run_folders.lock import check_free
from ich.errors import ConfigError

from .conftest import ROOT
from .test_resume import PATIENCE, processes_of, start

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
MOST_SECONDS = 120  # on a busy machine too; a hang is of 300

# The third batch keeps the interpreter's lock, as a read from a disk that is gone may: no thread, no handler runs.
HANGS = """
import ctypes
import signal
from pathlib import Path
from ich.learn.losses import WeightedBCE

class Hangs(WeightedBCE):
    n_batches = 0

    def forward(self, *logits_and_labels):
        self.n_batches += 1
        if self.n_batches == 3:
            Path("hangs").touch()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # which would end the sleep
            ctypes.PyDLL(None).sleep(300)
        return super().forward(*logits_and_labels)
"""


def is_busy(run):
    """Whether a process of it is left, or its lock: a process that is being torn down holds it to the last."""
    try:
        check_free(run)
    except ConfigError:
        return True
    return bool(processes_of(run))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_that_hangs_does_not_outlive_its_command_for_long(processes, road, tmp_path):
    (tmp_path / "mylab.py").write_text(HANGS)
    process = start(
        tmp_path,
        *("data=phantom", f"store.path={road.store}", "model=tiny", "data.batch_size=8", "run=run", "logger=none"),
        *("trainer.gpus=0", "trainer.threads=1", "trainer.precision=32-true", f"trainer.processes={processes}"),
        "loss._target_=mylab.Hangs",
        PYTHONPATH=f"{ROOT}:{tmp_path}",
    )
    begun = time.monotonic()
    while not (tmp_path / "hangs").exists() and process.poll() is None and time.monotonic() - begun < PATIENCE:
        time.sleep(0.05)
    assert process.poll() is None, (tmp_path / "printed.txt").read_text()

    process.kill()
    process.wait()
    assert is_busy(tmp_path / "run")  # it hears no signal
    begun = time.monotonic()
    while is_busy(tmp_path / "run") and time.monotonic() - begun < MOST_SECONDS:
        time.sleep(0.05)

    assert not is_busy(tmp_path / "run")
