"""A few batches learned by heart, and what would keep a net from it."""

import dataclasses
import functools

import numpy as np
import pytest
import torch

from ich.data.augment import Light
from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.learn.checkpoint import read_checkpoint
from ich.learn.fit import fit_sequence, fit_slices
from ich.learn.loop.overfit import PASSES_AN_EPOCH, FewBatches, without_smoothing
from ich.learn.losses import WeightedBCE
from ich.metrics.log_loss import weighted_log_loss


def slices(store, **numbers) -> SliceDataModule:
    return SliceDataModule(store.path, **{"fold": 0, "leave_out": [2], "batch_size": 6, "workers": 0, **numbers})


@pytest.fixture(scope="module")
def few_settings(settings):
    return dataclasses.replace(settings, max_epochs=2, overfit_batches=2)


def test_the_same_batches_come_again_and_again(store):
    few = FewBatches(slices(store), 2)

    rows = [batch["row"].tolist() for batch in few.train_dataloader()]

    assert rows == rows[:2] * PASSES_AN_EPOCH
    assert [batch["row"].tolist() for batch in few.val_dataloader()] == rows[:2]


def test_they_are_the_first_of_the_training(store):
    few = FewBatches(slices(store), 2)

    rows = [batch["row"].tolist() for batch in few.train_dataloader()][:2]

    assert rows == [batch["row"].tolist() for batch in slices(store).train_dataloader()][:2]


def test_a_training_goes_on_where_it_stood(store):
    whole = [batch["row"].tolist() for batch in FewBatches(slices(store), 2).train_dataloader()]
    few = FewBatches(slices(store), 2)
    few.resume_after(len(whole) + 3)

    assert [batch["row"].tolist() for batch in few.train_dataloader()] == whole[3:]


def test_the_prevalence_answer_is_that_of_the_batches(store):
    few = FewBatches(slices(store), 2)
    labels = np.concatenate([batch["labels"].numpy() for batch in list(few.train_dataloader())[:2]])
    shares = np.nanmean(labels[:, 1:], axis=0)  # epidural is known nowhere
    answer = np.broadcast_to(np.concatenate([[0.5], shares]), labels.shape)

    assert few.prevalence_log_loss() == pytest.approx(weighted_log_loss(labels, answer))


@pytest.fixture
def learned(store, net, recipe, few_settings, unwatched, tmp_path):
    """Trains a slice net on two batches, and gives its log loss as a share of the prevalence answer's."""

    def run(*, dropout=0.0, augment=None, label_smoothing=0.0, **numbers):
        result = fit_slices(
            tmp_path,
            slices(store, augment=augment),
            net={**net, "drop_rate": dropout},
            recipe=dataclasses.replace(recipe, loss=WeightedBCE([1, 1, 1, 1, 1, 2], label_smoothing)),
            settings=dataclasses.replace(few_settings, **numbers),
            watching=unwatched,
        )
        return result.metrics["log_loss"] / result.metrics["prevalence_log_loss"]

    return run


def slow(hindrance):
    return pytest.param(hindrance, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "hindrance",
    [
        {"dropout": 1.0},
        *map(slow, ({"augment": Light(mixup=1.0)}, {"label_smoothing": 0.3}, {"accumulate": 20}, {"limit_batches": 1})),
    ],
    ids=lambda hindrance: next(iter(hindrance)),
)
def test_a_slice_net_learns_two_batches_by_heart_whatever_would_hinder_it(hindrance, learned):
    assert learned(**hindrance) < 0.1


@pytest.mark.parametrize("name", ["SliceLSTM", "ComponentLSTM"])
def test_a_sequence_net_learns_two_batches_by_heart_in_spite_of_its_dropout(
    name, cnn_run, features, store, recipe, few_settings, unwatched, tmp_path
):
    data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=1)
    own = {"components": 4, "head_dropout": 0.95} if name == "ComponentLSTM" else {}
    net = {"net": name, "hidden": 32, "layers": 2, "dropout": 0.95, **own}
    fast = dataclasses.replace(recipe, optimizer=functools.partial(torch.optim.AdamW, lr=1e-2))
    cnn = read_checkpoint(cnn_run[0])

    result = fit_sequence(tmp_path, data, net=net, cnn=cnn, recipe=fast, settings=few_settings, watching=unwatched)

    assert result.metrics["log_loss"] < 0.1 * result.metrics["prevalence_log_loss"]


def test_only_the_few_batches_are_drawn_without_what_hinders(store):
    data = slices(store, augment=Light(mixup=1.0))

    FewBatches(data, 2)

    assert data.augment == Light(mixup=1.0)


def test_the_loss_that_was_handed_in_is_left_as_it_was():
    smoothed = WeightedBCE([1, 1, 1, 1, 1, 2], label_smoothing=0.3)

    assert without_smoothing(smoothed).label_smoothing == 0
    assert smoothed.label_smoothing == 0.3
