"""The jobs that a sweep's overrides mean, checked before the first of them starts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import IntervalSweep, Override, Sweep
from omegaconf import DictConfig, OmegaConf

from ich.commands.configuration.config import compose_checked, hydra_settings, parse_overrides
from ich.commands.sweeps.refused import is_search, refused
from ich.errors import ConfigError, IchError


@dataclass(frozen=True)
class Plan:
    """What is known of a sweep before it starts.

    Attributes:
        folder: absolute, of all its jobs.
        side_by_side: whether its jobs run at the same time on this machine.
        jobs: overrides of each, in their order; empty where a search or Hydra itself finds them.
        is_search: whether the values of a job follow from how earlier ones scored.
    """

    folder: Path
    side_by_side: bool
    jobs: tuple[tuple[str, ...], ...] = ()
    is_search: bool = False


# Launchers whose jobs share this machine. SLURM's jobs see only the GPUs that SLURM gave them.
SIDE_BY_SIDE = ("JoblibLauncher", "LocalLauncher")
ONE_BY_ONE = "BasicLauncher"


def plan_sweep(command: str, overrides: Sequence[str]) -> Plan:
    """Check the jobs of a sweep and say where they go.

    Each value of each swept option is composed and checked once, beside the first values of the others; of a training
    all that it is made of is built once too, of a searched range both ends are.

    Args:
        command: `train`, `prepare` ...
        overrides: as typed, without flags.

    Raises:
        ConfigError: all that is wrong with them, a line each.
    """
    typed = parse_overrides(overrides)
    fixed = [str(item.input_line) for item in typed if not item.is_sweep_override()]
    settings = _settings(command, fixed)
    named = {item.key_or_group for item in typed}
    pages = parse_overrides([f"{key}={value}" for key, value in _params(settings).items() if key not in named])
    fixed += [str(item.input_line) for item in pages if not item.is_sweep_override()]
    swept = {_key(item): _values(item) for item in [*typed, *pages] if item.is_sweep_override()}
    launcher = str(settings.launcher._target_)
    here = launcher.endswith((ONE_BY_ONE, *SIDE_BY_SIDE))
    texts = dict(str(item.input_line).partition("=")[::2] for item in [*pages, *typed])
    wrong = {line: line for line in refused(texts, swept=swept, settings=settings)}
    for job in _each_value_once(swept):
        try:
            _check_job(command, compose_checked(command, [*fixed, *job]), here=here)
        except IchError as error:
            wrong = {_mistake(line): line for line in str(error).splitlines()} | wrong
    if wrong:
        raise ConfigError("\n".join(wrong.values()))
    jobs = _jobs([*pages, *typed]) if all(swept.values()) and not is_search(settings) else ()
    folder = Path(settings.sweep.dir).absolute()
    return Plan(folder, launcher.endswith(SIDE_BY_SIDE), jobs, is_search=is_search(settings))


def _settings(command: str, fixed: Sequence[str]) -> DictConfig:
    """Hydra's own settings; what keeps them from being composed is said as for a single run."""
    try:
        return hydra_settings(command, fixed)
    except ConfigError:
        compose_checked(command, fixed)
        raise


def _check_job(command: str, config: DictConfig, *, here: bool) -> None:
    """Build what a training is made of; devices of other machines can't be looked at from here."""
    if command != "train":
        return
    from ich.commands.training.settings import check_training

    if not here:
        config.trainer.gpus = 0
    if config.trainer.precision == "auto" or not here:
        config.trainer.precision = "32-true"  # it is measured when the job starts
    check_training(config)
    _check_data(config)


def _check_data(config: DictConfig) -> None:
    """Split the patients as the job will and ask its nets whom they know, where its store is there already."""
    from ich.commands.run_folders.slice_checkpoints import slice_checkpoints
    from ich.commands.stores import is_there, open_training_stores
    from ich.learn.checkpoint import read_checkpoint
    from ich.learn.seen import start_of
    from ich.learn.unseen import check_start, unseen_split
    from ich.store.split import training_split

    if not is_there(config):
        return
    store, fold, leave_out = open_training_stores(config), config.data.fold, list(config.data.leave_out)
    if config.model.stage == "sequence":
        for path in slice_checkpoints(config.cnn):
            unseen_split(read_checkpoint(path, kind="slice"), store, fold=fold, leave_out=leave_out)
        return
    split = training_split(store, fold=fold, leave_out=leave_out)
    check_start(start_of(config.model.net.weights), store, split=split, fold=fold)


def _mistake(line: str) -> str:
    """What tells two complaints apart: of an option that isn't there its name, whatever value it was given."""
    return line.partition("=")[0] if "no such option" in line else line


def _jobs(overrides: Sequence[Override]) -> tuple[tuple[str, ...], ...]:
    """What Hydra's own sweeper will make of the overrides, in its order; Hydra has no public name for it."""
    (jobs,) = BasicSweeper.split_arguments(list(overrides), None)
    return tuple(tuple(one for one in job if not one.startswith("hydra")) for job in jobs)


def _params(settings: Any) -> dict[str, Any]:
    """What a page of `conf/sweep` sweeps."""
    params = OmegaConf.to_container(settings.sweeper).get("params")  # type: ignore[union-attr]
    return dict(params or {})


def _key(item: Override) -> str:
    return str(item.input_line).partition("=")[0]


def _values(item: Override) -> list[str]:
    """The values of an option as they are typed, of a searched range both ends."""
    swept = item.value()
    if isinstance(swept, IntervalSweep):
        return [str(swept.start), str(swept.end)]
    if not isinstance(swept, Sweep):
        return []  # a pattern of choices, which Hydra finds itself
    return list(dict.fromkeys(Override._get_value_element_as_str(value) for value in item.sweep_iterator()))


def _each_value_once(swept: dict[str, list[str]]) -> Iterator[list[str]]:
    filled = {key: values for key, values in swept.items() if values}
    first = {key: values[0] for key, values in filled.items()}
    yield [f"{key}={value}" for key, value in first.items()]
    for key, values in filled.items():
        for value in values[1:]:
            yield [f"{name}={one}" for name, one in (first | {key: value}).items()]
