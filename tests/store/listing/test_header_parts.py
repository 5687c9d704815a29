"""Headers read in parts, by several shards."""

import pytest

from ich.dicom.files import find_files
from ich.store.keys import HashKey
from ich.store.listing.header_parts import n_parts, read_in_parts, remove_parts
from ich.store.listing.headers import PLACE, file_table, read_header_table, with_keys
from ich.store.sharing.claims import Claims
from ich.store.sharing.shards import Share

KEY = HashKey(b"secret key", "file")


def hashed(table):
    return with_keys(table, source="a", key=KEY)


@pytest.fixture
def root(tmp_path, write_study):
    for number in (1, 2, 3):
        write_study(tmp_path / "export", number)
    (tmp_path / "export" / "letter.txt").write_text("x")
    return tmp_path / "export"


@pytest.fixture
def read(tmp_path, root):
    """Reads the folder as one of three shards; gives the table, and the names of the files that this call read."""

    def run(number, *, claims=None):
        files = find_files(root)
        names = []

        def watched(table):
            names.extend(table["file"].to_pylist())
            return hashed(table)

        table = read_in_parts(
            files,
            listed=file_table(files, root),
            path=tmp_path / "store",
            share=Share(number, 3),
            hashed=watched,
            processes=0,
            claims=claims,
        )
        return table, names

    return run


def test_parts_put_together_are_the_table_of_all_files(read, root):
    files = find_files(root)

    table, _ = read(0)

    assert table.equals(hashed(read_header_table(files, listed=file_table(files, root), processes=0)))
    assert table[PLACE].to_pylist() == list(range(len(files)))


def test_what_one_shard_has_read_another_does_not_read_again(read):
    _, first = read(1)

    table, second = read(2)

    assert len(first) == len(table) == 16
    assert second == []


def test_a_part_that_a_killed_shard_had_claimed_is_taken_over(read, tmp_path):
    (tmp_path / "store" / "headers").mkdir(parents=True)
    (tmp_path / "store" / "headers" / "part-0001-of-0003.claim").touch()

    table, names = read(0, claims=Claims(0.2))

    assert len(names) == len(table) == 16
    assert not list((tmp_path / "store").rglob("*.claim"))


def test_only_the_part_of_a_file_that_changed_is_read_again(read, root):
    read(0)
    (root / "letter.txt").write_text("another letter")

    _, names = read(1)

    assert "letter.txt" in names
    assert len(names) < 8


def test_nothing_in_a_part_may_name_a_person(read, tmp_path):
    read(0)

    kept = b"".join(file.read_bytes() for file in (tmp_path / "store").rglob("*.parquet"))
    assert b"patient 1" not in kept
    assert KEY.patient("a", "patient 1").encode() in kept


def test_parts_go_once_nobody_needs_them(read, tmp_path):
    read(0)

    remove_parts(tmp_path / "store")

    assert not (tmp_path / "store" / "headers").exists()


def test_a_small_data_set_is_one_part_and_a_large_one_several_a_shard():
    assert n_parts(10, Share()) == 1
    assert n_parts(752_803, Share()) == 12
    assert n_parts(752_803, Share(3, 64)) == 64
