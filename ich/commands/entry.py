"""How every command starts and ends: help, flags, checked configuration, errors as one line, exit codes."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from omegaconf import DictConfig

from ich.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USER, ConfigError, IchError

Task = Callable[[DictConfig], int]

HYDRA_FLAGS = frozenset(
    {"-m", "--multirun", "-c", "--cfg", "--resolve", "-p", "--package", "-i", "--info", "-r", "--run", "--version"}
    | {"-cn", "--config-name", "-cd", "--config-dir", "-cp", "--config-path", "--hydra-help", "--experimental-rerun"}
    | {"-sc", "--shell-completion"}
)


def run(command: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command as typed and return its exit code.

    Args:
        command: `prepare`, `train`, `evaluate`, `predict` or `demo`.
        arguments: what was typed behind it; None: `sys.argv`.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    if any(flag in typed for flag in ("-h", "--help")):
        from ich.commands.help import help_text

        print(help_text(command))
        return EXIT_OK
    try:
        return _with_flags(command, typed) if any(item.startswith("-") for item in typed) else _once(command, typed)
    except IchError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return EXIT_USER
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def task_of(command: str) -> Task:
    """The function of `ich.commands.<command>` that does the work."""
    task: Task = getattr(import_module(f"ich.commands.{command}"), command)
    return task


def _once(command: str, overrides: Sequence[str]) -> int:
    from ich.commands.config import compose_checked, remember_start

    config = compose_checked(command, overrides)  # first: a misspelt key must not wait for torch to be imported
    return task_of(command)(remember_start(command, config, typed=overrides))


def _with_flags(command: str, typed: Sequence[str]) -> int:
    """Multirun and Hydra's own flags: Hydra composes, each job's configuration is checked before it does anything."""
    import hydra

    from ich.commands.config import check_names, checked, config_folder, remember_start

    _refuse_foreign_flags(typed)
    _refuse_split_overrides(typed)
    check_names(command, [item for item in typed if "=" in item and not item.startswith("-")])
    worst = EXIT_OK

    def job(composed: DictConfig) -> int:
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        nonlocal worst
        folder = HydraConfig.get().runtime.output_dir
        if "run" in composed and composed.run is None:
            composed.run = folder
        config = remember_start(
            command,
            checked(command, composed),
            typed=HydraConfig.get().overrides.task,
            sweep=HydraConfig.get().sweep.dir if HydraConfig.get().mode == RunMode.MULTIRUN else None,
        )
        worst = max(worst, task_of(command)(config))
        return worst

    before = sys.argv
    sys.argv = [f"{command}.py", *typed]
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        hydra.main(config_path=str(config_folder()), config_name=command, version_base="1.3")(job)()
    finally:
        sys.argv = before
    return worst


def _refuse_foreign_flags(typed: Sequence[str]) -> None:
    """Options are written key=value; `--key value` is another program's way."""
    for item in typed:
        if item.startswith("-") and item.partition("=")[0] not in HYDRA_FLAGS:
            key = item.lstrip("-").partition("=")[0]
            raise ConfigError(
                f"{item}: expected an option as {key}=VALUE, found a flag; --help lists options and flags"
            )


def _refuse_split_overrides(typed: Sequence[str]) -> None:
    """Overrides on both sides of a flag are lost on argparse; the way out is to keep them together."""
    flags = [index for index, item in enumerate(typed) if item in ("-m", "--multirun")]
    overrides = [index for index, item in enumerate(typed) if not item.startswith("-")]
    if flags and overrides and min(overrides) < flags[0] < max(overrides):
        raise ConfigError(
            "-m: expected all options on one side of it, found some on both; type -m first, then the options"
        )
