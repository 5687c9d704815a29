"""One process that works for this one under limits of time and memory, and is replaced when they or a crash end it."""

import os
import pickle
import resource
import signal
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from ich.fork_server import fork_server

# Imported once, before processes are forked from the server.
PRELOADED = ("ich.store.listing.headers", "ich.store.writing.write")


@dataclass(frozen=True)
class Budget:
    """What one piece of work may take.

    Attributes:
        seconds: on the clock; a worker that takes longer is ended.
        memory: bytes of address space beyond what a worker has mapped before it begins.
    """

    seconds: float
    memory: int


@dataclass(frozen=True)
class Order:
    """A piece of work: a function importable by name, what it is called with, and its limits."""

    function: Callable[[Any], Any]
    item: Any
    budget: Budget


@dataclass(frozen=True)
class Done:
    """What the function returned."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """What the function raised."""

    error: Exception


@dataclass(frozen=True)
class Lost:
    """The work took its worker with it, or all its memory: `decoder_crashed`, `decoder_timeout` or `out_of_memory`."""

    code: str


Outcome = Done | Failed | Lost


class Worker:
    """A process of its own, one order at a time.

    Started fresh (forkserver), so that it is safe beside threads; it ends when this process ends.
    """

    def __init__(self) -> None:
        self._start()

    @property
    def connection(self) -> Connection:
        """Ready for reading once `outcome` won't have to wait."""
        return self._connection

    def give(self, order: Order) -> None:
        """Hand over an order; the worker must have none."""
        with suppress(BrokenPipeError):  # it died idle: `outcome` finds the closed pipe and says so
            self._connection.send(order)

    def outcome(self) -> Outcome:
        """Wait for what became of the order; a worker that was lost is there anew afterwards."""
        try:
            outcome = self._connection.recv()
        except (EOFError, ConnectionResetError):
            self._process.join()
            outcome = Lost("decoder_timeout" if self._process.exitcode == -signal.SIGALRM else "decoder_crashed")
            self.stop()
            self._start()
        assert isinstance(outcome, Outcome)
        return outcome

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> None:
        context = fork_server(kept_from=[signal.SIGINT], preloaded=PRELOADED)
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()  # or its end would stay open here when the worker dies


def _serve(connection: Connection) -> None:
    """Carry out orders until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that gives orders decides what an interruption means
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even inside a decoder
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries in C complain of each damaged picture there
    _work_with_one_thread()
    before = _mapped_bytes()
    while True:
        try:
            outcome = _carry_out(connection.recv(), mapped_bytes=before)
        except EOFError:
            return
        except Exception as error:  # the order couldn't be read: our own mistake, told where it can be seen
            outcome = Failed(_sendable(error))
        try:
            connection.send(outcome)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            connection.send(Failed(_sendable(error)))


def _carry_out(order: Order, *, mapped_bytes: int | None) -> Outcome:
    limits = resource.getrlimit(resource.RLIMIT_AS)
    if mapped_bytes is not None:
        lowest = [limit for limit in (mapped_bytes + order.budget.memory, limits[0]) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min(lowest), limits[1]))
    signal.setitimer(signal.ITIMER_REAL, order.budget.seconds)
    try:
        return Done(order.function(order.item))
    except MemoryError:
        return Lost("out_of_memory")
    except Exception as error:  # raised again where the order came from
        return Failed(_sendable(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def _sendable(error: Exception) -> Exception:
    """The error with its traceback as a note; another of the same words where it doesn't survive being sent."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # whatever an error's own way of being packed raises
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _mapped_bytes() -> int | None:
    """Address space of this process; None where the system doesn't tell (then memory isn't limited)."""
    sizes = Path("/proc/self/statm")  # proc(5): the first number counts pages
    return int(sizes.read_text().split()[0]) * resource.getpagesize() if sizes.exists() else None


def _work_with_one_thread() -> None:
    """Processes share the cores already; threads inside them would only fight."""
    import cv2

    cv2.setNumThreads(1)
