"""Gathers a store's tables from the facts of its studies."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ich.labels import LABELS
from ich.sources.source import RejectedFile
from ich.store.files import as_cell, write_table, write_text
from ich.store.settings import StoreSettings
from ich.store.sharing.shards import Share

STUDIES_TABLE = "studies.parquet"
SCALARS = (str, int, float, bool, type(None))


def read_facts(path: Path, *, settings: StoreSettings, share: Share | None = None) -> Iterator[dict[str, Any]]:
    """Facts of every complete study made with these settings, by key; only of a share's where one is given."""
    for file in sorted((path / "studies").glob("*.json")):
        if share is not None and not share.holds(file.stem):
            continue
        facts = json.loads(file.read_text(encoding="utf-8"))
        if facts["settings"] == settings.hash:
            yield facts


def study_table(all_facts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row a study without its fold: study, patient, n_slices, six labels, facts."""
    rows = []
    for facts in all_facts:
        plain = {name: value for name, value in facts["facts"].items() if isinstance(value, SCALARS)}
        rows.append(
            {"study": facts["study"], "patient": facts["patient"], "n_slices": facts["n_slices"]}
            | dict(zip(LABELS, facts["study_labels"], strict=True))
            | plain
            | {"n_warnings": len(facts["warnings"]), "study_uid": facts["study_uid"], "series_uid": facts["series_uid"]}
        )
    table = pd.DataFrame(rows)
    return table.astype(dict.fromkeys(LABELS, np.float32))


def slice_table(all_facts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row a slice, a study's rows together, feet first."""
    counts = np.array([facts["n_slices"] for facts in all_facts])
    labels = np.concatenate([np.array(facts["labels"], dtype=np.float32) for facts in all_facts])  # (slices, 6)
    frame = pd.DataFrame(
        {
            "study": pd.Series(np.repeat([facts["study"] for facts in all_facts], counts)),
            "index": np.concatenate([np.arange(count, dtype=np.int32) for count in counts]),
            "position_mm": np.concatenate([np.array(facts["positions_mm"], dtype=np.float32) for facts in all_facts]),
            "sop_uid": [uid for facts in all_facts for uid in facts["sop_uids"]],
        }
    )
    frame[list(LABELS)] = labels
    return frame


def write_tables(path: Path, studies: pd.DataFrame, *, slices: pd.DataFrame) -> None:
    """Put both tables in place."""
    write_table(path / "slices.parquet", pa.Table.from_pandas(slices, preserve_index=False))
    write_table(path / STUDIES_TABLE, pa.Table.from_pandas(studies, preserve_index=False))


def write_rejected(path: Path, rejected: Sequence[RejectedFile]) -> None:
    """Put rejected.csv in place: file relative to the source's root, reason code, sentence."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "code", "sentence"))
    writer.writerows(map(as_cell, astuple(one)) for one in sorted(rejected, key=lambda one: one.file))
    write_text(path / "rejected.csv", text.getvalue())


def write_unmatched(path: Path, unmatched: pd.DataFrame | None) -> None:
    """Put unmatched.csv in place: side (`table` or `files`), row of the label file or file; none where all matched."""
    if unmatched is None or unmatched.empty:
        (path / "unmatched.csv").unlink(missing_ok=True)
    else:
        cells = unmatched.astype(str).map(as_cell)
        write_text(path / "unmatched.csv", cells.to_csv(index=False, lineterminator="\n"))


def pixels_by_patient(all_facts: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Hashes of the telling slices of each patient."""
    pixels: dict[str, list[str]] = {}
    for facts in all_facts:
        pixels.setdefault(facts["patient"], []).extend(one for one in facts["pixels"] if one is not None)
    return pixels


def series_of_studies(studies: pd.DataFrame) -> dict[tuple[str, str], frozenset[str]]:
    """Uids of the series that are read of each StudyInstanceUID of each patient.

    Args:
        studies: as `study_table` gives them; a study of several labelled series has a row for each.
    """
    found: dict[tuple[str, str], set[str]] = {}
    rows = studies[["study_uid", "patient", "series_uid"]].itertuples(index=False)
    for study_uid, patient, series_uid in rows:
        found.setdefault((str(study_uid).partition("/")[0], patient), set()).add(series_uid)
    return {study: frozenset(series) for study, series in found.items()}


def earlier_studies(path: Path) -> pd.DataFrame:
    """The table of studies that an earlier run left, without rows where there is none."""
    file = path / STUDIES_TABLE
    columns = ["study_uid", "patient", "series_uid"]
    return pd.read_parquet(file, columns=columns) if file.is_file() else pd.DataFrame(columns=columns)
