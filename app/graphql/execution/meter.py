"""What an answer takes, counted while it is made.

The query cost says before an operation runs what its document could ask for at most. It can't know what lists that
aren't paged and graphs hold, how long texts are, or that aliases ask for the same thing again: that is counted here, and
above a limit the operation is refused before the bytes of its answer exist.
"""

from collections.abc import Sequence
from datetime import datetime
from types import NoneType
from typing import Any

import orjson

from app.domain.matching import ComparisonLimit
from app.graphql.request_errors import LIMIT_EXCEEDED, BadRequest

BYTES_PER_UNIT = 2048
"""So many bytes are charged like an object."""
OBJECTS_PER_CONNECTION = 20
"""So many objects are made in the time that the resolver of a connection takes."""
MOST_DIFFERENT_LISTS = 80
READ_PER_COMPARED = 4
"""So many bytes of graphs are read in the time that one is compared."""
COUNTED_AT_ONCE, LONG_TEXT = 512, 65_536
"""So many values of a field are counted at once, texts as one, unless they have so many characters together."""
BATCH_CHARACTERS = 33_554_432
"""Of steps, links and bindings that one call of many exports looks at: a thousand flows of a hundred steps and more."""
BYTES_OF_NULL = 5
TEXTS = frozenset({str, NoneType})
BYTES_PER_FIELD = 4
"""Quotation marks, colon and comma around the name of a field and its value."""


class AnswerTooLarge(BadRequest):
    """An answer that would hold more than one request may get."""

    def __init__(self, limit: str, maximum: int) -> None:
        message = (
            f"The answer would hold more than {maximum} {limit}. Ask for fewer fields, smaller pages or fewer aliases, "
            "or in several requests."
        )
        super().__init__(message, {"code": LIMIT_EXCEEDED, "limit": limit, "maximum": maximum})


class NotBegun(BadRequest):
    """A field that wasn't begun, since those before it took as much as one request may take."""

    def __init__(self, maximum: int) -> None:
        message = (
            "This was not begun: what was done before it in this request took as much as one request may take. Ask for "
            "it in a request of its own."
        )
        super().__init__(message, {"code": LIMIT_EXCEEDED, "limit": "characters of graphs", "maximum": maximum})


class BatchTooLarge(BadRequest):
    """A call of many exports that would look at more of graphs than one call may."""

    def __init__(self, maximum: int) -> None:
        message = (
            f"The graphs of these flows have more than {maximum} characters together. Export them in several calls."
        )
        super().__init__(message, {"code": LIMIT_EXCEEDED, "limit": "characters of graphs", "maximum": maximum})


class Meter:
    """Counts the objects, leaf values and bytes of one answer; each `take` raises AnswerTooLarge above its limit."""

    def __init__(self, *, max_objects: int, max_values: int, max_bytes: int, max_graph_characters: int) -> None:
        self._max_graph_characters = max_graph_characters
        self._max_objects = max_objects
        self._max_values = max_values
        self._max_bytes = max_bytes
        self.refused: AnswerTooLarge | None = None
        """Why the answer is given up: whatever comes after that is refused likewise."""
        self.begin_again()

    @property
    def cost(self) -> int:
        """What the operation is charged for: its objects and mutations, and what it read or answered of long texts."""
        return self.objects + (self.bytes + self.read_bytes + self.graph_characters) // BYTES_PER_UNIT

    @property
    def readable_bytes(self) -> int:
        """How much may still be read of graphs."""
        return max(0, self._max_bytes - self.read_bytes)

    def begin_again(self) -> None:
        """For an answer that is made anew."""
        self.expected = 0
        self.connections = self.lists = self.compared_bytes = 0
        self.objects = self.values = self.bytes = self.read_bytes = self.parsed_bytes = self.graph_characters = 0
        self.refused = None
        self.comparisons = ComparisonLimit()

    def take_objects(self, number: int = 1) -> None:
        self.objects += number
        if self.objects > self._max_objects:
            self._refuse("objects", self._max_objects)

    def expect_objects(self, number: int) -> None:
        """Refuse now what would be too many later, when each of them is taken."""
        if self.objects + number > self._max_objects:
            self._refuse("objects", self._max_objects)

    def take_connections(self, number: int) -> None:
        """Count lists that are answered in pages: each is read by a resolver of its own, however short it is."""
        self.connections += number
        most = max(1, self._max_objects // OBJECTS_PER_CONNECTION)
        if self.connections > most:
            self._refuse("connections", most)

    def take_lists(self, number: int) -> None:
        """Count lists, or their lengths, that are asked for with different arguments: each is a statement of its own."""
        self.lists += number
        if self.lists > MOST_DIFFERENT_LISTS:
            self._refuse("different lists", MOST_DIFFERENT_LISTS)

    def take_names(self, number: int) -> None:
        """Count the bytes of the names under which fields stand in objects."""
        self.bytes += number
        self._check()

    def take_json(self, taken: tuple[int, int]) -> None:
        """Count so many leaf values, which are written as so many bytes of JSON with all around them."""
        self.values += taken[0]
        self.bytes += taken[1]
        self._check()

    def take_nulls(self, number: int) -> None:
        """Count objects that aren't there, or lists without elements, as leaf values."""
        self.values += number
        self.bytes += BYTES_OF_NULL * number
        self._check()

    def expect_answers(self, number: int) -> None:
        """Refuse now what would be too many objects and nulls later: of fields whose values are still to be found."""
        self.expected += number
        if self.expected > self._max_objects + self._max_values:
            self._refuse("leaf values", self._max_values)

    def expect_values(self, number: int) -> None:
        """Refuse now what would be too many leaf values later, when they are taken."""
        if self.values + number > self._max_values:
            self._refuse("leaf values", self._max_values)

    def take_values(self, values: Sequence[object]) -> None:
        """Count the leaf values of a field of several objects, and as many bytes as they take in JSON.

        A list counts as its elements, and as one if it is empty.
        """
        for start in range(0, len(values), COUNTED_AT_ONCE):
            self._take_some(values[start : start + COUNTED_AT_ONCE])
        self._check()

    def _take_some(self, values: Sequence[Any]) -> None:
        kinds = set(map(type, values))
        if kinds <= TEXTS:
            texts = [value for value in values if value is not None]
            self.values += len(values)
            self.bytes += BYTES_OF_NULL * (len(values) - len(texts))
            if sum(map(len, texts)) < LONG_TEXT:
                self.bytes += text_length("".join(texts), len(texts))
            else:
                self.bytes += sum(map(text_length, texts))
        elif list in kinds:
            self.values += sum((len(value) or 1) if isinstance(value, list) else 1 for value in values)
            self.bytes += sum(map(json_length, values))
        else:
            self.values += len(values)
            self.bytes += sum(map(json_length, values))

    def _check(self) -> None:
        if self.bytes > self._max_bytes:
            self._refuse("bytes", self._max_bytes)
        if self.values > self._max_values:
            self._refuse("leaf values", self._max_values)

    def take_graphs(self, number: int) -> None:
        """Count the bytes of graphs that are to be read, whether they are shown or not."""
        self.read_bytes += number
        if self.read_bytes > self._max_bytes:
            self._refuse("bytes of graphs", self._max_bytes)

    def take_parsed(self, number: int) -> None:
        """Count the bytes of a graph that is parsed: drafts and versions may share one that is read once."""
        self.parsed_bytes += number
        if self.parsed_bytes > self._max_bytes:
            self._refuse("bytes of graphs", self._max_bytes)

    def take_compared(self, number: int) -> None:
        """Count the bytes of two graphs that are compared; each graph counts as often as it is compared."""
        self.compared_bytes += number
        most = self._max_bytes // READ_PER_COMPARED
        if self.compared_bytes > most:
            self._refuse("bytes of graphs compared", most)

    def take_graph_decided(self, characters: int) -> None:
        """Count the characters of graphs that a mutation decides about."""
        self.graph_characters += characters

    def take_batch(self, number: int) -> None:
        """Refuse a call of many exports whose graphs are too long to be decided about at once; `number` in characters."""
        if number > BATCH_CHARACTERS:
            raise BatchTooLarge(BATCH_CHARACTERS)

    def check_before_graphs(self) -> None:
        """Refuse to begin with a mutation where those before it took too much."""
        if self.refused is not None or self.graph_characters >= self._max_graph_characters:
            raise NotBegun(self._max_graph_characters)

    def _refuse(self, limit: str, maximum: int) -> None:
        self.refused = self.refused or AnswerTooLarge(limit, maximum)
        raise self.refused.with_traceback(None)


def text_length(text: str, number: int = 1) -> int:
    """How many bytes a text takes in JSON, or several that were put together."""
    if text.isascii() and text.isprintable():
        return len(text) + 2 * number + text.count('"') + text.count("\\")
    return len(orjson.dumps(text)) + 2 * (number - 1)


def json_length(value: object) -> int:
    """How many bytes a value takes in JSON; of short plain values an upper bound, which is found faster."""
    if isinstance(value, str):
        return text_length(value)
    if value is None or isinstance(value, bool):
        return BYTES_OF_NULL
    if isinstance(value, int | float):
        return 24
    if isinstance(value, datetime):
        return 34
    return len(orjson.dumps(value))
