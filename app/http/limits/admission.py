"""Admission: a bounded number of requests is executed at once; the others are queued, or refused early.

Without it a server that is asked for more than it can do works on everything at once, and is done with nothing before its
time limit. Callers share the slots fairly (`FairQueue`), whatever number of requests each has sent, so that one with very
many connections keeps nobody else from being answered.

The process knows which finished answers it still holds: an answer is sent in pieces, and the next piece waits until the
connection has room (ASGI's back-pressure). Each piece has to be taken in time. A caller that holds too many bytes isn't
admitted; where all callers together hold too many, the oldest answer of the caller that holds most is cut off.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from cachetools import FIFOCache

from app.fair_queue import FairQueue, Slot
from app.http.responses import RequestCode, RequestError
from app.storage.connections.failures import CommitState
from app.telemetry.log import log
from app.telemetry.metrics import request_refused

COSTLY, COSTLY_SECONDS = 1_000, 0.05
"""From what cost on an operation needs a slot of its kind: it takes some ten milliseconds of CPU."""
WAITING_COSTLY = 8
"""How many costly operations may wait for each that may run: they hold the bodies of their requests meanwhile."""
RECEIVING = 8
"""For how many requests the rest of the body may be awaited for each that may run: what has come is held meanwhile."""
MOST_REMEMBERED = 10_000
TOLD_EVERY_SECONDS = 5


TOO_MUCH_TO_DO = "The server has more to do than it can, and has not begun with the request. Send it again later."
NOT_TAKEN = (
    "You haven't taken earlier answers of the server, and it holds no more of them. Take them, then send this again."
)


class Overloaded(RequestError):
    """The queue is full, or no slot became free in time; nothing was done."""

    def __init__(self, retry_seconds: float, message: str = TOO_MUCH_TO_DO) -> None:
        headers = {"Retry-After": str(math.ceil(retry_seconds))}
        super().__init__(503, RequestCode.OVERLOADED, message, headers, written=CommitState.NOTHING)


class Admission:
    """Lets requests in, as many as the process can do, and knows their callers by what they were found to be before."""

    def __init__(
        self, *, running: int, costly: int, waiting: int, wait_seconds: float, untaken: "UntakenAnswers"
    ) -> None:
        """`running` requests are executed at once, and of these `costly` operations with a high cost."""

        def queue(slots: int, most_waiting: int) -> FairQueue:
            return FairQueue(slots, wait_seconds=wait_seconds, most_waiting=min(waiting, most_waiting))

        self.all = queue(running, waiting)
        self.costly = queue(costly, WAITING_COSTLY * costly)
        self.receiving = queue(RECEIVING * running, RECEIVING * running)
        self.untaken = untaken
        self._wait_seconds = wait_seconds
        self._most_held_back = waiting
        self._held_back = 0
        self._callers = FIFOCache[int, str](MOST_REMEMBERED)
        """By the hash of the token that they sent."""
        self.costly_documents = FIFOCache[tuple[str, str], bool](MOST_REMEMBERED)
        """Each with its caller before it: those whose operation turned out to be costly when it was last run, whatever was
        foreseen. One caller may see much more than another."""
        self._shed, self._told_at = 0, -math.inf

    async def slot(self, token: str | None, address: str) -> Slot:
        """A slot for a request, whose caller may not be known yet: then it counts as one with others of its address.

        Raises Overloaded.
        """
        caller = address if token is None else self._callers.get(hash(token), address)
        slot = await self.all.take(caller)
        if slot is None:
            raise Overloaded(self._wait_seconds)
        if not self.untaken.admits(caller):
            slot.give_back()
            raise Overloaded(self._wait_seconds, NOT_TAKEN)
        return slot

    async def move(self, slot: Slot, queue: FairQueue) -> None:
        """Exchange a slot for one of another queue: of costly operations, or of clients that send slowly.

        Raises Overloaded.
        """
        if not await queue.move(slot):
            raise Overloaded(self._wait_seconds)

    async def wait_if_costly(self, slot: Slot, caller: str, document: str, cost: int) -> None:
        """Exchange the slot for one for costly operations, if the operation is costly. Raises Overloaded."""
        if cost >= COSTLY or (caller, document) in self.costly_documents:
            await self.move(slot, self.costly)

    def remember(self, token: str, caller: str) -> None:
        """Note whose token this was found to be, so that the next request counts as that caller's."""
        self._callers[hash(token)] = caller

    def forget(self, token: str) -> None:
        """Forget whose token this was, since it is no longer good: its requests take no slot of that caller."""
        self._callers.pop(hash(token), None)

    def note_cost(self, caller: str, document: str, cost: int, cpu_seconds: float) -> None:
        """Note what an operation took: how much there is can't always be foreseen."""
        if cost >= COSTLY or cpu_seconds >= COSTLY_SECONDS:
            self.costly_documents[caller, document] = True
        elif self.costly_documents:
            self.costly_documents.pop((caller, document), None)

    async def hold_back(self, began: float) -> None:
        """Let who was refused wait as long as others, since it began: it would come back at once, and be refused again."""
        request_refused(RequestCode.OVERLOADED)
        self._shed += 1
        seconds = began + self._wait_seconds - asyncio.get_running_loop().time()
        if seconds <= 0 or self._held_back >= self._most_held_back:
            return
        self._held_back += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._held_back -= 1

    def tell_of_refusals(self, now: float) -> None:
        """Log from time to time how many were refused; not each of them, since there are very many."""
        if self._shed and now - self._told_at >= TOLD_EVERY_SECONDS:
            log().warning("overloaded", refused=self._shed, waiting=self.waiting)
            self._shed, self._told_at = 0, now

    @property
    def waiting(self) -> int:
        """Number of queued requests."""
        return sum(queue.waiting for queue in (self.all, self.costly, self.receiving))


class UntakenAnswers:
    """The answers that are being sent, by caller: their bytes are limited for each caller and for the process."""

    def __init__(self, *, most_of_one: int, most: int, piece_seconds: float) -> None:
        self._most_of_one = most_of_one
        self._most = most
        self._piece_seconds = piece_seconds
        self._answers: dict[str, dict[asyncio.Timeout, int]] = {}
        """Sizes in bytes, by the time limit that cuts the answer off; the oldest first."""

    def bytes_of(self, caller: str) -> int:
        return sum(self._answers.get(caller, {}).values())

    def admits(self, caller: str) -> bool:
        """Whether a caller's next request is admitted."""
        return caller not in self._answers or self.bytes_of(caller) < self._most_of_one

    @asynccontextmanager
    async def sending(self, caller: str, size: int) -> AsyncIterator[Callable[[], None]]:
        """Count an answer while it is sent; before each piece the yielded function is called.

        Raises TimeoutError where the answer is cut off, or a piece isn't taken in time.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as limit:

            def begin_piece() -> None:
                if limit in self._answers.get(caller, {}):
                    limit.reschedule(loop.time() + self._piece_seconds)

            self._answers.setdefault(caller, {})[limit] = size
            try:
                self._make_room()
                yield begin_piece
            finally:
                self._forget(caller, limit)

    def _make_room(self) -> None:
        while sum(map(self.bytes_of, self._answers)) > self._most:
            caller = max(self._answers, key=self.bytes_of)
            oldest = next(iter(self._answers[caller]))
            oldest.reschedule(asyncio.get_running_loop().time())
            self._forget(caller, oldest)

    def _forget(self, caller: str, limit: asyncio.Timeout) -> None:
        answers = self._answers.get(caller, {})
        answers.pop(limit, None)
        if not answers:
            self._answers.pop(caller, None)
