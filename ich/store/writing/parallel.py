"""Runs one function over many items in this process or in several, without holding all items at once.

Items hold strangers' files, and a decoder may crash, stall or ask for all memory. That costs the file, not the work:
the worker is replaced, the item's files are tried one by one to find the guilty, and the item is done again without.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from multiprocessing.connection import wait
from typing import Any, Protocol, TypeVar

from ich.errors import DataError
from ich.store.writing.workers import Budget, Failed, Lost, Order, Outcome, Worker

Item = TypeVar("Item")
Result = TypeVar("Result")
Course = Generator[Order, Outcome, Any]


class Guard(Protocol[Item]):
    """What is known of a kind of items, so that one bad file costs only itself."""

    def budget(self, item: Item) -> Budget:
        """What the item may take in all."""

    def parts(self, item: Item) -> Sequence[tuple[Any, Budget]]:
        """What `probe` can try alone (a file each), with what each may take; never empty."""

    @property
    def probe(self) -> Callable[[Any], object]:
        """Reads one part and throws it away; what it raises or returns doesn't matter. Importable by name."""

    def without(self, item: Item, lost: Mapping[int, str]) -> Item:
        """The item with some parts, by their index, taken as unreadable for the reason code given."""


def in_parallel(
    function: Callable[[Item], Result], items: Iterable[Item], *, processes: int, guard: Guard[Item]
) -> Iterator[Result]:
    """Yield the results as they come, in any order; what the function raises is raised here.

    Args:
        function: importable by name, as it is sent to other processes.
        items: consumed only as fast as the work goes, one a process.
        processes: 0 works in this process, without protection (for tests and debuggers); 1 and more start workers.
        guard: the limits of an item, and what is done when its worker is lost.

    Raises:
        DataError: an item's worker is lost even when no file of it is read.
    """
    if processes == 0:
        yield from map(function, items)
        return
    courses = (_course(function, item, guard=guard) for item in items)
    idle = [Worker() for _ in range(processes)]
    busy: dict[Any, tuple[Worker, Course]] = {}
    finished: list[Result] = []
    try:
        while True:
            while idle and (course := next(courses, None)) is not None:
                worker = idle.pop()
                worker.give(next(course))
                busy[worker.connection] = worker, course
            yield from finished  # only now, so that nobody waits while a result is looked at
            if not busy:
                return
            finished = [*_results(busy, idle)]
    finally:
        for worker in (*idle, *(worker for worker, _ in busy.values())):
            worker.stop()


def _results(busy: dict[Any, tuple[Worker, Course]], idle: list[Worker]) -> Iterator[Any]:
    """Wait for an outcome; follow the courses it belongs to a step further and give the results of those that end."""
    for connection in wait(list(busy)):
        worker, course = busy[connection]
        outcome = worker.outcome()
        del busy[connection]
        try:
            order = course.send(outcome)
        except StopIteration as end:
            idle.append(worker)
            yield end.value
        except BaseException:
            worker.stop()
            raise
        else:
            worker.give(order)
            busy[worker.connection] = worker, course


def _course(function: Callable[[Item], Any], item: Item, *, guard: Guard[Item]) -> Course:
    """The orders that an item needs, each given what became of the last; ends with the item's result."""
    outcome = yield Order(function, item, guard.budget(item))
    if isinstance(outcome, Lost):
        lost = yield from _lost_parts(item, outcome.code, guard=guard)
        item = guard.without(item, lost)
        outcome = yield Order(function, item, guard.budget(item))
    if isinstance(outcome, Lost):  # no file alone is guilty: the item as a whole is too much
        item = guard.without(item, dict.fromkeys(range(len(guard.parts(item))), outcome.code))
        outcome = yield Order(function, item, guard.budget(item))
    if isinstance(outcome, Lost):
        raise DataError(f"processes: expected a worker that lives, found one lost ({outcome.code}); try processes=0")
    if isinstance(outcome, Failed):
        raise outcome.error
    return outcome.value


def _lost_parts(item: Item, code: str, *, guard: Guard[Item]) -> Generator[Order, Outcome, dict[int, str]]:
    """Which parts of an item cost their worker, and how; a part that is all of it is guilty already."""
    parts = guard.parts(item)
    if len(parts) == 1:
        return {0: code}
    lost = {}
    for index, (part, budget) in enumerate(parts):
        outcome = yield Order(guard.probe, part, budget)
        if isinstance(outcome, Lost):
            lost[index] = outcome.code
    return lost
