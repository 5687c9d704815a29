"""Hands run folders to processes of their own: one, or several under torch's elastic agent.

The process that composed the configuration never becomes a rank itself, so that multirun with any launcher, one process
and several are the same road. The outcome comes back as a file.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ich.commands.runs import ERROR_FILE, RESULT_FILE
from ich.commands.terminal import BAR_ENVIRONMENT
from ich.errors import IchError

PR_SET_PDEATHSIG = 1  # prctl(2): the signal a process gets when its parent ends
RANK_VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT")


class RankFailedError(Exception):
    """A training process ended with another code than 0; it has said why itself."""

    def __init__(self, run: Path, code: int) -> None:
        super().__init__(f"{run}: the training ended with exit code {code}; its own lines above say why")
        self.code = code


def launch(runs: Sequence[Path], *, processes: int, side_by_side: int = 1) -> list[dict[str, Any]]:
    """Train each run folder in processes of its own and return what each wrote into `result.json`.

    Args:
        runs: run folders with `config.yaml`.
        processes: ranks a run.
        side_by_side: runs at the same time.

    Raises:
        IchError: a run ended because of something the user can mend, in the words of the rank that met it.
        RankFailedError: a run ended otherwise.
    """
    for start in range(0, len(runs), side_by_side):
        together = runs[start : start + side_by_side]
        started = [_start(run, processes=processes, position=position) for position, run in enumerate(together)]
        try:
            codes = [process.wait() for process in started]
        except BaseException:
            for process in started:
                process.terminate()
            raise
        for run, code in zip(together, codes, strict=True):
            if code and (run / ERROR_FILE).is_file():
                raise IchError((run / ERROR_FILE).read_text(encoding="utf-8").strip())
            if code:
                raise RankFailedError(run, code)
    return [json.loads((run / RESULT_FILE).read_text(encoding="utf-8")) for run in runs]


def torchrun_line(run: Path, *, processes: int) -> str:
    """The line that starts a run folder on several machines, typed on each of them."""
    return (
        f"torchrun --nnodes=NODES --nproc-per-node={processes} --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 "
        f"-m ich.commands.rank {run}"
    )


def _start(run: Path, *, processes: int, position: int) -> subprocess.Popen[bytes]:
    (run / RESULT_FILE).unlink(missing_ok=True)
    (run / ERROR_FILE).unlink(missing_ok=True)
    agent = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    environment = {key: value for key, value in os.environ.items() if key not in RANK_VARIABLES}
    environment[BAR_ENVIRONMENT] = str(position)
    environment.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // processes)))
    package_parent = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [package_parent, environment.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, *agent, "-m", "ich.commands.rank", str(run)], env=environment, preexec_fn=_end_with_parent
    )


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent is gone, so that no training outlives its command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
