"""Positions in a document are found as graphql-core finds them, but its lines are looked for once."""

import re

import pytest
from graphql import Source
from hypothesis import given
from hypothesis import strategies as st

from app.http import documents
from app.http.documents import IndexedSource
from tests.databases import Databases, Loaded


class CountingPattern:
    """A pattern that counts how often a text is searched from its beginning."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.searches = 0

    def finditer(self, text: str) -> "list[re.Match[str]]":
        self.searches += 1
        return list(self._pattern.finditer(text))


@given(
    st.text(alphabet="a \n\r", max_size=40).flatmap(lambda text: st.tuples(st.just(text), st.integers(0, len(text))))
)
def test_a_position_has_the_line_and_column_that_graphql_core_gives_it(where: tuple[str, int]) -> None:
    text, position = where
    if text[position - 1 : position + 1] != "\r\n":
        assert IndexedSource(text).get_location(position) == Source(text).get_location(position)


async def test_a_document_is_searched_for_lines_once_however_many_errors_it_has(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = CountingPattern(documents._LINE_END)
    monkeypatch.setattr(documents, "_LINE_END", counting)
    wrong = " ".join(f'a{number}: workspaces(after: "x") {{ nodes {{ id }} }}' for number in range(20))
    async with databases.serving(loaded_trade) as api:
        body = await api.caller("ada").answer("\n" * 1000 + f"{{ {wrong} }}")
    assert [error["locations"][0]["line"] for error in body["errors"]] == [1001] * 20
    assert counting.searches == 1


async def test_wrong_variables_are_located_by_one_search_too(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = CountingPattern(documents._LINE_END)
    monkeypatch.setattr(documents, "_LINE_END", counting)
    declared = ", ".join(f"$v{number}: Int!" for number in range(30))
    async with databases.serving(loaded_trade) as api:
        body = await api.caller("ada").answer(
            "\n" * 1000 + f"query({declared}) {{ __typename }}", **{f"v{number}": "x" for number in range(30)}
        )
    # One more says that there are too many of them.
    assert len(body["errors"]) == 21
    assert counting.searches == 1
