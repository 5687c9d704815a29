"""How every command starts and ends: help, flags, checked configuration, errors as one line, exit codes."""

import io
import logging
import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout

from omegaconf import DictConfig

from ich.commands.tasks import task_of
from ich.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_UNREAD, EXIT_USER, ConfigError, IchError

logger = logging.getLogger(__name__)

MULTIRUN_FLAGS = frozenset({"-m", "--multirun"})
# These show something and run nothing.
SHOWING_FLAGS = frozenset(
    {"-c", "--cfg", "--resolve", "-p", "--package", "-i", "--info", "--hydra-help", "-sc", "--shell-completion"}
)
# Pages of these groups are made for several jobs.
PAGES_FOR_SEVERAL = frozenset({"sweep", "cluster", "hydra.mode"})
GO_ON = frozenset({"prepare", "predict"})  # a second start takes what is missing; a training says itself how it goes on


def run(command: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command as typed and return its exit code.

    Args:
        command: one of `ich.commands.configuration.options.SCHEMAS`.
        arguments: what was typed behind it; None: `sys.argv`.
    """
    typed = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _dispatch(command, typed)
        sys.stdout.flush()  # here, where a reader that went away is met with an exit code
        return code
    except IchError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return EXIT_USER
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _is_output_unread():
            return EXIT_UNREAD
        if not isinstance(error.filename, str):  # no place that a user could do something about
            raise
        logger.debug("where it happened", exc_info=True)
        print(f"error: {_about_place(error)}", file=sys.stderr)
        return EXIT_USER
    except KeyboardInterrupt:
        print(f"interrupted{'; the same command goes on' if command in GO_ON else ''}", file=sys.stderr)
        return EXIT_INTERRUPTED


def _once(command: str, overrides: Sequence[str]) -> int:
    from ich.commands.configuration.config import compose_checked, remember_start

    config = compose_checked(command, overrides)  # first: a misspelt key must not wait for torch to be imported
    return task_of(command)(remember_start(command, config, typed=overrides))


def _dispatch(command: str, typed: Sequence[str]) -> int:
    """One job, several, or what Hydra's own flags ask for."""
    if any(flag in typed for flag in ("-h", "--help")):
        from ich.commands.configuration.help import help_text

        print(help_text(command, typed))
        return EXIT_OK
    _refuse_foreign_flags(typed)
    _refuse_split_overrides(typed)
    flags = {item.partition("=")[0] for item in typed if item.startswith("-")}
    if flags & SHOWING_FLAGS and flags & MULTIRUN_FLAGS:
        shows = min(flags & SHOWING_FLAGS)
        raise ConfigError(f"{shows}: expected it without -m, found both; it shows one configuration: leave -m away")
    if flags & SHOWING_FLAGS:
        return _show(command, typed)
    if flags or any(item.partition("=")[0] in PAGES_FOR_SEVERAL and not item.endswith("=null") for item in typed):
        from ich.commands.sweeps.sweep import sweep

        return sweep(command, typed)
    return _once(command, typed)


def _about_place(error: OSError) -> str:
    """One line about a file or folder that the system keeps from us."""
    return (
        f"{error.filename}: expected to read or write there, found: {error.strerror}; "
        "check the path, who may write there and the space left"
    )


def _is_output_unread() -> bool:
    """Whether nobody reads what is printed any more; what is left of it is thrown away then."""
    output = sys.stdout.fileno()
    state = select.poll()
    state.register(output, 0)  # an end without a reader is told unasked
    if not any(told & (select.POLLERR | select.POLLHUP) for _, told in state.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)  # or Python complains again when it ends
    return True


def _show(command: str, typed: Sequence[str]) -> int:
    """What Hydra shows and does not run: `--cfg job`, `--info`, `--shell-completion install=bash`."""
    import hydra

    from ich.commands.configuration.config import config_folder
    from ich.commands.terminal import typed_instead

    def job(composed: DictConfig) -> None:
        raise ConfigError(
            "flags: expected one that shows something, found one that changes what is shown; add --cfg job"
        )

    program = sys.argv[0] if sys.argv[0].endswith(f"{command}.py") else f"{command}.py"
    completion = _our_completion() if any(item.startswith("query=") for item in typed) else nullcontext()
    with typed_instead([program, *typed]), completion:
        hydra.main(config_path=str(config_folder()), config_name=command, version_base="1.3")(job)()
    return EXIT_OK


@contextmanager
def _our_completion() -> Iterator[None]:
    """Mend what Hydra prints for the shell, which tells what was typed so far by COMP_LINE."""
    from ich.commands.configuration.completion import completed

    printed = io.StringIO()
    with redirect_stdout(printed):
        yield
    separator = "\n" if "\n" in printed.getvalue().strip() else " "  # fish has a word a line
    print(separator.join(completed(os.environ.get("COMP_LINE", ""), printed.getvalue().split())))


def _refuse_foreign_flags(typed: Sequence[str]) -> None:
    """Options are written key=value; `--key value` is another program's way."""
    for item in typed:
        if item.startswith("-") and item.partition("=")[0] not in MULTIRUN_FLAGS | SHOWING_FLAGS:
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
