"""Starts, watches and ends the ranks of a training on one machine: torch's elastic agent, without its own report.

python -m ich.commands.training.agent RUN TRUST PROCESSES NODES ENDPOINT; `ich.commands.training.launch` starts it.
"""

import logging
import os
import signal
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ich.commands.training.failure import error_of, failure_of, write_failure
from ich.commands.training.process import AGENTS_PARENT_ENVIRONMENT
from ich.errors import EXIT_FAILED, EXIT_OK, EXIT_STOPPED, EXIT_USER
from ich.learn.stopping.stop import PARENT_ENVIRONMENT

OWN_ENDPOINT = "localhost:0"  # a free port of this machine, for trainings that stay on it
AT_ONCE = 1  # seconds: the agent looks ten times a second and notes whole ones; who ended later ended because of others


class Ended(NamedTuple):
    """How a rank ended, and when: its exit code, below 0 the signal; seconds since the epoch."""

    code: int
    second: float


def meeting_name(run: Path) -> str:
    """What the agents of a run find each other by on several machines, and never those of another run."""
    from ich.commands.run_folders.files import config_hash

    return f"ich-{config_hash(run)[:12]}"


def main(run: Path, trust: str, *, processes: int, nodes: int, endpoint: str) -> int:
    """Run the ranks of a run folder and return the exit code that theirs amount to.

    Args:
        run: the run's folder.
        trust: what lets a rank take it, handed through.
        processes: ranks on this machine.
        nodes: machines.
        endpoint: HOST:PORT where the agents of all machines meet.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    os.environ[PARENT_ENVIRONMENT] = str(os.getpid())  # of the ranks
    os.environ[AGENTS_PARENT_ENVIRONMENT] = str(os.getppid())
    logging.disable(logging.CRITICAL)  # the agent's words about failed ranks; ours are in the run folder
    config = LaunchConfig(
        min_nodes=nodes,
        max_nodes=nodes,
        nproc_per_node=processes,
        rdzv_backend="c10d",
        rdzv_endpoint=endpoint,
        run_id=meeting_name(run) if nodes > 1 else uuid.uuid4().hex,
        local_addr="localhost" if nodes == 1 else None,
        max_restarts=0,
        monitor_interval=0.1,
        signals_to_handle="SIGTERM",
    )
    try:
        elastic_launch(config, sys.executable)("-m", "ich.commands.training.rank", str(run), trust)
    except SignalException:
        return code_after_stop(run)  # handed on to the ranks, which have ended since
    except ChildFailedError as error:
        return code_of(run, {rank: Ended(one.exitcode, one.timestamp) for rank, one in error.failures.items()})
    return EXIT_OK


def code_after_stop(run: Path) -> int:
    """What ranks that were told to end amount to: they may have failed on the way, or been done before."""
    from ich.commands.run_folders.files import RESULT_FILE

    if (run / RESULT_FILE).is_file():
        return EXIT_OK
    if error_of(run):
        return EXIT_USER
    return EXIT_FAILED if failure_of(run) else EXIT_STOPPED


def code_of(run: Path, ended: Mapping[int, Ended]) -> int:
    """The one exit code of ranks of which some failed; those that the agent ended because of it are no reason.

    Args:
        run: the run's folder.
        ended: how each rank ended that did not succeed, by its number.
    """
    codes = {one.code for one in ended.values()}
    if EXIT_STOPPED in codes and codes <= {EXIT_STOPPED, -signal.SIGTERM}:
        return EXIT_STOPPED
    latest = min(one.second for one in ended.values()) + AT_ONCE
    killed = [
        (rank, -code) for rank, (code, second) in ended.items() if -signal.SIGTERM != code < 0 and second <= latest
    ]
    if killed:
        rank, number = killed[0]
        what = " (9 is what a machine without memory left sends)" if number == signal.SIGKILL else ""
        write_failure(run, f"rank {rank} was killed by signal {number}{what}", instead=True)
        return EXIT_FAILED
    return EXIT_USER if EXIT_USER in codes else EXIT_FAILED


if __name__ == "__main__":
    run_folder, trusted, n_processes, n_nodes, meeting_point = sys.argv[1:]
    sys.exit(main(Path(run_folder), trusted, processes=int(n_processes), nodes=int(n_nodes), endpoint=meeting_point))
