"""Which sample comes when: orders that depend on seed and epoch alone, shared out over processes."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

from ich.data.draws import Draws, each_once, occurrences


class Item(NamedTuple):
    """A sample as it is drawn: workers that outlive an epoch still know which one it is."""

    number: int
    epoch: int = 0
    occurrence: int = 0  # how often it came in this epoch before: each time it is augmented anew


class TrainingSampler(Sampler[Item]):
    """Draws by (seed, epoch); every process draws equally many, so that all make the same number of steps."""

    def __init__(self, samples: int | Draws, *, seed: int, rank: int = 0, world: int = 1) -> None:
        """Share an epoch out over processes.

        Args:
            samples: how often each is drawn; a number draws so many samples once each.
            seed: of the order.
            rank: number of this process.
            world: how many there are.
        """
        self.draws = each_once(samples) if isinstance(samples, int) else samples
        self.seed, self.rank, self.world = seed, rank, world
        self.epoch = 0
        self.start = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next (Lightning does, at its start)."""
        self.epoch = epoch

    def go_on_after(self, n_batches: int, *, batch_size: int, limit: int | None = None) -> None:
        """Go on where a training stood after so many batches of this process, in the middle of an epoch or at its end.

        To be called before the loader is first asked: its workers start before Lightning says the epoch.

        Args:
            n_batches: done by this process, over all epochs.
            batch_size: samples of each.
            limit: batches after which the training cuts an epoch short; None takes all.
        """
        per_epoch = math.ceil(len(self) / batch_size)
        per_epoch = per_epoch if limit is None else min(per_epoch, limit)
        self.epoch, done = divmod(n_batches, per_epoch)
        self.start = done * batch_size

    def __len__(self) -> int:
        return math.ceil(self.draws.n_drawn / self.world)

    def __iter__(self) -> Iterator[Item]:
        """Yield this process' share of the epoch's order, from `start` on, once."""
        order = self.draws.order(np.random.default_rng([self.seed, self.epoch]))
        padded = np.resize(order, len(self) * self.world)  # the first ones come again until all processes have as many
        drawn = np.stack([padded, occurrences(padded)], axis=1)  # (N, 2)
        start, self.start = self.start, 0
        for number, occurrence in drawn[self.rank :: self.world][start:].tolist():
            yield Item(number, self.epoch, occurrence)


class ShardSampler(Sampler[Item]):
    """In order, every sample on one process.

    Where there are fewer samples than processes, those left over repeat one: a process without a batch would skip its
    validation and leave the others waiting for its rows. Rows are gathered by number, so it is counted once.
    """

    def __init__(self, n_samples: int, *, rank: int = 0, world: int = 1) -> None:
        """Share `n_samples` out over `world` processes, of which this is number `rank`."""
        self._numbers = range(rank, n_samples, world) or range(n_samples)[rank % max(n_samples, 1) :][:1]

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Item]:
        """Yield this process' share, always as epoch 0."""
        return iter([Item(number) for number in self._numbers])
