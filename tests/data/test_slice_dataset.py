"""Tests of slices as training samples: what a batch holds, neighbours, augmentation, mixup."""

import pytest
import torch

from ich.data.augment import Light, Unchanged
from ich.data.mixup import PARTNER, SHARE
from ich.data.sampling import Item
from ich.data.slice_dataset import SliceDataset
from ich.dicom.geometry.neighbours import Neighbours


def test_a_batch_holds_hu_labels_and_rows_of_the_store(store):
    dataset = SliceDataset(store, ["b", "d"])

    batch = dataset.__getitems__([Item(2, 0), Item(8, 0)])

    assert {name: value.dtype for name, value in batch.items()} == {
        "hu": torch.int16,
        "labels": torch.float32,
        "row": torch.int64,
    }
    assert batch["hu"].shape == (2, 1, 32, 32)
    assert batch["hu"][:, 0, 16, 16].tolist() == [202, 401]  # slice 2 of b, slice 1 of d
    rows = store.slices.iloc[batch["row"].numpy()]
    assert rows[["study", "index"]].values.tolist() == [["b", 2], ["d", 1]]
    assert batch["labels"][0].tolist() == [0.0] * 6
    assert torch.isnan(batch["labels"][1, 0])
    assert batch["labels"][1, 1:].tolist() == [1.0] * 5


def test_neighbours_are_mirrored_at_the_ends_of_their_own_study(store):
    dataset = SliceDataset(store, ["a", "b"], neighbours=Neighbours(2))

    batch = dataset.__getitems__([Item(0, 0), Item(2, 0), Item(3, 0)])

    middles = batch["hu"][:, :, 16, 16].tolist()
    assert middles == [[102, 101, 100, 101, 102], [100, 101, 102, 101, 100], [202, 201, 200, 201, 202]]


def test_neighbours_by_distance_go_by_the_positions_of_the_store(store):
    dataset = SliceDataset(store, ["b"], neighbours=Neighbours(1, apart_mm=10.0))  # slices are 5 mm apart

    batch = dataset.__getitems__([Item(0, 0), Item(3, 0)])

    assert batch["hu"][:, :, 16, 16].tolist() == [[202, 200, 202], [201, 203, 205]]


def test_a_sample_is_augmented_by_seed_epoch_row_and_occurrence_and_nothing_else(store):
    def hu(numbers, *, seed=0, epoch=0, occurrence=0, studies=("b", "c")):
        dataset = SliceDataset(store, studies, augment=Light(), seed=seed)
        return dataset.__getitems__([Item(number, epoch, occurrence) for number in numbers])["hu"]

    assert torch.equal(hu([1, 2, 3])[2], hu([3])[0])
    assert torch.equal(hu([8])[0], hu([1], studies=("c",))[0])
    assert not torch.equal(hu(range(7)), hu(range(7), epoch=1))
    assert not torch.equal(hu(range(7)), hu(range(7), seed=1))
    assert not torch.equal(hu(range(7)), hu(range(7), occurrence=1))


def test_a_training_batch_is_mixed_by_seed_epoch_and_rows_and_hu_stay_as_they_are(store):
    dataset = SliceDataset(store, ["b", "d"], augment=Unchanged(mixup=0.4))
    plain = SliceDataset(store, ["b", "d"])

    items = [Item(2, 1), Item(8, 1), Item(3, 1)]
    batch, again = dataset.__getitems__(items), dataset.__getitems__(items)

    assert torch.equal(batch["hu"], plain.__getitems__(items)["hu"])
    assert all(torch.equal(batch[name], again[name]) for name in (PARTNER, SHARE))
    assert not torch.equal(batch[SHARE], dataset.__getitems__([Item(2, 2), Item(8, 2), Item(3, 2)])[SHARE])


@pytest.mark.parametrize("augment", [None, Light()], ids=["none", "light"])
def test_without_mixup_a_batch_says_nothing_of_it(store, augment):
    assert set(SliceDataset(store, ["b"], augment=augment)[0]) == {"hu", "labels", "row"}
