"""A cursor that the server makes is one that it takes, whatever the key of the element."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.input import LONGEST_NAME, name_key
from app.graphql.connections import PageArguments, Paging
from app.storage.pages.paging import PageRequest
from tests.property_settings import bounded

LONGEST_KEYS = ["\U0001d160", "ΐ", "\U0001f680", "é", '"', "\\", "\x01", "\x7f", "\ud7ff", "x"]
"""Characters whose keys or escapes take most room: folded, the first is three of four bytes each."""
ID = "flow_01jgfjjz00e01aetbqh5w05jv2"


def read_again(*key: Any) -> Any:
    """The key that comes of a cursor that was made for one."""
    cursor = Paging("flows/NAME_ASC", PageRequest(1, backwards=False, beyond=None)).cursor(key)
    kinds = tuple(type(value) for value in key)
    return PageArguments(None, cursor, None, None).of("flows", "NAME_ASC", key=kinds).request.beyond


@pytest.mark.parametrize("character", LONGEST_KEYS)
def test_the_cursor_of_the_longest_name_is_taken(character: str) -> None:
    name = name_key(character * LONGEST_NAME)
    assert read_again(name, ID) == (name, ID)
    assert read_again(name, name, ID) == (name, name, ID)


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=LONGEST_NAME).map(name_key)
times = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
numbers = st.integers(-(2**31) + 1, 2**31 - 1)


@bounded
@given(st.lists(st.one_of(names, times, numbers), min_size=1, max_size=4))
def test_every_cursor_that_is_made_is_taken(key: list[Any]) -> None:
    assert read_again(*key) == tuple(key)
