"""Text columns of the header table."""

import numpy as np
import pyarrow as pa

from ich.store.listing.text_column import TextColumn, group_column, split_by

TABLE = pa.table({"code": ["b", None, "a", "b"], "uid": ["1", "1", None, "2"]})


def test_a_missing_text_is_an_empty_one():
    codes = TextColumn(TABLE, "code")

    assert [codes[row] for row in range(4)] == ["b", "", "a", "b"]
    assert codes.of(np.array([0, 1, 3])) == ["", "b"]
    assert codes.among({"b", ""}, rows=np.array([1, 2, 3])).tolist() == [True, False, True]


def test_rows_belong_together_where_all_the_columns_are_equal():
    groups = group_column(pa.concat_tables([TABLE, TABLE]), ("code", "uid")).to_pylist()

    assert groups[:4] == groups[4:]
    assert len(set(groups)) == 4


def test_rows_keep_their_order_within_a_group():
    assert [rows.tolist() for rows in split_by(np.array([7, 3, 5]), np.array([1, 0, 1]))] == [[3], [7, 5]]
    assert split_by(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)) == []
