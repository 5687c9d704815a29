"""Writes files beside their place and renames them, so that no reader sees half of one."""

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

PART_SUFFIX = ".part"
LEFT_OVER_SECONDS = 24 * 3600.0  # nobody writes one file for a day


def write_text(path: Path, text: str) -> None:
    """Put a text file in place in one step."""
    part = part_of(path)
    with part.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_json(path: Path, content: Any, *, indent: int | None = None) -> None:
    """Put a JSON file in place in one step; nan is not JSON and must be null."""
    write_text(path, json.dumps(content, ensure_ascii=False, allow_nan=False, indent=indent) + "\n")


def write_table(path: Path, table: pa.Table) -> None:
    """Put a parquet file in place in one step."""
    part = part_of(path)
    pq.write_table(table, part)
    part.replace(path)


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its place; two processes never get the same one."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART_SUFFIX}")


def remove_leftovers(folder: Path) -> None:
    """Take away what processes that were killed while they wrote have left in a folder."""
    oldest = time.time() - LEFT_OVER_SECONDS
    for part in folder.glob(f"*{PART_SUFFIX}"):
        try:
            if part.stat().st_mtime < oldest:
                part.unlink()
        except FileNotFoundError:
            continue  # its writer, or another sweeper, was faster
