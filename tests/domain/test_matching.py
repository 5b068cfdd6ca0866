"""What two lists have in common is the same, and as much as makes a change plain."""

from collections.abc import Iterator, Sequence
from itertools import product

from app.domain.matching import ComparisonLimit, unequal
from tests.property_settings import EXAMPLES

LETTERS, LONGEST = "abc", 5 if EXAMPLES > 10 else 4
LISTS = [letters for length in range(LONGEST + 1) for letters in product(LETTERS, repeat=length)]


def first_names(letters: Sequence[str]) -> bool:
    """Whether the letters come in the order of the alphabet: of lists that differ by names alone, one is enough."""
    return [*dict.fromkeys(letters)] == [*LETTERS[: len({*letters})]]


def matched(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs of elements outside the stretches in which the lists differ."""
    i = j = 0
    stretches = [*unequal(one, other, ComparisonLimit())]
    assert all(i1 < i2 or j1 < j2 for i1, i2, j1, j2 in stretches)
    for i1, i2, j1, j2 in [*stretches, (len(one), len(one), len(other), len(other))]:
        yield from zip(one[i:i1], other[j:j1], strict=True)
        i, j = i2, j2


def test_what_two_lists_have_outside_the_stretches_is_the_same() -> None:
    for one in filter(first_names, LISTS):
        for other in LISTS:
            pairs = [*matched(one, other)]
            assert all(letter == counterpart for letter, counterpart in pairs), (one, other)
            assert bool(pairs) is not {*one}.isdisjoint(other), (one, other)


def test_a_list_that_grew_by_one_element_differs_in_that_alone() -> None:
    for one in LISTS:
        for place, letter in product(range(len(one) + 1), LETTERS):
            [(i1, i2, j1, j2)] = unequal(one, [*one[:place], letter, *one[place:]], ComparisonLimit())
            assert (i1, i2 - i1, j1, j2 - j1) == (i1, 0, i1, 1)
