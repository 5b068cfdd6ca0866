"""What graphql-core adds to its messages is a part of the schema: it is told only to callers who may know the schema."""

from datetime import UTC, datetime

import pytest
from graphql import GraphQLError

from app.domain.nouns import UserId
from app.graphql.context import Context
from app.graphql.http.execution import formatted
from app.graphql.schema import schema
from app.storage.engine import open_database
from app.storage.store import UnitOfWork

DOCUMENTS = [
    "{ viewr { id } }",
    "{ viewer { idd } }",
    "{ workspaces(serch: 1) { totalCount } }",
    '{ flow(id: "x") { ... on Flw { id } } }',
    "mutation ($i: CopyFlowInputt!) { copyFlow(input: $i) { errors { message } } }",
    '{ workspace(id: "x") { flows(orderBy: NAME_ASCC) { totalCount } } }',
]


def context(*, shows_schema: bool) -> Context:
    database = open_database("postgresql+asyncpg://nobody@localhost/nowhere")
    work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
    return Context(viewer=UserId(""), database=database, work=work, request_id="1", shows_schema=shows_schema)


async def errors_in(document: str) -> list[GraphQLError]:
    return list((await schema.execute(document)).errors or ())


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_suggestions_are_told_only_where_the_schema_is_open(document: str) -> None:
    errors = await errors_in(document)
    assert errors
    told = [str(formatted(error, context(shows_schema=True))["message"]) for error in errors]
    hidden = [str(formatted(error, context(shows_schema=False))["message"]) for error in errors]
    assert any("Did you mean" in message for message in told)
    assert hidden == [message.partition(" Did you mean")[0] for message in told]
