"""Long work gives way: after a slice it waits for a later turn of the event loop, in which others are served."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.execution.pace import RELEASED_AT_ONCE, SLICE_SECONDS, UNCOUNTED_SECONDS, Pace
from app.meter import LimitReached, Meter


class Clock:
    """It goes on only where a test says so."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def work(self, slices: float) -> None:
        self.seconds += slices * SLICE_SECONDS


async def use_up(pace: Pace, clock: Clock) -> None:
    """A slice."""
    assert not pace.is_over()
    clock.work(1)


async def turns_until(done: Callable[[], bool]) -> int:
    turns = 0
    while not done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_a_slice_is_over_when_it_is_used_up_and_begins_anew_later() -> None:
    clock = Clock()
    pace = Pace(Meter(), clock, clock)
    assert not pace.is_over()
    clock.work(1)
    assert pace.is_over()
    await pace.wait()
    assert not pace.is_over()


async def test_others_are_served_after_each_slice_of_work() -> None:
    clock, done = Clock(), asyncio.Event()
    pace, others = Pace(Meter(), clock, clock), asyncio.create_task(turns_until(done.is_set))
    for _ in range(30):
        if pace.is_over():
            await pace.wait()
        clock.work(1)
    done.set()
    assert await others >= 29


async def test_many_tasks_of_one_operation_share_its_slices() -> None:
    clock, worked, done = Clock(), [], asyncio.Event()
    pace, others = Pace(Meter(), clock, clock), asyncio.create_task(turns_until(done.is_set))
    at_each_turn: list[int] = []

    async def task(number: int) -> None:
        if pace.is_over():
            await pace.wait()
        clock.work(0.5)
        worked.append(number)

    async def watch() -> None:
        while len(worked) < 100:
            at_each_turn.append(len(worked))
            await asyncio.sleep(0)

    await asyncio.gather(watch(), *(task(number) for number in range(100)))
    done.set()
    await others
    assert sorted(worked) == list(range(100))
    assert max(later - earlier for earlier, later in pairwise(at_each_turn)) <= 3


async def test_those_who_wait_are_let_go_on_in_numbers_that_a_slice_may_hold() -> None:
    clock = Clock()
    pace, at_work = (
        Pace(Meter(), clock, clock),
        asyncio.create_task(turns_until(lambda: all(task.done() for task in waiting))),
    )
    used_up = asyncio.create_task(use_up(pace, clock))
    waiting = [asyncio.create_task(pace.wait()) for _ in range(3 * RELEASED_AT_ONCE)]
    await asyncio.gather(used_up, *waiting)
    assert await at_work >= 3


async def test_one_that_is_cancelled_while_it_waits_holds_up_nobody() -> None:
    clock = Clock()
    pace = Pace(Meter(), clock, clock)
    _, gone, stays = (asyncio.create_task(each) for each in (use_up(pace, clock), pace.wait(), pace.wait()))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone, stays])
    assert (gone.cancelled(), stays.cancelled()) == (True, False)


async def test_all_who_wait_are_told_when_the_operation_has_used_up_its_time() -> None:
    clock, meter = Clock(), Meter(max_cpu_seconds=1)
    pace = Pace(meter, clock, clock)
    used_up = asyncio.create_task(use_up(pace, clock))
    waiting = [asyncio.create_task(pace.wait()) for _ in range(3 * RELEASED_AT_ONCE)]
    await used_up
    # Of a thread.
    meter.cpu_seconds = 2
    _, still_waiting = await asyncio.wait(waiting, timeout=5)
    assert not still_waiting
    for each in waiting:
        with pytest.raises(LimitReached):
            each.result()


async def test_the_cpu_time_of_short_slices_is_never_read() -> None:
    clock, meter = Clock(), Meter()
    pace = Pace(meter, clock, cpu_clock=lambda: pytest.fail("CPU time was read"))
    for _ in range(100):
        assert not pace.is_over()
        clock.seconds += 0.9 * UNCOUNTED_SECONDS
        assert not pace.is_over()
        await asyncio.sleep(0)
    assert meter.cpu_seconds == 0


async def test_after_a_long_slice_every_look_counts_what_its_task_worked() -> None:
    clock, meter = Clock(), Meter(max_cpu_seconds=5 * SLICE_SECONDS)
    pace = Pace(meter, clock, clock)
    await use_up(pace, clock)
    assert pace.is_over()
    assert meter.cpu_seconds == 0
    for number in range(1, 6):
        await pace.wait()
        clock.work(1)
        assert pace.is_over()
        assert meter.cpu_seconds == pytest.approx(number * SLICE_SECONDS)
    await pace.wait()
    clock.work(0.1)
    with pytest.raises(LimitReached, match="seconds of computing"):
        pace.is_over()


async def test_what_others_work_between_two_looks_counts_for_nobody() -> None:
    clock, meter = Clock(), Meter()
    pace = Pace(meter, clock, clock)
    await use_up(pace, clock)
    assert pace.is_over()
    for _ in range(3):
        await asyncio.sleep(0)
        clock.work(1)
        pace.is_over()
    assert meter.cpu_seconds == 0
