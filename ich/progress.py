"""How long work tells whoever started it how far it is; the commands hand in a bar, a notebook nothing."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Progress(Protocol):
    """Wraps an iterable of finished pieces of work, as tqdm does."""

    def __call__(self, items: Iterable[Item], *, total: int, description: str) -> Iterable[Item]:
        """Yield the items one by one, showing `description` and how many of `total` are done."""
        ...


def quiet(items: Iterable[Item], *, total: int, description: str) -> Iterator[Item]:
    """The progress of a caller who wants to see none."""
    yield from items
