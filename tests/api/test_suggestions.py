"""What graphql-core adds to its messages is a part of the schema: it is told only where the schema may be known."""

import pytest

from app.graphql.http.masking import without_suggestion
from tests.api.client import Api
from tests.api.databases import Loaded, Server

VARIABLE = 'query($by: FlowOrder) { workspace(id: "x") { flows(orderBy: $by) { totalCount } } }'
DOCUMENTS = [
    "{ viewr { id } }",
    "{ viewer { idd } }",
    "{ workspaces(serch: 1) { totalCount } }",
    '{ flow(id: "x") { ... on Flw { id } } }',
    "mutation ($i: CopyFlowInputt!) { copyFlow(input: $i) { errors { message } } }",
    '{ workspace(id: "x") { flows(orderBy: NAME_ASCC) { totalCount } } }',
    VARIABLE,
]


async def messages_of(api: Api, document: str) -> list[str]:
    variables = {"by": "NAME_ASCC"} if document == VARIABLE else {}
    body = await api.caller("ada").answer(document, **variables)
    return [error["message"] for error in body["errors"]]


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_suggestions_are_told_only_where_the_schema_is_open(
    api: Api, databases: Server, loaded_trade: Loaded, document: str
) -> None:
    told = await messages_of(api, document)
    async with databases.serving(loaded_trade, introspection="off") as closed:
        hidden = await messages_of(closed, document)
    assert any("Did you mean" in message for message in told)
    assert hidden == [message.partition(" Did you mean")[0] for message in told]


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("There is no x. Did you mean y?", "There is no x."),
        ("There is no ' Did you mean '. Did you mean y?", "There is no ' Did you mean '."),
        ("There is no ' Did you mean '.", "There is no ' Did you mean '."),
        ("There is no x.", "There is no x."),
    ],
)
def test_only_what_was_added_at_the_end_is_left_out(message: str, shown: str) -> None:
    assert without_suggestion(message) == shown
