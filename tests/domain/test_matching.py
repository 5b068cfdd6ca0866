"""What two lists have in common is a longest match, compared with the textbook's table of longest common subsequences."""

from collections.abc import Iterator, Sequence
from itertools import product

from app.domain.matching import ComparisonLimit, unequal
from tests.property_settings import EXAMPLES

LETTERS, LONGEST = "abc", 5 if EXAMPLES > 10 else 4
LISTS = [letters for length in range(LONGEST + 1) for letters in product(LETTERS, repeat=length)]


def first_names(letters: Sequence[str]) -> bool:
    """Whether the letters come in the order of the alphabet: of lists that differ by names alone, one is enough."""
    return [*dict.fromkeys(letters)] == [*LETTERS[: len({*letters})]]


def longest_common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    lengths = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for i, letter in enumerate(one, 1):
        for j, counterpart in enumerate(other, 1):
            above, left = lengths[i - 1][j], lengths[i][j - 1]
            lengths[i][j] = lengths[i - 1][j - 1] + 1 if letter == counterpart else max(above, left)
    return lengths[-1][-1]


def matched(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of elements outside the stretches in which the lists differ."""
    i = j = 0
    stretches = [*unequal(one, other, ComparisonLimit())]
    assert all(i1 < i2 or j1 < j2 for i1, i2, j1, j2 in stretches)
    for i1, i2, j1, j2 in [*stretches, (len(one), len(one), len(other), len(other))]:
        yield from zip(one[i:i1], other[j:j1], strict=True)
        i, j = i2, j2


def test_the_match_of_two_lists_is_as_long_as_it_can_be() -> None:
    for one in filter(first_names, LISTS):
        for other in LISTS:
            pairs = [*matched(one, other)]
            assert all(letter == counterpart for letter, counterpart in pairs), (one, other)
            assert len(pairs) == longest_common_subsequence(one, other), (one, other)
