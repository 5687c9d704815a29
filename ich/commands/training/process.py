"""A training's process among the others: its number, its machine, who started it, and how all leave together."""

import os
import sys

from ich.learn.stopping.stop import PARENT_ENVIRONMENT

AGENTS_PARENT_ENVIRONMENT = "ICH_AGENTS_PARENT"  # number of the process that started the agent of a rank
SWEEP_PROCESS_ENVIRONMENT = "ICH_SWEEP_PROCESS"  # number of the sweep that started the process of a job, as joblib's


def rank() -> int:
    """Number of this process among all of its training."""
    return int(os.environ.get("RANK", "0"))


def ancestors() -> list[int]:
    """Who started this process, then who its agent where it has one of ours, then the sweep; none under torchrun."""
    if PARENT_ENVIRONMENT not in os.environ:
        return []
    names = (PARENT_ENVIRONMENT, AGENTS_PARENT_ENVIRONMENT, SWEEP_PROCESS_ENVIRONMENT)
    numbers = [os.environ.get(name) for name in names]
    return [int(number) for number in numbers if number is not None]


def is_waited_for() -> bool:
    """Whether a command, an agent or torchrun waits for this process; typed in a shell it outlives that shell."""
    return bool(ancestors()) or "TORCHELASTIC_RUN_ID" in os.environ


def machines(*, asked: int = 1) -> int:
    """Machines of this training: torchrun tells its ranks, everyone else goes by what was asked for."""
    if "WORLD_SIZE" not in os.environ:
        return asked
    return int(os.environ["WORLD_SIZE"]) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")) or 1


def machine() -> str:
    """Which of several machines this is, in brackets; empty where there is one."""
    several = machines()
    return f" (machine {os.environ.get('GROUP_RANK', '?')} of {several}, from 0)" if several > 1 else ""


def leave_group() -> None:
    """Ranks that succeeded end together; one that goes first can take the others' tear-down with it.

    A rank that failed must not wait here: the others would wait for it in their next step, and all of them for ever.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()
