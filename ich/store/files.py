"""Writes files beside their place and renames them, so that no reader sees half of one."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PART_SUFFIX = ".part"
LEFT_OVER_SECONDS = 600.0  # without a byte written: no file that is being written stands still so long


@contextmanager
def in_one_step(path: Path) -> Iterator[Path]:
    """Give a place beside a file to write to, and put what was written in its place, or take it away on failure.

    Two processes never get the same place.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART_SUFFIX}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Put a text file in place in one step."""
    with in_one_step(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def as_cell(name: str) -> str:
    """A stranger's text for a CSV table: no program takes it for a formula.

    Source: OWASP, CSV injection: cells that begin with one of these are calculated, unless a quote stands before.
    """
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def write_json(path: Path, content: Any, *, indent: int | None = None) -> None:
    """Put a JSON file in place in one step; nan is not JSON and must be null."""
    write_text(path, json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent) + "\n")


def write_table(path: Path, table: pa.Table) -> None:
    """Put a parquet file in place in one step."""
    with in_one_step(path) as part:
        pq.write_table(table, part)


def remove_leftovers(folder: Path) -> None:
    """Take away what processes that were killed while they wrote have left in a folder."""
    oldest = time.time() - LEFT_OVER_SECONDS
    for part in folder.glob(f"*{PART_SUFFIX}"):
        try:
            if part.stat().st_mtime < oldest:
                part.unlink()
        except FileNotFoundError:
            continue  # its writer, or another sweeper, was faster
