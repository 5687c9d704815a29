"""Text columns of the header table, and its rows by what such a column says."""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


class TextColumn:
    """A text column: each value once, and a number a row."""

    def __init__(self, table: pa.Table, name: str) -> None:
        encoded = pc.fill_null(table[name], "").combine_chunks().dictionary_encode()
        self.values: list[str] = encoded.dictionary.to_pylist()
        self.numbers: np.ndarray = encoded.indices.to_numpy()

    def __getitem__(self, row: int) -> str:
        return self.values[self.numbers[row]]

    def among(self, wanted: Collection[str], *, rows: np.ndarray) -> np.ndarray:
        """Whether the value of each of some rows is one of these, bool (rows,)."""
        return np.array([self.values[number] in wanted for number in self.numbers[rows].tolist()], dtype=bool)

    def of(self, rows: np.ndarray) -> list[str]:
        """The values of some rows, each once, sorted."""
        return sorted(self.values[number] for number in np.unique(self.numbers[rows]))


def group_column(table: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    """One text a row that is equal where all the columns are."""
    return pa.chunked_array(
        [pc.binary_join_element_wise(*(pc.fill_null(table[name], "").combine_chunks() for name in names), "\0")]
    )


def split_by(rows: np.ndarray, groups: np.ndarray) -> list[np.ndarray]:
    """Rows by group number; within a group they keep their order."""
    order = np.argsort(groups, kind="stable")
    cuts = np.flatnonzero(np.diff(groups[order])) + 1
    return np.split(rows[order], cuts) if len(rows) else []
