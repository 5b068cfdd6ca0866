"""Documents that a grammar makes of the schema, in order and broken: every answer was foreseen, and no query writes."""

from tests.api.client import Api
from tests.fuzz.session import TIMES, session_of
from tests.fuzz.writes import nothing_written

QUERIES = 100 * TIMES
BROKEN = 0.4


async def test_a_query_in_order_or_broken_is_answered_as_foreseen_and_writes_nothing(api: Api) -> None:
    async with session_of(api.http, api.tokens, "documents") as session, nothing_written(api.database_url):
        for _ in range(QUERIES):
            await session.ask(BROKEN)
    assert session.outcomes["200 ok"] > QUERIES / 10
