"""One number for all that is known of a file."""

import pyarrow as pa

from ich.store.listing.header_hash import hash_rows


def test_a_row_keeps_its_number_wherever_it_stands_and_whatever_its_place_or_its_reasons_words():
    table = pa.table(
        {"file": ["a", "b", "c"], "slope": [1.0, None, 2.0], "place": [0, 1, 2], "sentence": ["", "a", "b"]}
    )
    turned = table.take(pa.array([2, 0, 1])).select(["slope", "file", "place", "sentence"])
    turned = turned.set_column(2, "place", pa.array([0, 1, 2])).set_column(3, "sentence", pa.array(["", "x", "y"]))

    assert hash_rows(turned).tolist() == hash_rows(table)[[2, 0, 1]].tolist()


def test_each_value_counts_in_its_own_column_and_nothing_is_not_zero():
    rows = [(1.0, 0.0, "x"), (0.0, 1.0, "x"), (0.0, 0.0, "x"), (None, 0.0, "x"), (0.0, None, "x"), (0.0, 0.0, None)]
    table = pa.table(dict(zip(("slope", "intercept", "kernel"), map(list, zip(*rows, strict=True)), strict=True)))

    assert len(set(hash_rows(table).tolist())) == len(rows)
