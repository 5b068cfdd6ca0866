"""Matches the elements of two lists: the longest match (Myers' O(ND) comparison), as far as a limit allows."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MOST_STEPS = 800_000
"""For matching the lists of one request. A step is one comparison of two elements."""

MOST_CHARACTERS = 1_000_000
"""For the paths of the changes of one request; each change counts as some more."""

ELEMENTS_PER_STEP = 4
BYTES_PER_STEP = 16
"""Before lists are matched, their elements are serialized: so many elements or bytes take the time of one step."""

_Matched = tuple[int, int, int, "_Matched"] | None
"""A stretch that matches: its start and end in the one list, its diagonal, and the stretch before it."""

Stretch = tuple[int, int, int, int]
"""A range in which two lists differ: start and end in the one, start and end in the other."""


@dataclass(slots=True)
class ComparisonLimit:
    """The limit of the comparisons of one request together; beyond it, changes are reported less finely."""

    steps: int = MOST_STEPS
    characters: int = MOST_CHARACTERS


def unequal(before: Sequence[Hashable], after: Sequence[Hashable], limit: ComparisonLimit) -> Iterator[Stretch]:
    """The stretches in which two lists differ; all between their common ends once the limit is reached.

    Common ends are set apart first: among elements that are alike, the longest match needn't be the plainest.
    """
    shorter = min(len(before), len(after))
    start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    rest = shorter - start
    end = next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)
    i, j, last_i, last_j = start, start, len(before) - end, len(after) - end
    for match_i, match_j in (*_in_common(before, after, (i, last_i, j, last_j), limit), (last_i, last_j)):
        if i < match_i or j < match_j:
            yield i, match_i, j, match_j
        i, j = match_i + 1, match_j + 1


def _in_common(
    before: Sequence[Hashable], after: Sequence[Hashable], within: Stretch, limit: ComparisonLimit
) -> list[tuple[int, int]]:
    """The pairs of positions that match. Elements that only one list has can't, and aren't looked at twice."""
    first_i, last_i, first_j, last_j = within
    there, here = set(after[first_j:last_j]), set(before[first_i:last_i])
    old = [index for index in range(first_i, last_i) if before[index] in there]
    new = [index for index in range(first_j, last_j) if after[index] in here]
    matched = _longest_match([before[index] for index in old], [after[index] for index in new], limit)
    return [(old[i], new[j]) for i, j in matched]


def _longest_match(old: Sequence[Hashable], new: Sequence[Hashable], limit: ComparisonLimit) -> list[tuple[int, int]]:
    """The longest match of two lists; nothing if it would take more steps than are left.

    Round by round with one difference more, diagonal by diagonal: how far into `old` it leads, and what matched before.
    """
    reached: dict[int, tuple[int, _Matched]] = {1: (0, None)}
    differences = 0
    while True:
        for diagonal in range(-differences, differences + 1, 2):
            x, matched = _next_start(reached, diagonal, differences)
            begin = x
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            limit.steps -= x - begin + 1
            if limit.steps < 0:
                return []
            if begin < x:
                matched = begin, x, diagonal, matched
            if x >= len(old) and x - diagonal >= len(new):
                return _pairs(matched)
            reached[diagonal] = x, matched
        differences += 1


def _next_start(reached: Mapping[int, tuple[int, _Matched]], diagonal: int, differences: int) -> tuple[int, _Matched]:
    """How far into `old` a diagonal leads with one difference more, before what is equal there."""
    if diagonal == -differences or (diagonal < differences and reached[diagonal - 1][0] < reached[diagonal + 1][0]):
        return reached[diagonal + 1]
    x, matched = reached[diagonal - 1]
    return x + 1, matched


def _pairs(matched: _Matched) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    while matched is not None:
        start, end, diagonal, matched = matched
        pairs.extend((x, x - diagonal) for x in range(end - 1, start - 1, -1))
    return pairs[::-1]
