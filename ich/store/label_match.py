"""Matches a label table with the files found: which slices and which studies its rows speak of."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ich.labels import LABELS
from ich.sources.source import LABEL_KEYS, LabelTable
from ich.store.keys import HashKey

SLICE_KEYS = ("sop_uid", "file")  # rows matched by these speak of a slice where they name one


@dataclass(frozen=True)
class MatchedLabels:
    """Labels in the order of the header table.

    Attributes:
        slices: float32 (rows, 6) of each slice, nan where unknown.
        studies: float32 (rows, 6) of the study each row belongs to, nan where unknown.
        notes: sentences a person should read: how many rows or files stayed alone on either side.
        unmatched: a row each; `side` is `table` or `files`, `row_or_file` the row's number in the label file (its first
            line is 1) or a path relative to the root. No identifier of the table is repeated.
    """

    slices: np.ndarray = field(repr=False)
    studies: np.ndarray = field(repr=False)
    notes: tuple[str, ...]
    unmatched: pd.DataFrame = field(repr=False)


def match_labels(known: LabelTable, table: pa.Table, *, key: HashKey, source: str) -> MatchedLabels:
    """Find the labels of every row of the header table.

    Args:
        known: the labels.
        table: the header table: `file`, `code`, `n_frames`, the three uids, and `accession` as `key.accession` gave it
            ("" where there is none).
        key: that hashed the accession numbers.
        source: name of the data set, as it was hashed with.
    """
    raise NotImplementedError
