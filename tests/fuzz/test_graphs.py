"""Graphs, bindings and what becomes of the drafts that have them: what isn't a success has written nothing."""

from tests.api.client import Api
from tests.fuzz.random_documents import Documents
from tests.fuzz.session import TIMES, session_of
from tests.fuzz.writes import writes_of

FIELDS = (*("createFlow", "updateFlowDraft") * 3, "publishFlowDraft", "discardFlowDraft", "restoreFlowDraft")
MUTATIONS = 60 * TIMES
OPTIONAL = 0.2
FEWEST_WRITES = 3


async def test_a_draft_with_whatever_graph_is_written_when_it_went_through_and_not_otherwise(api: Api) -> None:
    async with session_of(api.http, api.tokens, "graphs") as session:
        session.documents = Documents(session.values, FIELDS, OPTIONAL)
        assert await writes_of(session, api.database_url, MUTATIONS) > FEWEST_WRITES
