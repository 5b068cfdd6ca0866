"""Matches the elements of two lists: the longest match (Myers' O(ND) comparison), as far as a limit allows."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

MOST_STEPS = 800_000
"""For matching the lists of one request. A step is one comparison of two elements."""

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

    Round by round with one difference more, row by row: how far into `old` each diagonal leads.
    """
    rows: list[list[int]] = []
    while True:
        differences, row = len(rows), list[int]()
        for place in range(differences + 1):
            x = _next_start(rows[-1], place) if rows else 0
            y = begin = x - (2 * place - differences)
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            row.append(x)
            limit.steps -= y - begin + 1
            if limit.steps < 0:
                return []
            if x >= len(old) and y >= len(new):
                return _traced([*rows, row], len(old) - len(new))
        rows.append(row)


def _next_start(previous: Sequence[int], place: int) -> int:
    """How far into the one list a diagonal leads with one difference more, before what is equal there."""
    if place == 0 or (place < len(previous) and previous[place - 1] < previous[place]):
        return previous[place]
    return previous[place - 1] + 1


def _traced(rows: Sequence[Sequence[int]], diagonal: int) -> list[tuple[int, int]]:
    """The matching pairs on the way back from the end through the rows."""
    pairs: list[tuple[int, int]] = []
    for differences in range(len(rows) - 1, -1, -1):
        place = (diagonal + differences) // 2
        end = rows[differences][place]
        start = _next_start(rows[differences - 1], place) if differences else 0
        pairs.extend((x, x - diagonal) for x in range(end - 1, start - 1, -1))
        if differences:
            previous = rows[differences - 1]
            down = place == 0 or (place < len(previous) and previous[place - 1] < previous[place])
            diagonal += 1 if down else -1
    return pairs[::-1]
