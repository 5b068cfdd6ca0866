"""The text of a document, which finds the lines of its positions once, however many errors ask for them."""

import re
from bisect import bisect_right
from functools import cached_property

from graphql import Source, SourceLocation

_LINE_END = re.compile(r"\r\n|[\n\r]")


class IndexedSource(Source):
    """A source that doesn't count its lines from the beginning for each position."""

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.body))]

    def get_location(self, position: int) -> SourceLocation:
        line = bisect_right(self._line_starts, position)
        return SourceLocation(line, position - self._line_starts[line - 1] + 1)
