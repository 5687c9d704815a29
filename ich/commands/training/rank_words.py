"""What one process of a training says, and where its words go: `run.log`, the terminal, or a file of its own."""

import logging
import os
import sys
from pathlib import Path
from typing import TextIO

from ich.commands.terminal import BAR_ENVIRONMENT, BesideBars, say
from ich.commands.training.process import rank
from ich.errors import one_line

logger = logging.getLogger("ich")


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
