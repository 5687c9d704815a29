"""How often each slice is drawn in an epoch: alike, in balance, the middle of heads, or by shares of several stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ich.errors import DataError, out_of_range
from ich.labels import LABELS, label_index
from ich.store.several import StoreGroup
from ich.store.store import Store

ANY = label_index("any")
SUBTYPES = [number for number in range(len(LABELS)) if number != ANY]


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each sample comes in an epoch, on average.

    Attributes:
        expected: float64 (N,), 0 or more; in an epoch a sample comes this often, rounded down or up by chance.
        strata: int64 (N,); the samples of a stratum together come as often as they are expected to, within one.
    """

    expected: np.ndarray
    strata: np.ndarray

    def __post_init__(self) -> None:
        assert self.expected.shape == self.strata.shape

    @property
    def n_drawn(self) -> int:
        """Samples in an epoch."""
        return round(float(self.expected.sum()))

    def order(self, rng: np.random.Generator) -> np.ndarray:
        """Numbers of the samples of one epoch in their order, int64 (n_drawn,).

        Source: Madow 1949, systematic sampling with unequal probabilities, over samples in random order.
        """
        mixed = rng.permutation(len(self.expected))
        if (self.expected == 1).all():
            return mixed
        mixed = mixed[np.argsort(self.strata[mixed], kind="stable")]
        ends = np.cumsum(self.expected[mixed])
        ends *= self.n_drawn / max(ends[-1], 1e-300)
        times = np.diff(np.floor(ends + rng.random()), prepend=0.0).astype(np.int64)
        return rng.permutation(np.repeat(mixed, times))


def shared(draws: Draws, groups: np.ndarray, *, shares: Sequence[float]) -> Draws:
    """The same draws with each group of samples drawn as often as its share of the epoch says.

    Args:
        draws: how often samples are drawn within their group, in proportion.
        groups: int64 (N,), numbers from 0.
        shares: of each group; a group without samples leaves its share to the others.
    """
    n_groups = len(shares)
    sums = np.bincount(groups, weights=draws.expected, minlength=n_groups)
    wanted = np.where(sums > 0, shares, 0.0)
    factors = draws.n_drawn * wanted / (wanted.sum() * np.where(sums > 0, sums, 1.0))
    return Draws(draws.expected * factors[groups], draws.strata * n_groups + groups)


def shared_draws(draws: Draws, store: Store, *, studies: Sequence[str]) -> Draws:
    """Draws of some samples by the shares of the stores they come from; unchanged where no shares were asked for.

    Args:
        draws: how often samples are drawn, whichever store they are from.
        store: one store, or several as one.
        studies: study key of each sample.
    """
    if not isinstance(store, StoreGroup) or store.share is None:
        return draws
    numbers = np.array([store.numbers[study] for study in studies], dtype=np.int64)
    return shared(draws, numbers, shares=store.share)


def each_once(n_samples: int) -> Draws:
    """Every sample once."""
    return Draws(np.ones(n_samples), np.zeros(n_samples, dtype=np.int64))


class Sampling(Protocol):
    """Says how often slices are drawn; a new way needs nothing but this call."""

    def __call__(self, labels: np.ndarray, studies: np.ndarray) -> Draws:
        """How often slices are drawn.

        Args:
            labels: float32 (N, L) with nan for unknown.
            studies: int64 (N,), number of each slice's study; a study's slices together, feet to head.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class AllSlices:
    """Every slice once an epoch."""

    def __call__(self, labels: np.ndarray, studies: np.ndarray) -> Draws:
        """Each once, whatever its labels."""
        return each_once(len(labels))


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """As many slices with any hemorrhage as without, rare kinds more often; an epoch stays as long as it was.

    A positive slice comes in proportion to the largest (n of the commonest kind / n of its kind) ** rarity over its
    kinds; a slice of which no kind is known counts as the commonest. A slice of which `any` is unknown counts as
    negative, unless a kind of it is positive. Probabilities of a net that learned so are too high until calibrated.

    Source: Gupta et al. 2019, LVIS, repeat factors (rarity 0.5).

    Attributes:
        positive: share of positive slices, above 0 and below 1.
        rarity: 0 draws all kinds alike, 0.5 by the root of how rare they are, 1 so that all kinds come equally often.
    """

    positive: float = 0.5
    rarity: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.positive < 1:
            raise out_of_range(
                "sampling.positive", self.positive, expected="above 0 and below 1", advice="0.5 is usual"
            )
        if not 0 <= self.rarity <= 1:
            raise out_of_range("sampling.rarity", self.rarity, expected="0 to 1", advice="0.5 is usual")

    def __call__(self, labels: np.ndarray, studies: np.ndarray) -> Draws:
        """By labels alone.

        Raises:
            DataError: no slice with a hemorrhage, or none without.
        """
        is_positive = (labels == 1).any(axis=1)  # (N,)
        n_positive = int(is_positive.sum())
        if n_positive in (0, len(labels)):
            raise DataError(
                f"sampling=balanced: expected slices with and without hemorrhage to train on, found {n_positive} of "
                f"{len(labels)} with; use sampling=all"
            )
        expected = np.empty(len(labels))
        expected[is_positive] = rarities(labels[is_positive]) ** self.rarity
        expected[is_positive] *= self.positive * len(labels) / expected[is_positive].sum()
        expected[~is_positive] = (1 - self.positive) * len(labels) / (len(labels) - n_positive)
        return Draws(expected, is_positive.astype(np.int64))


@dataclass(frozen=True, kw_only=True)
class Centre:
    """A few slices of each study an epoch, more of its middle than of its ends.

    Slice i of n is drawn in proportion to max(1, min(i, n - 1 - i) / step): the outermost `step` slices at either end
    alike and seldom, then ever more often towards the middle.

    Source: first place of the challenge, SeuTao/RSNA2019_Intracranial-Hemorrhage-Detection,
    2DNet/src/dataset/dataset.py (weights rounded down there).

    Attributes:
        slices_a_study: drawn from each study in an epoch.
        step: slices after which the weight has grown by one.
    """

    slices_a_study: int = 4
    step: int = 4

    def __post_init__(self) -> None:
        for name in ("slices_a_study", "step"):
            if getattr(self, name) < 1:
                raise out_of_range(f"sampling.{name}", getattr(self, name), expected="1 or more")

    def __call__(self, labels: np.ndarray, studies: np.ndarray) -> Draws:
        """By place in the study alone."""
        weights, starts, counts = np.empty(len(studies)), *_runs(studies)
        for start, count in zip(starts, counts, strict=True):
            place = np.arange(count)
            weight = np.maximum(1, np.minimum(place, count - 1 - place) / self.step)
            weights[start : start + count] = self.slices_a_study * weight / weight.sum()
        return Draws(weights, studies.astype(np.int64))


def rarities(labels: np.ndarray) -> np.ndarray:
    """For each positive slice how many times rarer than the commonest kind its rarest kind is; float64 (N,), 1 or more.

    Args:
        labels: (N, L) with nan for unknown.
    """
    is_kind = labels[:, SUBTYPES] == 1  # (N, 5)
    counts = np.maximum(is_kind.sum(axis=0), 1)
    return np.where(is_kind, counts.max() / counts, 1.0).max(axis=1)


def occurrences(order: np.ndarray) -> np.ndarray:
    """How often each number of an order came before it, int64 (N,); 0 where it comes first.

    >>> occurrences(np.array([7, 3, 7, 7, 3])).tolist()
    [0, 0, 1, 2, 1]
    """
    by_number = np.argsort(order, kind="stable")
    starts, counts = _runs(order[by_number])
    before = np.empty(len(order), dtype=np.int64)
    before[by_number] = np.arange(len(order)) - np.repeat(starts, counts)
    return before


def _runs(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row and number of rows of each run of one number."""
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1))
    return starts, np.diff(starts, append=len(numbers))
