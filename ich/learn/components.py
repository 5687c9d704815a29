"""What a sequence net does to features before its own layers, measured on training studies: moments or components."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ich.data.studies import FeatureReader, feature_statistics
from ich.errors import ConfigError
from ich.labels import LABELS

MOST_SLICES = 32_032  # as Burduja's released code: the first 1,001 batches of 32; more change the axes little


def fit_input(net: Any, features: FeatureReader, *, studies: Sequence[str]) -> None:
    """Let an untrained sequence net take features as its training studies have them; it stays in its tensors.

    Args:
        net: takes principal components (`set_components`) or standardised features (`set_standardisation`).
        features: of these studies.
        studies: training studies.

    Raises:
        ConfigError: more components than slices or features.
    """
    if hasattr(net, "set_components"):
        net.set_components(*principal_axes(features, studies, n_components=net.components))
    else:
        net.set_standardisation(*feature_statistics(features, studies))


def principal_axes(features: FeatureReader, studies: Sequence[str], *, n_components: int) -> tuple[Tensor, Tensor]:
    """Mean and principal axes of what a slice net pools, over slices of training studies, evenly spread.

    The covariance is summed up study by study in float64, and its eigenvectors of the largest eigenvalues taken; the
    largest entry of each is positive, so that the same features give the same axes.

    Args:
        features: pooled activations and the L logits behind them, which are left out.
        studies: training studies.
        n_components: axes (K).

    Returns:
        float32 mean (F - L,) and axes (K, F - L), of unit length, not whitened.

    Raises:
        ConfigError: fewer slices or features than components.
    """
    n_pooled = features.n_features - len(LABELS)
    count, total, products = 0, np.zeros(n_pooled), np.zeros((n_pooled, n_pooled))
    shift: np.ndarray | None = None  # the first study's mean: keeps the sums small
    for study in _evenly_spread(features, studies):
        values = np.asarray(features.read(study)[:, :n_pooled], dtype=np.float64)  # (S, F - L)
        shift = values.mean(0) if shift is None else shift
        values = values - shift
        count, total, products = count + len(values), total + values.sum(0), products + values.T @ values
    if shift is None or not 1 <= n_components <= min(count, n_pooled):
        raise ConfigError(
            f"model.net.components={n_components}: expected 1 to {min(count, n_pooled)} (training slices: {count}, "
            f"features of a slice: {n_pooled}), found {n_components}; set model.net.components"
        )
    mean = total / count
    _, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))  # ascending
    axes = vectors[:, ::-1][:, :n_components].T  # (K, F - L)
    largest = np.take_along_axis(axes, np.abs(axes).argmax(1)[:, None], axis=1)
    axes = axes * np.where(largest < 0, -1.0, 1.0)
    return torch.from_numpy((mean + shift).astype(np.float32)), torch.from_numpy(axes.astype(np.float32))


def _evenly_spread(features: FeatureReader, studies: Sequence[str]) -> Sequence[str]:
    """As many studies as have MOST_SLICES slices or somewhat fewer, judged by the first."""
    if not studies:
        return studies
    slices = len(features.read(studies[0])) * len(studies)
    return studies[:: -(-slices // MOST_SLICES)]
