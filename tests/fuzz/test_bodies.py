"""Bodies, headers, methods and paths that nobody means: each is answered as its case asks for, and none writes.

The long form of all of this is `scripts/benchmarks/fuzz.py`.
"""

from tests.api.client import Api
from tests.fuzz.session import TIMES, session_of
from tests.fuzz.writes import nothing_written

REQUESTS = 200 * TIMES


async def test_a_request_however_odd_is_answered_as_its_case_asks_for_and_writes_nothing(api: Api) -> None:
    async with session_of(api.http, api.tokens, "bodies") as session, nothing_written(api.database_url):
        for _ in range(REQUESTS):
            await session.odd_request()
    assert session.sent > REQUESTS
