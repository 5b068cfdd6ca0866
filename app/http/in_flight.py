"""The requests in flight, which a graceful shutdown waits for."""

import asyncio
import time


class InFlightRequests:
    """The requests that this process has begun to answer, and whether it is to stop."""

    def __init__(self) -> None:
        self.stopping = False
        self.cut_off = False
        self.quiet_since = time.monotonic()
        """The time since which no request has been in flight; None while one is."""
        self._tasks: set[asyncio.Task[object]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def stop(self) -> None:
        """Refuse requests from now on."""
        self.stopping = True
        self.quiet_since = time.monotonic()

    def cut(self) -> None:
        """Cancel the requests in flight: transactions are rolled back, and the answers say so."""
        self.cut_off = True
        for task in self._tasks:
            task.cancel()

    def add(self, task: "asyncio.Task[object]") -> None:
        """Count a request, which this task answers, as in flight until `remove`."""
        self._tasks.add(task)

    def remove(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        self.quiet_since = time.monotonic()


def current_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("requests are answered in tasks")
    return task
