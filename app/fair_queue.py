"""Slots that callers share fairly: slots of requests, threads, database connections."""

import asyncio
import math
import sys
from collections import deque

PARTS = 4


class Slot:
    """A slot that a caller holds until it gives the slot back."""

    def __init__(self, queue: "FairQueue", caller: str) -> None:
        self.queue: FairQueue | None = queue
        self.caller = caller
        queue.free -= 1
        queue.taken[caller] = queue.taken.get(caller, 0) + 1

    def give_back(self) -> None:
        """Leave the slot to whoever waits. Giving it back again does nothing."""
        queue, self.queue = self.queue, None
        if queue is None:
            return
        queue.free += 1
        queue.taken[self.caller] -= 1
        if not queue.taken[self.caller]:
            del queue.taken[self.caller]
        if queue.waiting:
            queue.serve()


class FairQueue:
    """A number of slots; whoever finds none waits, and the caller who has fewest is served first.

    Each caller may have a quarter of the slots. Above that it takes one only while more are free than it has, so that
    one caller with very many calls leaves some to those who come later.
    """

    def __init__(
        self,
        slots: int,
        *,
        wait_seconds: float = math.inf,
        most_waiting: int = sys.maxsize,
        reserved_for: str | None = None,
    ) -> None:
        """`reserved_for`: a caller for whom the last slot is kept, where there are four or more."""
        self.wait_seconds = wait_seconds
        self.waiting = 0
        self._most_waiting = most_waiting
        self.free = slots
        self._share = max(1, slots // PARTS)
        self._reserved_for = reserved_for if slots >= PARTS else None
        self.taken: dict[str, int] = {}
        """Number of slots by caller."""
        self._waiting: dict[str, deque[asyncio.Future[Slot | None]]] = {}
        """By caller; of those who have equally many slots, the one that is served next comes first."""

    async def take(self, caller: str) -> Slot | None:
        """Take a slot, which is to be given back; None if none became free in time, or too many wait."""
        if self._may_take(caller):
            return Slot(self, caller)
        if self.waiting >= self._most_waiting and not self._make_room_for(caller):
            return None
        waiter: asyncio.Future[Slot | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(waiter)
        self.waiting += 1
        try:
            async with asyncio.timeout(self.wait_seconds):
                return await waiter
        except (asyncio.CancelledError, TimeoutError) as error:
            if waiter.cancelled():
                self._leave_queue(caller, waiter)
            elif (slot := waiter.result()) is not None:
                slot.give_back()
            if isinstance(error, TimeoutError):
                return None
            raise

    async def move(self, slot: Slot) -> bool:
        """Exchange a slot in another queue for one in this queue; False if none became free in time."""
        slot.give_back()
        taken = await self.take(slot.caller)
        if taken is not None:
            slot.queue = self
        return taken is not None

    def _may_take(self, caller: str) -> bool:
        free = self.free
        if self._reserved_for is not None and caller != self._reserved_for and self._reserved_for not in self.taken:
            free -= 1
        taken = self.taken.get(caller, 0)
        return free > 0 and (taken < self._share or taken < free)

    def serve(self) -> None:
        """Give free slots to waiting callers."""
        while self._waiting and (next_caller := self._next_caller()) is not None:
            waiter = self._waiting[next_caller][0]
            self._leave_queue(next_caller, waiter)
            if not waiter.done():
                waiter.set_result(Slot(self, next_caller))

    def _next_caller(self) -> str | None:
        """The first of the waiting callers who have fewest slots and may take one."""
        fewest, next_caller = self.free + self._share, None
        for caller in self._waiting:
            taken = self.taken.get(caller, 0)
            if taken < fewest and self._may_take(caller):
                fewest, next_caller = taken, caller
        return next_caller

    def _make_room_for(self, caller: str) -> bool:
        """Turn away who came last of the caller with most waiting, unless that is this one."""
        longest = max(self._waiting, key=lambda each: len(self._waiting[each]))
        last = self._waiting[longest][-1]
        if len(self._waiting[longest]) <= len(self._waiting.get(caller, ())) + 1:
            return False
        self._leave_queue(longest, last)
        if not last.done():
            last.set_result(None)
        return True

    def _leave_queue(self, caller: str, waiter: "asyncio.Future[Slot | None]") -> None:
        """The caller comes after all others if it goes on waiting."""
        queue = self._waiting.get(caller)
        if queue is None or waiter not in queue:
            return
        queue.remove(waiter)
        self.waiting -= 1
        del self._waiting[caller]
        if queue:
            self._waiting[caller] = queue
