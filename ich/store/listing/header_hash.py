"""Hashes each row of the header table, so that a study is made again when any of its files or headers changed."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ich.store.listing.headers import PLACE

_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no bit of the columns before is lost; 2^64 by the golden ratio
_NOTHING = np.uint64(1)  # of an empty cell; the number 0 has the hash 0


def hash_rows(table: pa.Table) -> np.ndarray:
    """One number a row for all that is known of its file and its slice: name, size, time and every tag that is read.

    A sentence that is worded anew changes nothing.

    It tells changes; it is no protection against a collision that somebody seeks.

    Args:
        table: the header table, in any order of its columns.

    Returns:
        uint64 (rows,); the same whether the table was read now or kept.
    """
    total = np.zeros(len(table), dtype=np.uint64)
    for name in sorted(set(table.column_names) - {PLACE, "sentence"}):
        total = total * _FACTOR + _hashed(table[name].combine_chunks())  # wraps around
    return total


def _hashed(column: pa.Array) -> np.ndarray:
    """The values of one column, each value hashed once, uint64."""
    codes = column.dictionary_encode()
    values = pd.util.hash_array(codes.dictionary.to_numpy(zero_copy_only=False), categorize=False)
    places = pc.fill_null(codes.indices, len(values)).to_numpy(zero_copy_only=False)
    return np.append(values, _NOTHING)[places]
