"""A number that may not exist, with the reason why."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """A measured number, or None and the reason in one sentence; exactly one of the two is set."""

    value: float | None
    reason: str | None = None

    def __post_init__(self) -> None:
        assert (self.value is None) != (self.reason is None), "a value or a reason, never both or neither"
