"""What a job of a sweep leaves in its folder: its options, how it ended, what it scored."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ich.commands.run_folders.files import RESULT_FILE, trainings_of
from ich.store.files import write_json

RECORD_FILE = "job.json"
WAITS = "its run folder waits to be started by hand"
BEGUN = "it has begun and not ended: it runs, or was killed"
NOT_BEGUN = "it was not begun before the sweep was stopped"


@dataclass(frozen=True)
class JobRecord:
    """One job of a sweep.

    Attributes:
        number: from 0; the name of its folder.
        overrides: all options it ran with, as `key=value`.
        code: exit code.
        sentence: why it ended otherwise than with 0, or what it waits for; else empty.
        seconds: that it took.
        scores: of a training, on the validation fold: log_loss, auc_<label> ...
        process: number of the process that does it, on its machine.
        start: which start of the sweep did it last; clocks of file servers and of this machine may differ.
    """

    number: int
    overrides: tuple[str, ...]
    code: int
    sentence: str
    seconds: float
    scores: dict[str, float] = field(default_factory=dict)
    process: int = 0
    start: str = ""

    @property
    def objective(self) -> float:
        """What a searching sweeper makes small: the log loss of a training, else the exit code."""
        return self.scores.get("log_loss", float(self.code))


def write_record(folder: Path, record: JobRecord) -> None:
    """Leave the record of a job in its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RECORD_FILE, asdict(record), indent=1)


def read_records(sweep: Path, *, start: str | None = None) -> list[JobRecord]:
    """Records of the jobs of a sweep, by number.

    Args:
        sweep: folder of the sweep.
        start: only those that this start of the sweep did or found done.
    """
    records = [_read(file) for file in sweep.glob(f"*/{RECORD_FILE}")]
    return sorted((one for one in records if start in (None, one.start)), key=lambda record: record.number)


def processes_at_work(sweep: Path) -> list[int]:
    """Numbers of the processes that do a job of a sweep, of jobs that have not ended."""
    return [record.process for record in read_records(sweep) if record.sentence == BEGUN and record.process]


def scores_of(run: Path) -> dict[str, float]:
    """What a training scored on its validation fold; the mean of its pairs for a sequence stage."""
    return _mean([_scores(result) for result in _results(run)])


def seconds_of(run: Path) -> float:
    """How long a training took, all its pairs together."""
    return float(sum(result.get("seconds", 0.0) for result in _results(run)))


def _results(run: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in trainings_of(run, RESULT_FILE)]


def _read(file: Path) -> JobRecord:
    content = json.loads(file.read_text(encoding="utf-8"))
    return JobRecord(**{**content, "overrides": tuple(content["overrides"])})


def _scores(result: dict[str, Any]) -> dict[str, float]:
    found = {**result.get("metrics", {}), "log_loss": result.get("best_log_loss")}
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float) and value == value}


def _mean(several: Sequence[dict[str, float]]) -> dict[str, float]:
    names = [name for name in (several[0] if several else {}) if all(name in one for one in several)]
    return {name: float(np.mean([one[name] for one in several])) for name in names}
