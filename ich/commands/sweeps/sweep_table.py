"""The table after a sweep: a row a job, best first, in the terminal and as CSV."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from omegaconf import DictConfig, OmegaConf

from ich.commands.run_folders.files import CONFIG_FILE
from ich.commands.stores import store_words
from ich.commands.sweeps.job_record import BEGUN, NOT_BEGUN, WAITS, JobRecord, read_records
from ich.commands.terminal import as_typed, number, say, shown, table
from ich.commands.training.debug import is_debug
from ich.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_PARTLY, EXIT_STOPPED
from ich.store.files import write_text

TABLE_FILE = "sweep.csv"
SAME_COMMAND = "the same command with this hydra.sweep.dir does what is missing"
EACH_RUN = "a search does not go on, each of its runs does: python train.py resume=RUN"
MOST_ROWS = 50  # on the terminal; sweep.csv has all
WAITING = {WAITS: "waits", BEGUN: "begun", NOT_BEGUN: "not begun"}
STATES = {EXIT_OK: "done", EXIT_PARTLY: "partly", EXIT_STOPPED: "stopped", EXIT_INTERRUPTED: "stopped"}


def read_frame(folder: Path, *, planned: Sequence[Sequence[str]] = ()) -> pd.DataFrame:
    """The table of a sweep as its jobs' records tell it.

    Args:
        folder: of the sweep.
        planned: overrides of all its jobs, where they are known; those without a record were not begun.
    """
    records = {record.number: record for record in read_records(folder)}
    waiting = [JobRecord(number, tuple(one), EXIT_STOPPED, NOT_BEGUN, 0.0) for number, one in enumerate(planned)]
    return sweep_frame([*records.values(), *(one for one in waiting if one.number not in records)])


def write_frame(folder: Path, frame: pd.DataFrame) -> None:
    """Write `sweep.csv`; none without a job."""
    if not frame.empty:
        write_text(folder / TABLE_FILE, frame.to_csv(index=False))


def say_sweep(
    command: str,
    folder: Path,
    *,
    frame: pd.DataFrame,
    lost: bool = False,
    stopped: bool = False,
    goes_on: bool = True,
) -> None:
    """Print the first rows of a sweep's table and say what to type next.

    Args:
        command: `train`, `prepare` ...
        folder: of the sweep.
        frame: its table.
        lost: whether a job's process was gone without a word.
        stopped: whether it was asked to end.
        goes_on: whether the same command does what is missing; a search draws other values.
    """
    scored = not frame.empty and bool(frame["log_loss"].notna().any())
    if not frame.empty:
        heads = ["job", *_varied(frame), *(["log loss", "AUC any"] if scored else []), "time", "state"]
        print(table(_rows(frame, scored=scored), heads=heads))
        say(command, f"{len(frame)} jobs{', best first' if scored else ''}: {shown(folder / TABLE_FILE)}")
    if stopped or lost:
        what = "the sweep was stopped" if stopped else "a job's process was killed"
        say(command, f"{what}; {SAME_COMMAND if goes_on else EACH_RUN}")
    elif command == "train" and scored:
        _say_next(frame, folder)


def sweep_frame(records: Sequence[JobRecord]) -> pd.DataFrame:
    """A row a job, lowest log loss first: job, state, its options that differ, log_loss, seconds, further scores."""
    options = [dict(one.lstrip("+").partition("=")[::2] for one in record.overrides) for record in records]
    keys = dict.fromkeys(key for one in options for key in one if not key.startswith("hydra"))
    differing = [key for key in keys if len({one.get(key) for one in options}) > 1]
    rows = [
        {
            "job": record.number,
            "state": WAITING.get(record.sentence) or STATES.get(record.code, f"failed ({record.code})"),
            **{key: one.get(key, "") for key in differing},
            "log_loss": record.scores.get("log_loss"),
            "seconds": round(record.seconds, 1),
            **{name: value for name, value in record.scores.items() if name != "log_loss"},
        }
        for record, one in zip(records, options, strict=True)
    ]
    frame = pd.DataFrame(rows)
    return frame if frame.empty else frame.sort_values(["log_loss", "job"], ignore_index=True, na_position="last")


def _varied(frame: pd.DataFrame) -> list[str]:
    columns = list(frame.columns)
    return columns[columns.index("state") + 1 : columns.index("log_loss")]


def _rows(frame: pd.DataFrame, *, scored: bool) -> list[list[str]]:
    return [
        [
            str(row["job"]),
            *(str(row[key]) for key in _varied(frame)),
            *([number(row["log_loss"], digits=4), number(row.get("auc_any"), digits=3)] if scored else []),
            f"{row['seconds']:.0f} s",
            str(row["state"]),
        ]
        for row in frame.head(MOST_ROWS).to_dict("records")
    ]


def _say_next(frame: pd.DataFrame, folder: Path) -> None:
    folds = _varied(frame) == ["data.fold"]
    if folds and set(frame["state"]) != {STATES[EXIT_OK]}:
        say("next", "the same command again, which trains the folds that are missing; then all are scored together")
        return
    best = folder / str(frame.loc[0, "job"])
    config = OmegaConf.load(best / CONFIG_FILE)
    assert isinstance(config, DictConfig)
    if is_debug(config):
        return
    if folds:
        say(
            "next",
            f"python evaluate.py {as_typed('checkpoint', shown(folder))} subset=out_of_fold {store_words(config)}",
        )
        return
    say("next", f"python evaluate.py {as_typed('checkpoint', shown(best))} {store_words(config)}")
