"""Work shared by processes."""

import os

import pytest

from ich.store.parallel import IN_FLIGHT, in_parallel


@pytest.mark.parametrize("processes", [1, 2])
def test_every_item_is_worked_on_once(processes):
    assert sorted(in_parallel(abs, range(-20, 0), processes=processes)) == list(range(1, 21))


def test_one_process_is_this_one():
    assert list(in_parallel(lambda _: os.getpid(), [1], processes=1)) == [os.getpid()]


def test_items_are_taken_only_as_fast_as_the_work_goes():
    taken = []
    results = in_parallel(abs, (taken.append(item) or item for item in range(100)), processes=2)

    next(results)

    assert len(taken) <= IN_FLIGHT * 2 + IN_FLIGHT * 2
    results.close()


def test_what_one_item_raises_reaches_the_caller():
    with pytest.raises(TypeError):
        list(in_parallel(abs, [1, "one", 2], processes=2))
