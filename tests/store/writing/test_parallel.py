"""Work shared by processes, and what is left of it when one of them is lost."""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from ich.errors import DataError
from ich.store.writing.parallel import in_parallel
from ich.store.writing.workers import Budget

BUDGET = Budget(seconds=1.0, memory=1 << 30)


@dataclass(frozen=True)
class Letters:
    """An item of several parts, each a letter."""

    letters: str
    lost: tuple[str, ...] = ()


class LettersGuard:
    """A lost letter stands behind in `lost` with its code."""

    @staticmethod
    def probe(part: str) -> str:
        return upper(Letters(part))

    def budget(self, item: Letters) -> Budget:
        return BUDGET

    def parts(self, item: Letters) -> Sequence[tuple[str, Budget]]:
        return [(letter, BUDGET) for letter in item.letters]

    def without(self, item: Letters, lost: Mapping[int, str]) -> Letters:
        kept = "".join(letter for index, letter in enumerate(item.letters) if index not in lost)
        return Letters(kept, (*item.lost, *(f"{item.letters[index]} {code}" for index, code in lost.items())))


def upper(item: Letters) -> str:
    """Capitals; some letters kill, stall or fill the process, some only in company."""
    if "k" in item.letters:
        os.kill(os.getpid(), signal.SIGKILL)
    if "s" in item.letters:
        time.sleep(60)
    if "m" in item.letters:
        bytearray(4 << 30)
    if "c" in item.letters and len(item.letters) > 1:
        os.abort()
    if "e" in item.letters:
        raise ValueError("no e")
    if "!" in item.lost:
        os.abort()
    return item.letters.upper() + "".join(f" -{one}" for one in item.lost)


def run(*letters: str, processes: int = 2) -> list[str]:
    return sorted(in_parallel(upper, map(Letters, letters), processes=processes, guard=LettersGuard()))


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_every_item_is_worked_on_once(processes):
    assert run("a", "b", "d", "f", "g", processes=processes) == ["A", "B", "D", "F", "G"]


def test_no_process_but_this_one_works_where_none_is_asked_for():
    assert list(in_parallel(lambda _: os.getpid(), ["a"], processes=0, guard=LettersGuard())) == [os.getpid()]


def test_items_are_taken_only_as_fast_as_the_work_goes():
    taken = []
    items = (taken.append(letter) or Letters(letter) for letter in "abdfghij" * 10)
    results = in_parallel(upper, items, processes=2, guard=LettersGuard())

    next(results)

    assert len(taken) <= 4
    results.close()


def test_what_one_item_raises_reaches_the_caller_with_its_traceback():
    with pytest.raises(ValueError, match="no e") as caught:
        run("a", "e", "b")

    assert "in upper" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("letter", "code"),
    [("k", "decoder_crashed"), ("s", "decoder_timeout"), ("m", "out_of_memory")],
    ids=["killed", "stalled", "out of memory"],
)
def test_a_part_that_costs_its_worker_is_left_out_and_all_else_is_done(letter, code):
    assert run("ab", f"d{letter}f", "gh", processes=1) == ["AB", f"DF -{letter} {code}", "GH"]


def test_an_item_of_one_part_is_guilty_itself():
    assert run("k", "a") == [" -k decoder_crashed", "A"]


def test_an_item_that_is_lost_although_each_part_alone_is_sound_loses_all_parts():
    assert run("ca", "b") == [" -c decoder_crashed -a decoder_crashed", "B"]


def test_an_item_whose_worker_is_lost_without_any_part_ends_the_work():
    with pytest.raises(DataError, match="processes=0"):
        list(in_parallel(upper, [Letters("a", ("!",))], processes=1, guard=LettersGuard()))
