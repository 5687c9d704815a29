"""Several jobs of one command: checked, handed to Hydra's sweeper and launcher, and listed when they have ended."""

import os
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf

from ich.commands.processes import path_with_package
from ich.commands.run_folders.files import CONFIG_FILE, PAIR
from ich.commands.run_folders.lock import check_free
from ich.commands.run_folders.resume import is_finished, is_run_of
from ich.commands.sweeps.job_record import BEGUN, WAITS, JobRecord, read_records, scores_of, seconds_of, write_record
from ich.commands.sweeps.stopping import ended_with_sweep, leave, stopped_with_jobs, told_to_stop
from ich.commands.tasks import task_of
from ich.commands.terminal import for_hydra, say, shown, typed_instead
from ich.errors import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_PARTLY, EXIT_USER, ConfigError, IchError

if TYPE_CHECKING:
    from ich.commands.sweeps.jobs import Plan

# What joblib and submitit, which need not be installed, raise where a job's process is gone without a word.
LOST = ("TerminatedWorkerError", "UncompletedJobError")
CHILDREN = "JoblibLauncher"  # whose jobs are in processes that the sweep started; submitit's outlive it
STOPPED = "it was stopped before its end"
ENDED_ITSELF = "it ended by an error of its own, which the terminal or the log of its launcher shows"


class JobFailedError(Exception):
    """A job of a sweep ended with another code than 0; it has said why itself."""

    def __init__(self, sentence: str, code: int) -> None:
        super().__init__(sentence, code)  # as arguments, so that it comes whole out of another process
        self.code = code


def sweep(command: str, typed: Sequence[str]) -> int:
    """Run all jobs and return the worst exit code.

    Args:
        command: `train`, `prepare` ...
        typed: overrides and `-m`.

    Raises:
        ConfigError: what is wrong with any of the jobs, before the first starts.
    """
    from ich.commands.sweeps.jobs import plan_sweep

    overrides = [item for item in typed if item not in ("-m", "--multirun")]
    plan = plan_sweep(command, overrides)
    start = uuid.uuid4().hex
    own = [f"hydra.sweep.dir={for_hydra(plan.folder)}", f"hydra.job.name={command}"]
    lost, worst = False, EXIT_OK
    try:
        with stopped_with_jobs(plan.folder):
            _hand_to_hydra(command, ["-m", *overrides, *own], side_by_side=plan.side_by_side, start=start)
    except JobFailedError as failure:
        worst = failure.code
    except (KeyboardInterrupt, SystemExit):
        _tell(command, plan, stopped=True)
        raise
    except Exception as error:
        lost = type(error).__name__ in LOST
        if not lost and not (plan.is_search and _all_failed(plan.folder)):
            raise
    _tell(command, plan, lost=lost)
    codes = [record.code for record in read_records(plan.folder, start=start)]
    return max([EXIT_FAILED if lost else EXIT_OK, worst, *codes])


def run_job(command: str, composed: DictConfig, *, side_by_side: bool, sweep_process: int, start: str) -> float:
    """Do one job and leave a record of it; the number that a searching sweeper makes small comes back.

    Args:
        command: `train`, `prepare` ...
        composed: its configuration.
        side_by_side: whether other jobs run at the same time on this machine.
        sweep_process: number of the sweep's process; another one ends with a job that was stopped.
        start: name of this start of the sweep, for the record.

    Raises:
        JobFailedError: it ended with another code than 0, or than some studies of a batch unread.
    """
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    overrides = tuple(OmegaConf.to_container(hydra.overrides.task) or ())  # type: ignore[arg-type]
    record = JobRecord(int(hydra.job.num), overrides, EXIT_FAILED, BEGUN, 0.0, process=os.getpid(), start=start)
    if _is_done(command, composed, folder):
        record = replace(record, code=EXIT_OK, sentence="", seconds=seconds_of(folder), scores=scores_of(folder))
        write_record(folder, record)
        say(command, f"{shown(folder)} is done")
        return record.objective
    if command == "train":
        _check_own(folder)
    if "run" in composed and composed.run is None:
        composed.run = str(folder)
    launcher = str(hydra.launcher._target_)
    if os.getpid() == sweep_process:
        record = _do_recorded(command, composed, folder, record=record, side_by_side=side_by_side)
    else:
        with _told_from_outside(launcher, sweep_process=sweep_process):
            record = _do_recorded(command, composed, folder, record=record, side_by_side=side_by_side)
    if record.code not in (EXIT_OK, EXIT_PARTLY):
        raise JobFailedError(record.sentence, record.code)
    return record.objective


def _do_recorded(
    command: str, composed: DictConfig, folder: Path, *, record: JobRecord, side_by_side: bool
) -> JobRecord:
    """Do the work; its record says that it has begun, then how it ended, also where it was stopped."""
    write_record(folder, record)
    started = time.monotonic()
    code, sentence = EXIT_FAILED, ENDED_ITSELF
    try:
        code, sentence = _do(command, composed, record=record, side_by_side=side_by_side)
    except (KeyboardInterrupt, SystemExit) as stopped:
        code, sentence = _code_of(stopped), STOPPED
        raise
    finally:
        scores = scores_of(Path(composed.run)) if "run" in composed and code == EXIT_OK else {}
        seconds = time.monotonic() - started
        record = replace(record, code=code, sentence=sentence, seconds=seconds, scores=scores)
        write_record(folder, record)
    return record


def _code_of(stopped: KeyboardInterrupt | SystemExit) -> int:
    return EXIT_INTERRUPTED if isinstance(stopped, KeyboardInterrupt) else int(stopped.code or EXIT_FAILED)


def _all_failed(folder: Path) -> bool:
    """Whether a search has nothing to choose from, which Optuna has no word for."""
    records = read_records(folder)
    return bool(records) and all(record.code != EXIT_OK for record in records)


def _check_own(folder: Path) -> None:
    """Refuse a folder with a finished run of another configuration, or with a run at work: its record stays as it is.

    Raises:
        JobFailedError: says which.
    """
    sentence = ""
    if is_finished(folder):
        sentence = (
            f"{shown(folder)}: expected a new folder or a run of this configuration, found a finished run of another; "
            "name another folder with hydra.sweep.dir=FOLDER"
        )
    try:
        for file in [*folder.glob(CONFIG_FILE), *folder.glob(f"{PAIR}*/{CONFIG_FILE}")]:
            check_free(file.parent)
    except ConfigError as error:
        sentence = str(error)
    if sentence:
        print(f"error: {sentence}", file=sys.stderr)
        raise JobFailedError(sentence, EXIT_USER)


@contextmanager
def _told_from_outside(launcher: str, *, sweep_process: int) -> Iterator[None]:
    """In a process of its own: the job ends when it is told to, one of joblib also when its sweep was killed."""
    with told_to_stop(), ended_with_sweep(sweep_process) if launcher.endswith(CHILDREN) else nullcontext():
        try:
            yield
        except (KeyboardInterrupt, SystemExit) as stopped:
            leave(_code_of(stopped), sweep_process=sweep_process)


def _tell(command: str, plan: "Plan", *, lost: bool = False, stopped: bool = False) -> None:
    """Write the table of a sweep and print it; of one that was stopped with the jobs that were not begun."""
    from ich.commands.sweeps.sweep_table import read_frame, say_sweep, write_frame

    frame = read_frame(plan.folder, planned=plan.jobs if stopped else ())
    write_frame(plan.folder, frame)
    say_sweep(command, plan.folder, frame=frame, lost=lost, stopped=stopped, goes_on=not plan.is_search)


def _do(command: str, composed: DictConfig, *, record: JobRecord, side_by_side: bool) -> tuple[int, str]:
    """Exit code of the work, and the sentence for a code other than 0 or for a run that waits."""
    from hydra.core.hydra_config import HydraConfig

    from ich.commands.configuration.config import checked, remember_start

    hydra = HydraConfig.get()
    try:
        _go_on(composed, Path(hydra.runtime.output_dir))
        sweep = str(hydra.sweep.dir)
        config = remember_start(command, checked(command, composed), typed=record.overrides, sweep=sweep)
        with _own_gpus(config, side_by_side=side_by_side):
            code = task_of(command)(config)
    except IchError as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return EXIT_USER, str(error)
    waits = command == "train" and code == EXIT_OK and not is_finished(Path(composed.run))
    return code, WAITS if waits else ""


def _is_done(command: str, composed: DictConfig, folder: Path) -> bool:
    """Whether an earlier start of this sweep has finished this training, also where it was killed right after."""
    from ich.commands.configuration.config import checked

    return command == "train" and is_finished(folder) and is_run_of(folder, checked(command, composed))


def _go_on(config: DictConfig, folder: Path) -> None:
    """Let a training that an earlier start of this sweep left unfinished go on."""
    if "resume" in config and (folder / CONFIG_FILE).is_file() and not is_finished(folder):
        config.resume = "auto"  # which is the run of this folder, where there is one


@contextmanager
def _own_gpus(config: DictConfig, *, side_by_side: bool) -> Iterator[None]:
    """Write the numbers of GPUs into a configuration that no other job on this machine has while the block runs."""
    node = config.get("trainer", config)
    if "gpus" not in node or node.get("nodes", 1) > 1:
        yield
        return
    from ich.learn.hardware.job_gpus import gpus_of_job

    gpus = node.gpus if isinstance(node.gpus, int | str) else list(node.gpus)
    option, one = ("trainer.gpus", side_by_side) if "trainer" in config else ("gpus", True)
    with gpus_of_job(gpus, auto_is_one=one, option=option) as numbers:
        node.gpus = numbers or 0
        if numbers and config.get("resume"):  # else a run that goes on would take the GPUs it had before its stop
            config.started.typed = [*config.started.typed, f"{option}={numbers}"]
        yield


def _hand_to_hydra(command: str, arguments: Sequence[str], *, side_by_side: bool, start: str) -> None:
    import hydra

    from ich.commands.configuration.config import config_folder

    sweep_process = os.getpid()

    def job(composed: DictConfig) -> float:
        return run_job(command, composed, side_by_side=side_by_side, sweep_process=sweep_process, start=start)

    os.environ.setdefault("HYDRA_FULL_ERROR", "1")  # errors as they are: the one handler of ours says them
    os.environ["PYTHONPATH"] = path_with_package(os.environ)  # workers begin without the folder of train.py
    with typed_instead([f"{command}.py", *arguments]):
        hydra.main(config_path=str(config_folder()), config_name=command, version_base="1.3")(job)()
