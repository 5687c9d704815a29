"""Hands run folders to processes of their own: one, or several under torch's elastic agent, on one or more machines.

The process that composed the configuration never becomes a rank itself, so that multirun with any launcher, one process
and several are the same road. The outcome comes back as a file.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from ich.commands.processes import path_with_package
from ich.commands.run_folders.files import RESULT_FILE, config_hash
from ich.commands.run_folders.lock import RANK_LOCK, check_unheld
from ich.commands.terminal import BAR_ENVIRONMENT, as_typed, say, shown
from ich.commands.training.agent import OWN_ENDPOINT, meeting_name
from ich.commands.training.children import watched_children
from ich.commands.training.failure import error_of, failure_of, forget
from ich.commands.training.process import AGENTS_PARENT_ENVIRONMENT, SWEEP_PROCESS_ENVIRONMENT
from ich.errors import EXIT_OK, EXIT_STOPPED, ConfigError, IchError
from ich.learn.stopping.stop import PARENT_ENVIRONMENT, end_with_parent

OF_OTHER_RANKS = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT")
OF_OTHER_AGENTS = (
    "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT", "TORCHELASTIC_MAX_RESTARTS", AGENTS_PARENT_ENVIRONMENT
)  # fmt: skip
ENDED = (EXIT_STOPPED, -signal.SIGTERM, 128 + signal.SIGTERM)  # of a process that was asked to end, srun's word last
# Where the agents of several machines meet: by the cluster job's number, runs side by side each at their own.
FIRST_PORT, N_PORTS, PORTS_A_JOB = 29500, 3200, 16


class RankFailedError(Exception):
    """A training process ended with another code than 0, for a reason that the user can't mend by an option."""

    def __init__(self, run: Path, code: int) -> None:
        why = failure_of(run) or f"a training process ended with exit code {code}"
        super().__init__(f"{shown(run)}: {why}; more stands in {shown(run / 'run.log')}")
        self.code = code


def launch(
    runs: Sequence[Path],
    *,
    processes: int,
    nodes: int = 1,
    side_by_side: int = 1,
    named: Path | None = None,
    more_follows: bool = False,
) -> list[dict[str, Any]]:
    """Train each run folder in processes of its own and return what each wrote into `result.json`.

    A run that has its result already is not trained again, one that was stopped goes on.

    Args:
        runs: run folders with `config.yaml`, written or chosen by this user's command, which holds their lock or that
            of the run they are part of.
        processes: ranks a run on each machine.
        nodes: machines a run.
        side_by_side: runs at the same time.
        named: folder to name where these runs were stopped; None: their own.
        more_follows: in this command, as in a sweep: who asks to stop then means that too, also where these runs
            were done before they could stop.

    Raises:
        IchError: a run ended because of something the user can mend, in the words of the rank that met it.
        RankFailedError: a run ended otherwise, also after it was asked to stop.
        KeyboardInterrupt: Ctrl-C, after the ranks have written their checkpoint.
        SystemExit: SIGTERM, likewise; its code is EXIT_STOPPED.
    """
    for run in runs:
        check_unheld(run, RANK_LOCK)  # else the ranks of a command that was killed are still writing
    waiting = [run for run in runs if not (run / RESULT_FILE).is_file()]
    for start in range(0, len(waiting), side_by_side):
        together = waiting[start : start + side_by_side]
        asked = _train_together(together, processes=processes, nodes=nodes, named=named)
        left = waiting[start + side_by_side :]
        if asked and (left or more_follows):
            _end(asked, resume=named or next(iter(left), None))
    return [json.loads((run / RESULT_FILE).read_text(encoding="utf-8")) for run in runs]


def check_machines(nodes: int) -> None:
    """Refuse several machines where nothing starts processes on them.

    Raises:
        ConfigError: says how else.
    """
    if nodes > 1 and "SLURM_JOB_ID" not in os.environ:
        raise ConfigError(
            f"trainer.nodes={nodes}: expected a SLURM job, found none; add launch=false, which prints the torchrun line"
        )


def torchrun_line(run: Path, *, processes: int, nodes: int = 1, position: int = 0) -> str:
    """The line that starts a run folder on several machines, typed on each of them.

    Args:
        run: the folder.
        processes: ranks on each machine.
        nodes: machines; 1 leaves the number to the user.
        position: of the run among those that may be started side by side.
    """
    return (
        f"torchrun --nnodes={nodes if nodes > 1 else 'NODES'} --nproc-per-node={processes} "
        f"--rdzv-id={meeting_name(run)} "
        f"--rdzv-backend=c10d --rdzv-endpoint=HOST:{FIRST_PORT + position} "
        f"-m ich.commands.training.rank {shlex.quote(str(run))} {trust_of(run)}"
    )


def trust_of(run: Path) -> str:
    """What a rank is given with a run folder, so that it takes this configuration and no other."""
    return f"config={config_hash(run)}"


def command_line(run: Path, *, processes: int, nodes: int, position: int) -> list[str]:
    """What starts a run folder: a rank alone, an agent over several, or an agent on each machine of a SLURM job.

    Args:
        run: the folder.
        processes: ranks on each machine.
        nodes: machines.
        position: of the run among those that are started side by side.
    """
    if processes * nodes == 1:
        return [sys.executable, "-m", "ich.commands.training.rank", str(run), trust_of(run)]
    agent = [sys.executable, "-m", "ich.commands.training.agent", str(run), trust_of(run), str(processes), str(nodes)]
    if nodes == 1:
        return [*agent, OWN_ENDPOINT]
    port = FIRST_PORT + (PORTS_A_JOB * int(os.environ["SLURM_JOB_ID"]) + position) % N_PORTS
    on_each = ["srun", f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1", "--kill-on-bad-exit=1"]
    return [*on_each, *agent, f"{socket.gethostname()}:{port}"]


def _train_together(runs: Sequence[Path], *, processes: int, nodes: int, named: Path | None) -> list[int]:
    """Train runs side by side and return the signals that came meanwhile, where all of them are done all the same."""
    with watched_children() as children:
        for position, run in enumerate(runs):
            children.start(partial(_start, run, processes=processes, nodes=nodes, position=position))
        codes = [process.wait() for process in children.processes]
    asked = children.asked
    killed = [-signal.SIGKILL] if asked.count(signal.SIGINT) > 1 else []  # by a second Ctrl-C
    as_asked = [EXIT_OK, *(ENDED if asked else [EXIT_STOPPED]), *killed]
    for run, code in zip(runs, codes, strict=True):
        error = error_of(run)
        is_broken = code in ENDED and (error or failure_of(run))  # the other ranks were ended because of it
        if code not in as_asked or is_broken:
            raise IchError(error) if error else RankFailedError(run, code)
    stopped = [run for run, code in zip(runs, codes, strict=True) if code != EXIT_OK]
    if stopped:
        _end(asked, resume=named or stopped[0])
    return asked


def _end(asked: Sequence[int], *, resume: Path | None) -> NoReturn:
    """End the command as it was asked to, and say how to go on."""
    again = f"python train.py {as_typed('resume', shown(resume))}" if resume else "the same command"
    say("train", f"stopped; go on with: {again}")
    if signal.SIGINT in asked:
        raise KeyboardInterrupt
    raise SystemExit(EXIT_STOPPED)


def _start(run: Path, *, processes: int, nodes: int, position: int) -> "subprocess.Popen[bytes]":
    forget(run)
    environment = {key: value for key, value in os.environ.items() if key not in (*OF_OTHER_RANKS, *OF_OTHER_AGENTS)}
    environment[BAR_ENVIRONMENT], environment[PARENT_ENVIRONMENT] = str(position), str(os.getpid())
    if nodes > 1:
        environment.pop(SWEEP_PROCESS_ENVIRONMENT, None)  # on other machines it is another's number
    environment.setdefault("OMP_NUM_THREADS", str(max(1, len(os.sched_getaffinity(0)) // processes)))
    environment.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # names of machines that a resolver doesn't know
    environment["PYTHONPATH"] = path_with_package(environment)
    words = command_line(run, processes=processes, nodes=nodes, position=position)
    return subprocess.Popen(words, env=environment, preexec_fn=partial(_follow, os.getpid()))


def _follow(parent: int) -> None:
    """End with the command, and leave it to decide what Ctrl-C and a closed terminal mean."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the command's own way with it is not this process'
    end_with_parent(parent)
