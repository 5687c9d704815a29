import dataclasses
import functools

import numpy as np
import pytest
import torch

from ich.data.slices import SliceDataModule
from ich.data.studies import StudyDataModule
from ich.learn.checkpoint import read_checkpoint
from ich.learn.fit import fit_sequence, fit_slices
from ich.learn.loop.overfit import PASSES_AN_EPOCH, FewBatches
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


def test_a_slice_net_learns_two_batches_by_heart(store, net, recipe, few_settings, unwatched, tmp_path):
    result = fit_slices(tmp_path, slices(store), net=net, recipe=recipe, settings=few_settings, watching=unwatched)

    assert result.metrics["log_loss"] < 0.1 * result.metrics["prevalence_log_loss"]


def test_a_sequence_net_learns_two_batches_by_heart(
    cnn_run, features, store, recipe, few_settings, unwatched, tmp_path
):
    data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=1)
    net = {"net": "SliceLSTM", "hidden": 32, "layers": 1, "dropout": 0.0}
    fast = dataclasses.replace(recipe, optimizer=functools.partial(torch.optim.AdamW, lr=1e-2))
    cnn = read_checkpoint(cnn_run[0])

    result = fit_sequence(tmp_path, data, net=net, cnn=cnn, recipe=fast, settings=few_settings, watching=unwatched)

    assert result.metrics["log_loss"] < 0.1 * result.metrics["prevalence_log_loss"]
