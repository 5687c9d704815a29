"""A training's process among the others: its number, who started it, where its words go, and how all leave together."""

import logging
import os
import sys
from pathlib import Path
from typing import TextIO

from ich.commands.terminal import BAR_ENVIRONMENT, BesideBars, say
from ich.errors import one_line
from ich.learn.stopping.stop import PARENT_ENVIRONMENT

AGENTS_PARENT_ENVIRONMENT = "ICH_AGENTS_PARENT"  # number of the process that started the agent of a rank

logger = logging.getLogger("ich")


def rank() -> int:
    """Number of this process among all of its training."""
    return int(os.environ.get("RANK", "0"))


def parent() -> int | None:
    """Who started this process; None: the user's own torchrun."""
    number = os.environ.get(PARENT_ENVIRONMENT)
    return None if number is None else int(number)


def ancestors() -> list[int]:
    """Who started this process, then who started its agent where it has one of ours; none under the user's torchrun."""
    numbers = [os.environ.get(name) for name in (PARENT_ENVIRONMENT, AGENTS_PARENT_ENVIRONMENT)]
    return [int(number) for number in numbers if number is not None]


def machine() -> str:
    """Which of several machines this is, in brackets; empty where there is one."""
    world, here = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    return f" (machine {os.environ.get('GROUP_RANK', '?')} of {world // here}, from 0)" if world > here else ""


def log_into(run: Path) -> TextIO:
    """Send words where they belong: `run.log` gets everything of ours, the terminal what a person waits for.

    To the terminal rank zero speaks; what libraries of the other ranks print goes into a file of their own.

    Returns:
        The terminal's standard error, also where that of this process is a file from now on.
    """
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w") if rank() > 0 else sys.stderr
    if rank() > 0:
        with (run / f"rank-{rank()}.log").open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
    logger.setLevel(logging.INFO)
    log = logging.FileHandler(run / "run.log", encoding="utf-8")
    log.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s %(name)s rank {rank()}: %(message)s"))
    logger.addHandler(log)
    if rank() == 0:
        lines = BesideBars(sys.stdout)
        lines.setFormatter(logging.Formatter("%(asctime)s  train    %(message)s", datefmt="%H:%M:%S"))
        lines.addFilter(lambda record: record.levelno < logging.ERROR)  # the command says what failed, once
        logger.addHandler(lines)
    logger.propagate = False
    return terminal


def say_once(text: str) -> None:
    """Say something to the user that holds for all processes."""
    if rank() == 0:
        say("train", text)


def say_complete(error: Exception) -> None:
    """Say that a training is done, but something behind it failed."""
    logger.exception("the report failed")
    say_once(
        f"complete, but not its report: {type(error).__name__}: {one_line(error)}; its traceback stands in run.log"
    )


def say_if_alone(text: str, terminal: TextIO) -> None:
    """Tell the user where no command of ours waits to do it: under their own torchrun, once on each machine.

    Args:
        text: a line.
        terminal: standard error of this process as it was at its start.
    """
    if BAR_ENVIRONMENT not in os.environ and os.environ.get("LOCAL_RANK", "0") == "0":
        print(text, file=terminal, flush=True)


def leave_group() -> None:
    """Ranks that succeeded end together; one that goes first can take the others' tear-down with it.

    A rank that failed must not wait here: the others would wait for it in their next step, and all of them for ever.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.barrier()
        distributed.destroy_process_group()
