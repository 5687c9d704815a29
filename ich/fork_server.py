"""Starts the server that our worker processes are forked from, deaf to the signals their parent decides about."""

import multiprocessing
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext


def fork_server(*, kept_from: Iterable[signal.Signals], preloaded: Iterable[str] = ()) -> ForkServerContext:
    """The context whose processes are forked from a server without threads: fork after threads of others is unsafe.

    A terminal sends Ctrl-C to each process in the foreground, and a scheduler SIGTERM: a worker that is met while it
    imports would print where it stood, and one that ends takes the work with it. A process has one server: whoever
    asks first decides.

    Args:
        kept_from: signals that reach neither the server nor what is forked from it, from its first moment.
        preloaded: modules imported once, before processes are forked.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preloaded))
    multiprocessing.resource_tracker.ensure_running()  # first: its own start unblocks SIGINT and SIGTERM
    before = signal.pthread_sigmask(signal.SIG_BLOCK, kept_from)  # what a process blocks, its children do too
    try:
        multiprocessing.forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return context


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until this ends, while workers are started: they would be left half begun.

    By a handler: a signal that one thread blocks finds another thread, such as those of numpy.
    """
    if threading.current_thread() is not threading.main_thread():  # is never interrupted
        yield
        return
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if asked:
        signal.raise_signal(signal.SIGINT)
