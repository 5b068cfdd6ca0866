"""Giving way: an operation works for a short while at a time, so that others are served in between.

What its tasks take of CPU time meanwhile is counted, so that an operation that never ends is given up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter, thread_time

from app.meter import Meter

SLICE_SECONDS = 0.01
"""How long an operation may work between two looks of the event loop at what else there is to do."""
UNCOUNTED_SECONDS = 0.001
"""Before an operation has had a slice that long its CPU time isn't read, which is a call of the system at each look."""
RELEASED_AT_ONCE = 16
"""How many of those who wait are let go on at the beginning of a slice; who comes too late waits again."""


class Pace:
    """The slices of one operation, whatever number of tasks work on it."""

    def __init__(
        self, meter: Meter, clock: Callable[[], float] = perf_counter, cpu_clock: Callable[[], float] = thread_time
    ) -> None:
        self._meter = meter
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._is_counted = False
        """Whether a slice was long enough for CPU time to be counted from then on."""
        self._task = 0
        """Which task looked last: what it works until it looks again is its own, without what others do in between."""
        self._looked = 0.0
        self._ends: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    def is_over(self) -> bool:
        """Whether the slice is used up, so that `wait` has to be awaited before going on.

        Raises LimitReached where the operation has used up its CPU time.
        """
        now, ends = self._clock(), self._ends
        if ends is None:
            self._meter.take_cpu(0)
            ends = self._begun(now)
        if self._is_counted or now >= ends - SLICE_SECONDS + UNCOUNTED_SECONDS:
            self._is_counted = True
            self._count()
        return now >= ends

    async def wait(self) -> None:
        """Wait until a slice has room."""
        while self.is_over():
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    def _count(self) -> None:
        """Count what this task has worked since it looked before in this slice."""
        cpu, task = self._cpu_clock(), id(asyncio.current_task())
        self._meter.take_cpu(cpu - self._looked if task == self._task else 0)
        self._task, self._looked = task, cpu

    def _begin(self) -> None:
        """Begin a slice, if there is anybody who waits for one; else with the next who asks."""
        self._ends = None
        for _ in range(min(RELEASED_AT_ONCE, len(self._waiting))):
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if self._waiting:
            # Nothing is counted here, and so nothing raised: whoever waits is let go on in the end, and told of the limit.
            self._begun(self._clock())

    def _begun(self, now: float) -> float:
        """When the slice ends that begins now."""
        self._task = 0
        ends = self._ends = now + SLICE_SECONDS
        asyncio.get_running_loop().call_soon(self._begin)
        return ends
