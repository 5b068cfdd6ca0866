"""Offloading: long computations run in a thread, so that the event loop goes on with other requests.

Threads share one interpreter, so that more threads don't compute more: there are few, and callers share them fairly. The
threads belong to the event loop and end with it, so that the supervisor has no thread when it forks workers. A cancelled
computation ends at the next item of its loop (`interruptible`). The cancelled caller waits for that, so that a slot isn't free
while its thread is at work.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from time import thread_time
from typing import ParamSpec, TypeVar

from app.fair_queue import FairQueue
from app.meter import Meter, current_meter

LARGE = 20_000
"""Characters of input from which on a computation runs in a thread; a smaller one takes a few milliseconds."""
THREADS = 4
"""Computations in threads at once; an event loop has at least as many threads."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Item = TypeVar("Item")

_places = FairQueue(THREADS)


class Abandoned(Exception):
    """Ends a computation whose result nobody waits for."""


class Computation:
    """The work of one thread for one operation."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._counted = 0.0
        self.is_abandoned = False

    def run(self, function: Callable[[], Result]) -> Result:
        # In a context of its own, which ends with the computation.
        _computation.set(self)
        self._counted = thread_time()
        try:
            return function()
        finally:
            self._meter.cpu_seconds += thread_time() - self._counted

    def check(self) -> None:
        """Raise Abandoned where nobody waits for the result, LimitReached where the operation has used up its CPU time."""
        if self.is_abandoned:
            raise Abandoned
        now = thread_time()
        since, self._counted = self._counted, now
        self._meter.take_cpu(now - since)


_computation: ContextVar[Computation | None] = ContextVar("computation", default=None)


async def offload(
    size: int, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
) -> Result:
    """Call a pure function, in a thread where its input is large; `size` in characters.

    Raises LimitReached where the operation has used up its CPU time. A cancelled caller waits until the thread has ended.
    """
    meter = current_meter()
    meter.take_cpu(0)
    call = partial(function, *args, **kwargs)
    if size < LARGE:
        return call()
    place = await _places.take(meter.caller)
    try:
        return await _in_thread(meter, call)
    finally:
        if place is not None:
            place.give_back()


async def _in_thread(meter: Meter, call: Callable[[], Result]) -> Result:
    computation = Computation(meter)
    result = asyncio.create_task(asyncio.to_thread(computation.run, call))
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        computation.is_abandoned = True
        # However often the request is cancelled meanwhile.
        while not result.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([result])
        # Retrieved, so that asyncio doesn't log the exception.
        result.exception()
        raise


def interruptible(items: Iterable[Item]) -> Iterator[Item]:
    """The items of a long loop. Raises Abandoned or LimitReached before an item if its operation must end."""
    computation = _computation.get()
    for item in items:
        if computation is not None:
            computation.check()
        yield item
