"""Mutations of all kinds, one or several in a document: what isn't a success has written nothing."""

from tests.api.client import Api
from tests.fuzz.session import TIMES, session_of
from tests.fuzz.writes import writes_of

MUTATIONS = 50 * TIMES
FEWEST_WRITES = 5


async def test_whatever_a_mutation_is_sent_with_it_has_written_nothing_unless_it_went_through(api: Api) -> None:
    async with session_of(api.http, api.tokens, "mutations") as session:
        assert await writes_of(session, api.database_url, MUTATIONS) > FEWEST_WRITES
