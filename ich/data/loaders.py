"""Loaders over our samplers: worker processes, their start, and the share of the global batch a process takes."""

import os
import signal
from collections.abc import Callable
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from ich.errors import ConfigError, out_of_range
from ich.fork_server import fork_server

MOST_WORKERS = 8  # a slice takes 0.1 ms to read: more than eight feed any GPU only with more overhead


def share_of_batch(batch_size: int, processes: int, *, option: str = "data.batch_size") -> int:
    """Samples a step that one of `processes` takes of the global batch.

    Raises:
        ConfigError: an empty batch, or one that can't be shared out evenly.
    """
    if batch_size < 1:
        raise out_of_range(option, batch_size, expected="1 or more")
    if batch_size % processes:
        raise ConfigError(
            f"{option}={batch_size}: expected a multiple of {processes} (the processes of this training), "
            f"found {batch_size}; set {option}"
        )
    return batch_size // processes


def n_workers(asked: int | None, processes: int) -> int:
    """Loader processes of a training process.

    Args:
        asked: a number, or None to go by the cores this process may use: none on two cores (they gain nothing there).
        processes: training processes of this machine, which share its cores.

    Raises:
        ConfigError: a negative number.
    """
    if asked is not None and asked < 0:
        raise out_of_range("data.workers", asked, expected="0 or more, or null")
    if asked is not None:
        return asked
    cores = len(os.sched_getaffinity(0)) // processes
    return 0 if cores <= 2 else min(MOST_WORKERS, cores - 1)


def make_loader(
    dataset: Dataset[Any],
    sampler: Sampler[Any],
    *,
    batch_size: int,
    workers: int,
    seed: int,
    collate: Callable[[Any], Any],
) -> DataLoader[Any]:
    """Make a loader that draws nothing from torch's global random state and starts workers safely."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=sampler,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=workers > 0,
        multiprocessing_context=_worker_context() if workers else None,
        worker_init_fn=_start_worker if workers else None,
        generator=torch.Generator().manual_seed(seed),
    )


def as_read(batch: Any) -> Any:
    """Collate nothing: the data set already wrote into the batch."""
    return batch


def _worker_context() -> Any:
    """Workers are forked from a server that has no threads: fork after threads of torch or blosc2 is unsafe.

    Server and workers leave Ctrl-C and SIGTERM to the training they serve: terminal and scheduler send them to each
    process, and a training that is to write its checkpoint needs its next batch. They end with their parent.
    """
    return fork_server(kept_from=(signal.SIGINT, signal.SIGTERM), preloaded=["ich.data.slice_dataset"])


def _start_worker(_number: int) -> None:
    cv2.setNumThreads(0)  # workers are the parallelism; threads inside them would fight over the same cores
