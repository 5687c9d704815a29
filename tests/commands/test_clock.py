"""What the clock of a road counts."""

import multiprocessing

from ich.commands.clock import Clock, cpu_seconds


def burn(n: int) -> int:
    return sum(number * number for number in range(n))


def test_cpu_seconds_count_workers_that_have_ended_under_a_fork_server():
    before = cpu_seconds()

    with multiprocessing.get_context("forkserver").Pool(1) as pool:
        pool.map(burn, [3_000_000] * 3)
        pool.close()
        pool.join()

    assert cpu_seconds() - before > 0.2


def test_each_station_gets_a_row():
    clock = Clock()

    with clock.station("first"):
        burn(10)

    (name, wall, cpu) = clock.rows[0]
    assert name == "first"
    assert wall > 0
    assert cpu >= 0
