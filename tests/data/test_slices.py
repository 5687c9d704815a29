"""Tests of the data module of slices: who is drawn, in which order, on how many workers."""

import numpy as np
import pytest
import torch

from ich.data.augment import Light
from ich.data.slices import SliceDataModule
from ich.store.several import open_stores


def _module(store, **options):
    return SliceDataModule(store.path, **({"fold": 0, "batch_size": 4, "workers": 0} | options))


def test_several_stores_are_drawn_by_their_shares(store, stranger):
    group = open_stores([store.path, stranger], share=[1, 3])
    module = SliceDataModule(group, fold=0, batch_size=4, workers=0)

    middles = torch.cat([batch["hu"][:, 0, 16, 16] for batch in module.train_dataloader()])

    assert len(middles) == 2 * (7 + 5 + 4)  # b, c and d of both, an epoch as long as without shares
    assert ((middles > 1000).sum() - 24).abs() <= 1
    assert {study[0] for study in module.split.validation} == {"a"}
    assert len(module.split.validation) == 2


def test_training_and_validation_are_the_split_and_never_the_test_fold(store):
    module = _module(store)

    seen = {
        name: {store.slices["study"].iloc[int(row)] for batch in loader for row in batch["row"]}
        for name, loader in [("train", module.train_dataloader()), ("validation", module.val_dataloader())]
    }

    assert seen == {"train": {"b", "c", "d"}, "validation": {"a"}}


def test_folds_left_out_are_in_neither_part(store):
    module = _module(store, leave_out=[1])

    assert module.split.train == ("d",)
    assert module.split.validation == ("a",)


@pytest.mark.parametrize("workers", [pytest.param(2, marks=pytest.mark.slow)])
def test_workers_change_nothing_in_any_epoch(store, workers):
    def epochs(number):
        loader = _module(store, augment=Light(), workers=number, seed=5).train_dataloader()
        for epoch in range(2):
            loader.sampler.set_epoch(epoch)
            yield [(batch["row"].tolist(), batch["hu"].sum().item()) for batch in loader]

    assert list(epochs(workers)) == list(epochs(0))


def test_validation_is_never_augmented_and_comes_in_order(store):
    module = _module(store, augment=Light(flip=1.0, move=1.0, tone=1.0))

    batches = list(module.val_dataloader())

    assert torch.cat([batch["hu"][:, 0, 16, 16] for batch in batches]).tolist() == [100, 101, 102]


def test_a_training_that_is_resumed_sees_what_it_had_not_seen(store):
    whole = [batch["row"].tolist() for batch in _module(store).train_dataloader()]
    module = _module(store)
    module.resume_after(2)

    rest = [batch["row"].tolist() for batch in module.train_dataloader()]

    assert rest == whole[2:]


def test_making_a_loader_and_drawing_from_it_leaves_the_global_random_state_alone(store):
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()

    list(_module(store, augment=Light()).train_dataloader())

    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]
