import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from ich.data.studies import StudyDataModule
from ich.errors import ConfigError
from ich.labels import LABELS
from ich.learn import components
from ich.learn.checkpoint import read_checkpoint
from ich.learn.components import principal_axes
from ich.learn.fit import fit_sequence

N_POOLED = 9


class Features:
    """Made features: pooled ones that hang together and lie far from zero, and logits behind them."""

    n_features = N_POOLED + len(LABELS)

    def __init__(self, lengths):
        rng = np.random.default_rng(0)
        mixing = rng.normal(size=(N_POOLED, N_POOLED)) * np.linspace(3, 0.1, N_POOLED)
        self.studies = {}
        for number, length in enumerate(lengths):
            pooled = rng.normal(size=(length, N_POOLED)) @ mixing.T + 100
            logits = rng.normal(size=(length, len(LABELS)))
            self.studies[f"s{number}"] = np.concatenate([pooled, logits], axis=1).astype(np.float32)

    def read(self, study):
        return self.studies[study]


@pytest.fixture
def made():
    return Features([5, 40, 23, 1])


def test_axes_are_those_of_scikit_learn(made):
    pooled = np.concatenate([values[:, :N_POOLED] for values in made.studies.values()]).astype(np.float64)
    expected = PCA(n_components=4, svd_solver="full").fit(pooled)

    mean, axes = principal_axes(made, list(made.studies), n_components=4)

    np.testing.assert_allclose(mean, expected.mean_, rtol=1e-6)
    signs = np.sign((axes.numpy() * expected.components_).sum(1, keepdims=True))
    np.testing.assert_allclose(axes, signs * expected.components_, atol=1e-4)


def test_the_largest_entry_of_an_axis_is_positive(made):
    axes = principal_axes(made, list(made.studies), n_components=N_POOLED)[1]

    assert (axes.gather(1, axes.abs().argmax(1, keepdim=True)) > 0).all()


def test_only_the_named_studies_count(made):
    mean, _ = principal_axes(made, ["s1", "s2"], n_components=2)

    expected = np.concatenate([made.read(study)[:, :N_POOLED] for study in ("s1", "s2")]).mean(0)
    np.testing.assert_allclose(mean, expected, rtol=1e-5)


def test_a_large_set_is_thinned_out_evenly(made, monkeypatch):
    monkeypatch.setattr(components, "MOST_SLICES", 10)  # four studies of five slices, as the first has them
    read = []
    monkeypatch.setattr(made, "read", lambda study: read.append(study) or made.studies[study])

    principal_axes(made, list(made.studies), n_components=2)

    assert read[1:] == ["s0", "s2"]  # the first of all was asked for its length


@pytest.mark.parametrize(("studies", "n_components"), [(["s0"], 6), (["s1"], 10), (["s1"], 0)])
def test_more_components_than_slices_or_features_are_refused(made, studies, n_components):
    with pytest.raises(ConfigError, match=rf"model\.net\.components={n_components}: expected 1 to"):
        principal_axes(made, studies, n_components=n_components)


def test_a_trained_net_keeps_the_components_of_its_training_studies(
    cnn_run, features, store, recipe, settings, unwatched, tmp_path
):
    data = StudyDataModule(features, store, fold=0, leave_out=[1], batch_size=2)
    net = {"net": "ComponentLSTM", "components": 5, "hidden": 8, "layers": 1}
    cnn = read_checkpoint(cnn_run[0])

    result = fit_sequence(tmp_path, data, net=net, cnn=cnn, recipe=recipe, settings=settings, watching=unwatched)

    checkpoint = read_checkpoint(result.best)
    mean, axes = principal_axes(features, ["s6", "s7"], n_components=5)
    assert checkpoint.facts["net"]["components"] == 5
    assert checkpoint.state_dict["axes"].shape == (5, features.n_features - 6)
    torch.testing.assert_close(checkpoint.state_dict["feature_mean"], mean)
    torch.testing.assert_close(checkpoint.state_dict["axes"], axes)
