"""Runs one function over many items in this process or in several, without holding all items at once."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

PRELOADED = ("ich.store.headers", "ich.store.write")  # imported once, before processes are forked from the server
IN_FLIGHT = 4  # items a process that are handed over ahead of its work


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], *, processes: int) -> Iterator[Result]:
    """Yield the results as they come, in any order.

    Args:
        function: importable by name, as it is sent to other processes.
        items: consumed only as fast as the work goes.
        processes: 1 works in this process; more start fresh ones (forkserver), safe beside threads.
    """
    if processes <= 1:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_work_with_one_thread)
    try:
        left = iter(items)
        waiting = {pool.submit(function, item) for item in islice(left, IN_FLIGHT * processes)}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            waiting |= {pool.submit(function, item) for item in islice(left, len(done))}
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _work_with_one_thread() -> None:
    """Processes share the cores already; threads inside them would only fight."""
    import cv2

    cv2.setNumThreads(1)
