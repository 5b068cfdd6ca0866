"""Giving way: an operation works in short slices, so that the event loop serves other requests in between.

The meter counts the CPU time of its tasks in each slice, so that an operation that never ends is given up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter, thread_time

from app.meter import Meter

SLICE_SECONDS = 0.01
"""How long an operation may work before the event loop turns to other requests."""
UNCOUNTED_SECONDS = 0.001
"""The CPU time of an operation is read only once a slice was this long: reading it is a system call."""
RELEASED_AT_ONCE = 16
"""Number of waiting tasks that go on at the beginning of a slice; a task that comes too late waits again."""


class Pace:
    """The slices of one operation, which its tasks share."""

    def __init__(
        self, meter: Meter, clock: Callable[[], float] = perf_counter, cpu_clock: Callable[[], float] = thread_time
    ) -> None:
        self._meter = meter
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._is_counted = False
        """Whether a slice was long enough for CPU time to be counted from then on."""
        self._task = 0
        """The task that read the CPU clock last: what it works counts if no other task reads the clock in between."""
        self._last_cpu_time = 0.0
        self._ends: float | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    def is_over(self) -> bool:
        """Whether the slice is used up, so that `wait` has to be awaited before going on.

        Raises LimitReached where the operation has used up its CPU time.
        """
        now, ends = self._clock(), self._ends
        if ends is None:
            self._meter.take_cpu(0)
            ends = self._begin_slice(now)
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
        """Count the CPU time of this task since it read the clock last in this slice."""
        cpu, task = self._cpu_clock(), id(asyncio.current_task())
        self._meter.take_cpu(cpu - self._last_cpu_time if task == self._task else 0)
        self._task, self._last_cpu_time = task, cpu

    def _end_slice(self) -> None:
        """End the slice, and begin another one if tasks wait for it; otherwise the next call of `is_over` begins it."""
        self._ends = None
        for _ in range(min(RELEASED_AT_ONCE, len(self._waiting))):
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if self._waiting:
            # Nothing is counted here, so that nothing raises: a waiting task goes on first, and then reaches the limit.
            self._begin_slice(self._clock())

    def _begin_slice(self, now: float) -> float:
        """Begin a slice; return when it ends."""
        self._task = 0
        ends = self._ends = now + SLICE_SECONDS
        asyncio.get_running_loop().call_soon(self._end_slice)
        return ends
