"""Matches the elements of two lists with `difflib`, as far as a limit allows."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher

MOST_STEPS = 800_000
"""For matching the lists of one request. A step is one look at an element, or at a place where the other list has it too."""

MOST_CHARACTERS = 1_000_000
"""For the paths of the changes of one request; each change counts as some more."""

ELEMENTS_PER_STEP = 4
BYTES_PER_STEP = 16
"""Before lists are matched, their elements are serialized: so many elements or bytes take the time of one step."""

Stretch = tuple[int, int, int, int]
"""A range in which two lists differ: start and end in the one, start and end in the other."""


@dataclass(slots=True)
class ComparisonLimit:
    """The limit of the comparisons of one request together; beyond it, changes are reported less finely."""

    steps: int = MOST_STEPS
    characters: int = MOST_CHARACTERS


def unequal(before: Sequence[Hashable], after: Sequence[Hashable], limit: ComparisonLimit) -> Iterator[Stretch]:
    """The stretches in which two lists differ; what isn't matched when the limit is reached is part of one.

    Common ends are set apart first: among elements that are alike, the longest match needn't be the plainest.
    """
    shorter = min(len(before), len(after))
    start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    rest = shorter - start
    end = next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)
    matcher = _LimitedMatcher(before[start : len(before) - end], after[start : len(after) - end], limit)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            yield start + i1, start + i2, start + j1, start + j2


class _LimitedMatcher(SequenceMatcher[Hashable]):
    """Finds no further match once that would take more steps than are left."""

    def __init__(self, before: Sequence[Hashable], after: Sequence[Hashable], limit: ComparisonLimit) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._old, self._places, self._limit = before, Counter(after), limit

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        self._limit.steps -= sum(1 + self._places[element] for element in self._old[alo:ahi])
        if self._limit.steps < 0:
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)
