"""What no sweep can do, found before its first job."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ich.commands.sweeps.job_record import RECORD_FILE
from ich.commands.terminal import shown

FOLDS_PAGE = "folds"
SUBMITTED = ("SlurmLauncher", "LocalLauncher")  # submitit's, which start a job's process once a task


def refused(typed: Mapping[str, str], *, swept: Mapping[str, Sequence[str]], settings: Any) -> Iterator[str]:
    """One line for each thing that the jobs of a sweep would fail at, or do otherwise than meant.

    Args:
        typed: text of each option that was typed or that a page sweeps.
        swept: values of each swept option.
        settings: Hydra's own.
    """
    if typed.get("run", "null") != "null":
        yield (
            f"run={typed['run']}: expected no folder of one run in a sweep, found one; "
            "hydra.sweep.dir=FOLDER names the folder of all its runs"
        )
    if typed.get("sweep") == FOLDS_PAGE:
        yield from _beside_folds(swept)
    yield from _several_machines(typed, settings)
    if is_search(settings):
        yield from _used_folder(Path(settings.sweep.dir))


def is_search(settings: Any) -> bool:
    """Whether a sweeper chooses the values of the next job by how earlier ones scored."""
    return not str(settings.sweeper._target_).endswith("BasicSweeper")


def _beside_folds(swept: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Cross-validation scores each patient once, by the one run that left the patient out."""
    for key, values in swept.items():
        if key != "data.fold" and len(values) > 1:
            yield (
                f"{key}={','.join(values)}: expected one value beside sweep={FOLDS_PAGE}, found {len(values)}; "
                f"each is a cross-validation of its own: type the command once for each"
            )


def _several_machines(typed: Mapping[str, str], settings: Any) -> Iterator[str]:
    """A job is one process that starts its ranks; submitit would start that process on each machine."""
    if not str(settings.launcher._target_).endswith(SUBMITTED):
        return
    counts = {f"hydra.launcher.{name}": settings.launcher.get(name, 1) for name in ("nodes", "tasks_per_node")}
    counts["trainer.nodes"] = typed.get("trainer.nodes", "1")
    for option, count in counts.items():
        if str(count) != "1":
            yield (
                f"{option}={count}: expected 1 of a job, which is one process on one machine, found {count}; "
                "several machines: sbatch --nodes=N with trainer.nodes=N in the script (docs/training.md)"
            )


def _used_folder(folder: Path) -> Iterator[str]:
    """A search draws other values each time, so that its jobs are not those that lie there."""
    if any(folder.glob(f"*/{RECORD_FILE}")):
        yield (
            f"hydra.sweep.dir={shown(folder)}: expected a new folder for a search, found jobs of an earlier one; "
            "name another folder: a search does not go on (each of its runs does: python train.py resume=RUN)"
        )
