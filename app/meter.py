"""Counting an operation while it runs: the bytes of its answer, the bytes of graphs that it reads, and its CPU time.

The query cost bounds an operation before it runs. The cost can't know the lengths of texts, graphs and lists without pages, or
that aliases select the same values again. The meter counts these, and refuses an operation above a limit before the bytes
of its answer exist. The limit of CPU time is a safety net for everything else.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any, NoReturn

import orjson

MUTATION_COST = 10
"""Objects that a mutation counts besides those that it answers."""
BYTES_PER_UNIT = 2048
"""Number of bytes that are charged like an object."""
BYTES_PER_OBJECT, BYTES_PER_CONNECTION, BYTES_PER_VALUE = 200, 2048, 16
"""Bytes that an object, a paged list and a leaf value count besides its text: about its size in memory."""
DECIDED_PER_ANSWERED = 2
"""Exports may read graphs of this many times the bytes of an answer, which doesn't hold these graphs."""
COUNTED_AT_ONCE = 16
"""Number of values of a field that are counted between two checks of the limit, since each may be long."""
BYTES_OF_NULL = 5
BYTES_PER_FIELD = 4
"""Quotation marks, colon and comma around the name of a field and its value."""


MESSAGES = {
    "bytes": "The answer would hold more than {} bytes. Ask for fewer fields, smaller pages or fewer aliases, or in several "
    "requests.",
    "bytes of graphs": "The graphs of these flows have more than {} bytes together. Take fewer of them at once.",
    "time": "This took more than {:g} seconds of computing and was given up. Ask for less, or in several requests.",
}
"""By limit; the gap is for its maximum."""
NOT_BEGUN = (
    "This was not begun: what was done before it in this request took as much as one request may take. Send it in a "
    "request of its own."
)


class LimitReached(Exception):
    """An operation took more than a limit allows."""

    def __init__(self, limit: str, maximum: float, message: str | None = None) -> None:
        super().__init__(message or MESSAGES[limit].format(maximum))
        self.limit = limit
        self.maximum = maximum


class Meter:
    """Counts one operation. Each method that counts raises LimitReached above its limit."""

    def __init__(self, *, max_bytes: int = sys.maxsize, max_cpu_seconds: float = math.inf, caller: str = "") -> None:
        self.caller = caller
        self._max_bytes = max_bytes
        self._max_cpu_seconds = max_cpu_seconds
        self.cpu_seconds = 0.0
        self._is_time_limited = True
        self.begin_again()

    @property
    def cost(self) -> int:
        """The cost that the rate limit charges: objects, mutations, and a unit for every 2 KiB of texts and graphs."""
        return self.objects + (self.text_bytes + self.graph_bytes + self.decided_bytes) // BYTES_PER_UNIT

    @property
    def readable_bytes(self) -> int:
        """The bytes of graphs that the operation may still read."""
        return max(0, self._max_bytes - self.graph_bytes)

    def begin_again(self) -> None:
        """Count a new answer from zero. CPU time stays counted."""
        self.objects = self.graph_bytes = self.decided_bytes = self.planned_bytes = self._expected = 0
        self.bytes = self.text_bytes = 0
        self.refused: LimitReached | None = None

    def take(self, *, objects: int = 0, connections: int = 0, values: int = 0, text: int = 0) -> None:
        """Count objects, paged lists, leaf values and bytes of JSON in the answer.

        A paged list counts however short it is: a resolver of its own reads it.
        """
        self.objects += objects
        self.text_bytes += text
        self.bytes += BYTES_PER_OBJECT * objects + BYTES_PER_CONNECTION * connections + BYTES_PER_VALUE * values + text
        if self.bytes > self._max_bytes:
            self._refuse("bytes", self._max_bytes)

    def take_objects(self, number: int) -> None:
        self.take(objects=number)

    def take_nulls(self, number: int) -> None:
        """Count objects that are null, or lists without elements, as leaf values."""
        self.take(values=number, text=BYTES_OF_NULL * number)

    def take_values(self, values: Sequence[Any]) -> None:
        """Count the leaf values of a field of several objects, and as many bytes as they take in JSON.

        A list counts as its elements, and as one if it is empty.
        """
        for start in range(0, len(values), COUNTED_AT_ONCE):
            part = values[start : start + COUNTED_AT_ONCE]
            number = sum((len(value) or 1) if isinstance(value, list) else 1 for value in part)
            self.take(values=number, text=sum(len(orjson.dumps(value, option=orjson.OPT_UTC_Z)) for value in part))

    def expect(self, *, objects: int = 0, values: int = 0, text: int = 0) -> None:
        """Refuse early if these would be too many bytes later, when they are counted."""
        if self.bytes + BYTES_PER_OBJECT * objects + BYTES_PER_VALUE * values + text > self._max_bytes:
            self._refuse("bytes", self._max_bytes)

    def expect_answers(self, number: int) -> None:
        """Refuse early if the values that this round reads would be too many later."""
        self._expected += number
        self.expect(values=self._expected)

    def begin_round(self) -> None:
        """Forget the values that the last round expected."""
        self._expected = 0

    def take_graphs(self, number: int) -> None:
        """Count bytes of graphs that are to be read, whether they are answered or not."""
        self.graph_bytes += number
        self._check("bytes of graphs", self.graph_bytes, self._max_bytes)

    def take_decided(self, number: int) -> None:
        """Count bytes of graphs that are to be read for a decision about copies and exports."""
        self.decided_bytes += number
        self._check("bytes of graphs", self.decided_bytes, DECIDED_PER_ANSWERED * self._max_bytes)

    def take_planned(self, number: int) -> None:
        """Count bytes of plans. Several exports of one call may keep results about the same graph."""
        self.planned_bytes += number
        self._check("bytes of graphs", self.planned_bytes, DECIDED_PER_ANSWERED * self._max_bytes)

    def take_cpu(self, seconds: float) -> None:
        """Count CPU time, and refuse to go on where it is used up: never after a commit."""
        self.cpu_seconds += seconds
        if self.cpu_seconds > self._max_cpu_seconds and self._is_time_limited:
            self._refuse("time", self._max_cpu_seconds)

    def begin_mutation(self) -> None:
        """Refuse to begin with a mutation where those before it took too much."""
        reached = self.refused
        if reached is None and self.cpu_seconds > self._max_cpu_seconds:
            reached = LimitReached("time", self._max_cpu_seconds)
        if reached is not None:
            raise LimitReached(reached.limit, reached.maximum, NOT_BEGUN)
        self._is_time_limited = True

    def lift_time_limit(self) -> None:
        """Stop limiting the time until the next mutation begins: what is committed has to be answered."""
        self._is_time_limited = False

    def _check(self, limit: str, value: float, maximum: float) -> None:
        if value > maximum:
            self._refuse(limit, maximum)

    def _refuse(self, limit: str, maximum: float) -> NoReturn:
        self.refused = self.refused or LimitReached(limit, maximum)
        raise self.refused.with_traceback(None)


UNLIMITED = Meter()
"""The meter of work that isn't done for a request."""
METER: ContextVar[Meter] = ContextVar("meter", default=UNLIMITED)
"""The meter of a task and of the tasks that it starts."""


def current_meter() -> Meter:
    """The meter of the operation that runs."""
    return METER.get()


def characters_of(values: Iterable[Any]) -> int:
    """How many characters the texts in an answer have, which takes at least as many bytes."""
    characters = 0
    for value in values:
        kind = type(value)
        if kind is str:
            characters += len(value)
        elif kind is dict:
            characters += characters_of(value.values())
        elif kind is list:
            characters += characters_of(value)
    return characters
