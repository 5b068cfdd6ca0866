"""Which components a flow names is noted by the database itself, whatever gives a draft or a version its content."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.connections.engine import engine_of
from tests.storage.test_schema import SMALL_WORLD

CONTENTS = """
    INSERT INTO flow_content (hash, graph, outline) VALUES ('other', '{}', '{}'), ('third', '{}', '{}');
    INSERT INTO flow_content_component (hash, team, name) VALUES
        ('hash', 'core', 'code'), ('other', 'core', 'code'), ('other', 'core', 'mail'), ('third', 'core', 'late')
"""
NOTED = text("SELECT workspace_id, team, name, flow_id FROM flow_component ORDER BY 4, 2, 3")

CHANGES = {
    "a new draft": (
        """INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, revision, created_at, updated_at, origin)
           VALUES ('draft_3', 'flow_2', 'Two', 'other', '[]', 1, now(), now(), 'EDIT')""",
        {("flow_2", "code"), ("flow_2", "mail")},
    ),
    "several new drafts in one statement, of one flow and of another": (
        """INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, revision, created_at, updated_at, origin,
                                   set_aside_at)
           VALUES ('draft_3', 'flow_2', 'Two', 'other', '[]', 1, now(), now(), 'EDIT', NULL),
                  ('draft_4', 'flow_2', 'Two', 'third', '[]', 2, now(), now(), 'EDIT', now()),
                  ('draft_5', 'flow_1', 'One', 'third', '[]', 3, now(), now(), 'EDIT', now())""",
        {("flow_2", "code"), ("flow_2", "mail"), ("flow_2", "late"), ("flow_1", "late")},
    ),
    "another content of a draft": (
        "UPDATE flow_draft SET content_hash = 'other' WHERE id = 'draft_2'",
        {("flow_1", "mail")},
    ),
    "the same content once more": ("UPDATE flow_draft SET content_hash = content_hash", set()),
    "a new version": (
        """INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin)
           VALUES ('version_2', 'flow_1', 2, 'One', 'third', '[]', now(), 'EDIT')""",
        {("flow_1", "late")},
    ),
}


async def run(connection: AsyncConnection, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            await connection.execute(text(statement))


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    contents, flows = SMALL_WORLD.split("    INSERT INTO flow (id")
    async with engine_of(database_url).connect() as connection:
        await run(connection, f"{contents}{CONTENTS};\n    INSERT INTO flow (id{flows}")
        yield connection


async def noted(connection: AsyncConnection) -> set[tuple[str, str]]:
    rows = (await connection.execute(NOTED)).all()
    assert {(row.workspace_id, row.team) for row in rows} <= {("workspace_1", "core")}
    return {(row.flow_id, row.name) for row in rows}


@pytest.mark.parametrize(("change", "added"), CHANGES.values(), ids=CHANGES.keys())
async def test_whatever_gives_a_flow_a_content_notes_its_components(
    connection: AsyncConnection, change: str, added: set[tuple[str, str]]
) -> None:
    before = await noted(connection)
    assert before == {("flow_1", "code")}
    await run(connection, change)
    assert await noted(connection) == before | added


async def test_with_a_flow_its_components_go(connection: AsyncConnection) -> None:
    await run(connection, CHANGES["a new draft"][0])
    await run(connection, "DELETE FROM flow WHERE id = 'flow_2'")
    assert await noted(connection) == {("flow_1", "code")}
