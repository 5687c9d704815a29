"""What one study leaves on disk."""

import blosc2
import numpy as np
import pytest

from ich.errors import DataError
from ich.sources.rsna import Rsna
from ich.store.store import Store
from ich.store.writing.write import is_telling


def test_noisy_brain_is_telling():
    assert is_telling(np.random.default_rng(0).normal(35, 40, (64, 64)).astype(np.int16))


@pytest.mark.parametrize(
    "hu",
    [
        np.full((64, 64), -1000, dtype=np.int16),
        np.random.default_rng(0).normal(-1000, 20, (64, 64)).astype(np.int16),
        np.full((64, 64), 30, dtype=np.int16),
    ],
    ids=["air", "noisy air", "a featureless disc"],
)
def test_slices_that_strangers_may_share_are_not_telling(hu):
    assert not is_telling(hu)


def test_an_array_has_a_chunk_a_slice_and_can_be_read_without_this_package(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path

    array = blosc2.open(str(next((path / "studies").glob("*.b2nd"))), mode="r")

    assert array.shape == (5, 32, 32)
    assert array.chunks == array.blocks == (1, 32, 32)
    assert array.dtype == np.int16


def test_no_half_written_file_stays(prepare, rsna_root):
    path = prepare(Rsna(rsna_root)).path

    assert not list(path.rglob("*.part"))
    assert {file.suffix for file in (path / "studies").iterdir()} == {".b2nd", ".json"}


def test_facts_of_other_settings_are_gone_before_a_new_array_is_written(prepare, rsna_root, monkeypatch):
    path = prepare(Rsna(rsna_root)).path

    def full_disk(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("ich.store.writing.write._write_array", full_disk)
    with pytest.raises(OSError, match="no space left"):
        prepare(Rsna(rsna_root), size=64)

    assert len(list((path / "studies").glob("*.json"))) == 8
    assert not list((path / "studies").glob("*.part"))
    with pytest.raises(DataError, match="expected a whole store, found one left halfway"):
        Store.open(path)
