"""Tests of studies as training samples."""

import numpy as np
import pytest
import torch

from ich.data.studies import StudyDataModule, StudyDataset, collate_studies, feature_statistics
from ich.errors import DataError

N_SLICES = {"a": 3, "b": 7, "c": 5, "d": 4, "e": 6}


class MadeFeatures:
    """Four features a slice, the first its index, the second constant."""

    n_features = 4

    def read(self, study):
        values = np.random.default_rng(ord(study)).normal(5, 2, (N_SLICES[study], 4)).astype(np.float32)
        values[:, 0], values[:, 1] = np.arange(len(values)), 3.0
        return values


@pytest.fixture
def features():
    return MadeFeatures()


def test_a_study_comes_with_the_rows_and_labels_of_its_slices(store, features):
    sample = StudyDataset(features, store, studies=["d", "b"])[1]

    assert sample["features"].shape == (7, 4)
    assert store.slices["study"].iloc[sample["rows"].numpy()].unique().tolist() == ["b"]
    assert sample["labels"][:, 5].tolist() == [0, 1, 0, 1, 0, 1, 0]


def test_a_batch_is_padded_at_the_end_and_says_where(store, features):
    dataset = StudyDataset(features, store, studies=["a", "b"])

    batch = collate_studies([dataset[0], dataset[1]])

    assert batch["features"].shape == (2, 7, 4)
    assert batch["mask"].dtype == torch.bool
    assert batch["mask"].sum(1).tolist() == [3, 7]
    assert batch["mask"][0, :3].all()
    assert torch.isnan(batch["labels"][0, 3:]).all()
    assert (batch["rows"][0, 3:] == -1).all()
    assert (batch["features"][0, 3:] == 0).all()
    assert not torch.isnan(batch["labels"][batch["mask"]]).any()


def test_features_of_another_number_of_slices_are_refused(store):
    class Short(MadeFeatures):
        def read(self, study):
            return super().read(study)[:-1]

    with pytest.raises(DataError, match="features of study b: expected 7 slices as in the store, found 6"):
        StudyDataset(Short(), store, studies=["b"])[0]


def test_statistics_are_those_of_all_slices_at_once(features):
    mean, std = feature_statistics(features, ["a", "b", "c"])

    together = np.concatenate([features.read(study) for study in "abc"]).astype(np.float64)
    np.testing.assert_allclose(mean, together.mean(0), rtol=1e-6)
    np.testing.assert_allclose(std, together.std(0), rtol=1e-6, atol=1e-7)


def test_training_and_validation_studies_are_the_split(store, features):
    module = StudyDataModule(features, store, fold=0, batch_size=2)

    seen = [
        {store.slices["study"].iloc[int(row)] for batch in loader for row in batch["rows"][batch["mask"]]}
        for loader in (module.train_dataloader(), module.val_dataloader())
    ]

    assert seen == [{"b", "c", "d"}, {"a"}]


def test_the_order_of_studies_depends_on_seed_and_epoch(store, features):
    def order(seed):
        loader = StudyDataModule(features, store, fold=0, batch_size=1, seed=seed).train_dataloader()
        epochs = []
        for epoch in range(6):
            loader.sampler.set_epoch(epoch)
            epochs.append([int(batch["rows"][0, 0]) for batch in loader])
        return epochs

    assert order(1) == order(1)
    assert order(1) != order(2)
    assert len({tuple(epoch) for epoch in order(1)}) > 1
