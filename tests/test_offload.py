"""Long computations run in threads: shared fairly, ended where nobody waits, and waited for by whoever is cancelled."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from time import thread_time

import pytest

from app.meter import LimitReached, Meter
from app.offload import LARGE, THREADS, interruptible, offload
from tests.metering import counted_by


class Items:
    """Items of a loop that goes on only where a test says so, and what has come of it."""

    def __init__(self, number: int = 3) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.done = 0
        self._number = number

    def __iter__(self) -> Iterator[int]:
        for item in range(self._number):
            yield item
            self.begun.set()
            assert self.go_on.wait(30)
            self.done += 1

    def run(self) -> int:
        return sum(1 for _ in interruptible(self))


async def begun(items: Items) -> None:
    assert await asyncio.to_thread(items.begun.wait, 30)


async def offloaded(caller: str, items: Items) -> int:
    with counted_by(Meter(caller=caller)):
        return await offload(LARGE, items.run)


async def test_what_is_small_runs_at_once_and_what_is_large_in_a_thread() -> None:
    here = threading.get_ident()
    assert await offload(LARGE - 1, threading.get_ident) == here
    assert await offload(LARGE, threading.get_ident) != here


async def test_who_is_cancelled_waits_for_its_thread_which_ends_at_its_next_item() -> None:
    items = Items()
    task = asyncio.create_task(offloaded("ada", items))
    await begun(items)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    items.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert items.done == 1


async def test_a_thread_that_was_abandoned_leaves_nothing_to_log() -> None:
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    items = Items()
    task = asyncio.create_task(offloaded("ada", items))
    await begun(items)
    task.cancel()
    await asyncio.sleep(0)
    items.go_on.set()
    await asyncio.wait([task])
    del task
    gc.collect()
    assert not unhandled


async def test_a_caller_leaves_threads_to_others() -> None:
    crowd, other = [Items() for _ in range(THREADS)], Items()
    tasks = [asyncio.create_task(offloaded("ada", items)) for items in crowd]
    for items in crowd[: THREADS // 2]:
        await begun(items)
    others = asyncio.create_task(offloaded("bob", other))
    await begun(other)
    assert not any(items.begun.is_set() for items in crowd[THREADS // 2 :])
    for items in (*crowd, other):
        items.go_on.set()
    assert await asyncio.gather(*tasks, others) == [3] * (THREADS + 1)


async def test_who_is_cancelled_while_it_waits_for_a_thread_never_begins() -> None:
    crowd = [Items() for _ in range(THREADS // 2 + 1)]
    tasks = [asyncio.create_task(offloaded("ada", items)) for items in crowd]
    for items in crowd[:-1]:
        await begun(items)
    tasks[-1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[-1]
    for items in crowd:
        items.go_on.set()
    assert await asyncio.gather(*tasks[:-1]) == [3] * (THREADS // 2)
    assert not crowd[-1].begun.is_set()


async def test_a_loop_ends_between_its_items_once_the_cpu_time_is_used_up() -> None:
    items = Items(1000)
    items.go_on.set()
    with counted_by(Meter(caller="ada", max_cpu_seconds=1e-9)), pytest.raises(LimitReached) as refused:
        await offload(LARGE, items.run)
    assert refused.value.limit == "time"
    assert items.done < 1000


async def test_threads_are_counted_and_what_comes_after_them_is_refused() -> None:
    def work() -> None:
        began = thread_time()
        while thread_time() - began < 0.01:
            pass

    meter = Meter(caller="ada", max_cpu_seconds=0.005)
    with counted_by(meter):
        await offload(LARGE, work)
        assert meter.cpu_seconds >= 0.01
        with pytest.raises(LimitReached):
            await offload(1, work)


async def test_an_exception_is_raised_where_the_result_is_awaited() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await offload(LARGE, fail)


def test_a_loop_that_nobody_counts_goes_on_to_its_end() -> None:
    assert list(interruptible(range(3))) == [0, 1, 2]


def test_no_thread_is_left_when_the_event_loop_has_ended() -> None:
    """A start computes before it forks workers, which would wait for ever for threads that they don't have."""
    before = {*threading.enumerate()}
    assert asyncio.run(offload(LARGE, threading.current_thread)) not in before
    assert {*threading.enumerate()} == before
