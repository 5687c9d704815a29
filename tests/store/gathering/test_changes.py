"""What is said of a store that a preparation changed."""

import time

import pytest

from ich.sources.folder import Folder
from ich.store.gathering.changes import change_notes, series_notes
from ich.store.gathering.folds import FoldOptions
from ich.store.gathering.record import Asked
from ich.store.settings import StoreSettings
from ich.store.sharing.shards import Share


@pytest.fixture
def asked(tmp_path):
    def made(earlier):
        settings = StoreSettings("folder", 32, 5.0, "key")
        return Asked(Folder(tmp_path), settings, FoldOptions(3, 0.2, 0), None, Share(), earlier, time.monotonic())

    return made


def test_a_new_store_has_no_changes(asked):
    assert list(change_notes(asked(None), before={}, after={"p": 0})) == []


def test_patients_who_moved_are_counted_apart_from_those_who_changed_sides(asked):
    earlier = {"settings": {"size": 32}, "split": None}

    [note] = change_notes(asked(earlier), before={"p": -1, "q": 0, "r": 1}, after={"p": 0, "q": 1, "r": 1, "s": 0})

    assert "anew: 2 of 3 patients changed their fold, 1 between test and training" in note


def test_studies_of_which_other_series_are_read_are_counted():
    before = {("1", "p"): frozenset({"a"}), ("2", "p"): frozenset({"b", "c"}), ("3", "q"): frozenset({"d"})}
    after = {("1", "p"): frozenset({"a"}), ("2", "p"): frozenset({"b"}), ("4", "q"): frozenset({"e"})}

    [note] = series_notes(before, after)

    assert note.startswith("1 study is read from another series than before")
    assert series_notes(before, before) == []
