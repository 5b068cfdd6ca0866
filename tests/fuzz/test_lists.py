"""Ids, cursors, pages, filters and searches that are odd in every way, in documents that are in order."""

from tests.api.client import Api
from tests.fuzz.random_documents import Documents
from tests.fuzz.session import TIMES, session_of
from tests.fuzz.writes import nothing_written

QUERIES = 100 * TIMES
OPTIONAL = 0.8


async def test_ids_cursors_pages_and_searches_however_odd_are_answered_as_foreseen(api: Api) -> None:
    async with session_of(api.http, api.tokens, "lists") as session, nothing_written(api.database_url):
        session.documents = Documents(session.values, optional=OPTIONAL)
        for _ in range(QUERIES):
            await session.ask()
    assert session.outcomes["200 ok"] > QUERIES / 10
