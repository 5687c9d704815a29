"""Processes of this machine: what the kernel says of one, and where a new one finds this package."""

import os
from collections.abc import Mapping
from pathlib import Path

# Words of /proc/PID/stat behind the command's name, proc(5): parent; CPU ticks of the process and its ended children.
PARENT, TICKS = 1, slice(11, 15)


def stat_of(process: int) -> list[str] | None:
    """The words behind the name in /proc/PID/stat; None: it has ended.

    Args:
        process: its number.

    Source: proc(5); the name stands in brackets and may hold anything, brackets too.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


def parent_of(process: int) -> int | None:
    """Number of the process that started one, or has taken it over since; None: it has ended."""
    stat = stat_of(process)
    return None if stat is None else int(stat[PARENT])


def descendants_of(process: int) -> list[int]:
    """Numbers of all processes that a process started, and of those that they started; none where /proc is missing."""
    parents = {number: parent_of(number) for number in _numbers()}
    found = [process]
    for one in found:  # grows while it is walked
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


def _numbers() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def environment_of(process: int) -> frozenset[bytes]:
    """What a process was started with, as `NAME=value`; empty where it has ended or is another user's."""
    try:
        return frozenset(Path(f"/proc/{process}/environ").read_bytes().split(b"\0"))
    except OSError:
        return frozenset()


def path_with_package(environment: Mapping[str, str]) -> str:
    """PYTHONPATH of a new process that is to find this package, wherever the command was typed."""
    package_parent = str(Path(__file__).parents[2])
    return os.pathsep.join(filter(None, [package_parent, environment.get("PYTHONPATH")]))
