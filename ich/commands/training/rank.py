"""One process of a training: takes a run folder, trains it, and turns what became of it into an exit code.

python -m ich.commands.training.rank RUN config=HASH, alone or under torchrun; `ich.commands.training.launch` starts it.
A run that was stopped goes on from its last checkpoint. Typed alone it waits for nobody's end: `nohup` keeps it.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from ich.commands.run_folders.lock import RANK_LOCK, held
from ich.commands.training.failure import write_error, write_failure
from ich.commands.training.orphan import end_after_parent
from ich.commands.training.process import (
    ancestors,
    is_waited_for,
    leave_group,
    machine,
    rank,
)
from ich.commands.training.rank_words import log_into, say_complete, say_if_alone
from ich.errors import EXIT_FAILED, EXIT_OK, EXIT_STOPPED, EXIT_USER, IchError, one_line
from ich.learn.hardware.own_gpus import gpus_of_command
from ich.learn.stopping.stop import Stopped, StopRequest, end_with_parent

logger = logging.getLogger("ich")


def main(run: Path, typed: Sequence[str]) -> int:
    """Train a run folder and return the exit code.

    Args:
        run: the folder.
        typed: what lets this process take it: `config=HASH` or `trust=true`.
    """
    stop = StopRequest.listen()  # first of all: torch takes seconds to load
    if is_waited_for():
        end_with_parent(next(iter(ancestors()), None))
        end_after_parent(*ancestors())
    terminal = log_into(run)
    try:
        with gpus_of_command(), held(run, RANK_LOCK) if rank() == 0 else nullcontext():
            _train(run, typed, stop=stop)
    except Stopped:
        leave_group()
        return EXIT_STOPPED
    except IchError as error:
        write_error(run, f"{error}{machine()}")
        say_if_alone(f"error: {error}{machine()}", terminal)
        return EXIT_USER
    except Exception as error:
        logger.exception("the training failed")
        sentence = f"{type(error).__name__}: {one_line(error)}"
        write_failure(run, f"rank {rank()} met {sentence}")
        say_if_alone(f"{sentence}; its traceback stands in {run / 'run.log'}", terminal)
        return EXIT_FAILED
    return EXIT_OK


def _train(run: Path, typed: Sequence[str], *, stop: StopRequest) -> None:
    from ich.commands.run_folders.files import CONFIG_FILE, RESULT_FILE
    from ich.commands.run_folders.trust import check_rank

    check_rank(run, typed)
    from ich.commands.training import stages

    config = OmegaConf.load(run / CONFIG_FILE)
    assert isinstance(config, DictConfig)
    train_stage = stages.train_slices if config.model.stage == "slice" else stages.train_sequence
    had_result = (run / RESULT_FILE).is_file()
    try:
        train_stage(config, run, stop=stop)
    except Exception as error:
        if had_result or not (run / RESULT_FILE).is_file():
            raise
        say_complete(error)  # what failed was the end of watching


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
