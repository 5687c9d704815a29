"""Writes files beside their place and renames them, so that no reader sees half of one."""

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def write_text(path: Path, text: str) -> None:
    """Put a text file in place in one step."""
    part = _part(path)
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
    part = _part(path)
    pq.write_table(table, part)
    part.replace(path)


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")
