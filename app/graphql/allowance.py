"""What an answer may hold beyond what its document tells: lists that aren't paged, and graphs, by what is in them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar, cast

import orjson

from app.graphql.refused import LimitExceeded

BYTES_PER_UNIT = 2048
"""A graph as it stands counts like that many objects: it is written into the answer at once, and read by its client."""
PORTION = 500

Element = TypeVar("Element")


class Allowance:
    """The cost that an answer may have, counted while it is made; see `app.graphql.http.weighing` for what is foreseen."""

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._taken = 0

    def begin_again(self) -> None:
        """For an answer that is made anew."""
        self._taken = 0

    def take(self, cost: int) -> None:
        """Raises LimitExceeded when it is used up."""
        self._taken += cost
        if self._taken > self._maximum:
            raise LimitExceeded("cost", f"more than {self._maximum}", self._maximum)

    def take_list(self, elements: Sequence[object]) -> None:
        """Take as much as a list of JSON values has elements, and is long."""
        self.take(len(elements))
        self.take_json(elements)

    def take_json(self, value: object) -> None:
        """Take as much as a JSON value is long."""
        self.take(len(orjson.dumps(value)) // BYTES_PER_UNIT)


def in_portions(elements: list[Element]) -> list[Element]:
    """A list as it is, or where it is long bit by bit: others are served in between, and the time limit is kept."""
    # The executor takes both; the types of strawberry know lists only.
    return elements if len(elements) <= PORTION else cast("list[Element]", _with_pauses(elements))


async def _with_pauses(elements: Sequence[Element]) -> AsyncIterator[Element]:
    for position, element in enumerate(elements):
        if position % PORTION == PORTION - 1:
            await asyncio.sleep(0)
        yield element
