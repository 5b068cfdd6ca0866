"""What a flow uses is noted by the database itself, whatever binds a draft, sets it aside or publishes it (U1)."""

import json
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage.connections.engine import engine_of
from tests.storage.test_components_of_flows import run
from tests.storage.test_schema import SMALL_WORLD


def id_of(kind: str, number: int) -> str:
    return f"{kind}_{number:026}"


MAIL, DATABASE, ORDERS, OFFICE = id_of("credential", 1), id_of("secret", 2), id_of("topic", 3), id_of("agent", 4)
OLD = id_of("topic", 5)

BOUND = json.dumps(
    [
        {"position": 0, "CREDENTIAL": MAIL, "SECRET": None, "AGENT": OFFICE},
        {"position": 1, "CREDENTIAL": MAIL, "TOPIC": ORDERS, "topicField": "topic"},
        {"position": 2, "DATA_SAMPLES": {"SECRET": DATABASE}},
        {"position": 3, "TOPIC": {"id": OLD}, "topicField": "topic"},
        {"position": 4, "CREDENTIAL": "x" * 10_000},
    ]
)
PUBLISHED = json.dumps([{"position": 0, "SECRET": DATABASE, "AGENT": OFFICE}])
OLDER = json.dumps([{"position": 0, "TOPIC": OLD, "topicField": "topic"}])
SETS = {"$bound": BOUND, "$published": PUBLISHED, "$older": OLDER}
BINDINGS = """
    UPDATE flow_draft SET bindings = '$bound' WHERE id = 'draft_2';
    UPDATE flow_draft SET bindings = '$older' WHERE id = 'draft_1';
    UPDATE flow SET published_version_id = NULL;
    UPDATE flow_version SET bindings = '$published';
    UPDATE flow SET published_version_id = 'version_1' WHERE id = 'flow_1'
"""
USES = text(
    "SELECT flow.workspace_id, used.* FROM flow_reference used JOIN flow ON flow.id = flow_id AND flow.name_key = used.name_key"
)
OF_DRAFT, OF_VERSION = {MAIL, ORDERS, OFFICE}, {DATABASE, OFFICE}

CHANGES = {
    "a draft that is bound anew": (
        "UPDATE flow_draft SET bindings = '$older' WHERE id = 'draft_2'",
        {"flow_1": {OLD, *OF_VERSION}},
    ),
    "a draft that is set aside": (
        "UPDATE flow_draft SET set_aside_at = now() WHERE id = 'draft_2'",
        {"flow_1": OF_VERSION},
    ),
    "one that is bound anew while it is set aside": (
        "UPDATE flow_draft SET bindings = '$bound' WHERE id = 'draft_1'",
        {"flow_1": OF_DRAFT | OF_VERSION},
    ),
    "one that takes the place of another": (
        """UPDATE flow_draft SET set_aside_at = now() WHERE id = 'draft_2';
           UPDATE flow_draft SET set_aside_at = NULL WHERE id = 'draft_1'""",
        {"flow_1": {OLD, *OF_VERSION}},
    ),
    "a draft that goes": ("DELETE FROM flow_draft WHERE id = 'draft_2'", {"flow_1": OF_VERSION}),
    "several new drafts in one statement, one set aside": (
        """INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, origin, revision, created_at, updated_at,
                                   set_aside_at)
           VALUES ('draft_3', 'flow_2', 'Two', 'hash', '$bound', 'EDIT', 1, now(), now(), NULL),
                  ('draft_4', 'flow_2', 'Two', 'hash', '$older', 'EDIT', 2, now(), now(), now())""",
        {"flow_1": OF_DRAFT | OF_VERSION, "flow_2": OF_DRAFT},
    ),
    "a new draft in the statement that sets the other aside": (
        """WITH aside AS (UPDATE flow_draft SET set_aside_at = now() WHERE id = 'draft_2' RETURNING id)
           INSERT INTO flow_draft (id, flow_id, name, content_hash, bindings, origin, revision, created_at, updated_at)
           SELECT 'draft_3', 'flow_1', 'One', 'hash', '$older', 'EDIT', 3, now(), now() FROM aside""",
        {"flow_1": {OLD, *OF_VERSION}},
    ),
    "a version that isn't published": (
        """INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, origin, published_at)
           VALUES ('version_2', 'flow_1', 2, 'One', 'hash', '$older', 'EDIT', now())""",
        {"flow_1": OF_DRAFT | OF_VERSION},
    ),
    "a version that is published": (
        """INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, origin, published_at)
           VALUES ('version_2', 'flow_1', 2, 'One', 'hash', '$older', 'EDIT', now());
           UPDATE flow SET published_version_id = 'version_2' WHERE id = 'flow_1';
           DELETE FROM flow_draft WHERE id = 'draft_2'""",
        {"flow_1": {OLD}},
    ),
    "a version that a flow names before it is inserted": (
        """UPDATE flow SET published_version_id = 'version_2' WHERE id = 'flow_2';
           INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, origin, published_at)
           VALUES ('version_2', 'flow_2', 1, 'Two', 'hash', '$older', 'EDIT', now())""",
        {"flow_1": OF_DRAFT | OF_VERSION, "flow_2": {OLD}},
    ),
    "the next version with its flow, in one statement": (
        """WITH version AS (INSERT INTO flow_version
                 (id, flow_id, number, name, content_hash, bindings, origin, published_at)
                 VALUES ('version_2', 'flow_1', 2, 'One', 'hash', '$bound', 'EDIT', now()) RETURNING id)
           UPDATE flow SET published_version_id = 'version_2'
           WHERE flow.id = 'flow_1' AND (SELECT count(*) FROM version) = 1""",
        {"flow_1": OF_DRAFT},
    ),
    "a flow with its next version, in one statement": (
        """WITH first AS (UPDATE flow SET published_version_id = 'version_2', name_key = 'first' WHERE id = 'flow_1'
                          RETURNING id)
           INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, origin, published_at)
           SELECT 'version_2', first.id, 2, 'One', 'hash', '$older', 'EDIT', now() FROM first""",
        {"flow_1": {OLD, *OF_DRAFT}},
    ),
    "the next version that is bound to nothing": (
        """INSERT INTO flow_version (id, flow_id, number, name, content_hash, bindings, origin, published_at)
           VALUES ('version_2', 'flow_1', 2, 'One', 'hash', '[]', 'EDIT', now());
           UPDATE flow SET published_version_id = 'version_2' WHERE id = 'flow_1'""",
        {"flow_1": OF_DRAFT},
    ),
    "a version that is published again": (
        """UPDATE flow SET published_version_id = NULL WHERE id = 'flow_1';
           UPDATE flow SET published_version_id = 'version_1' WHERE id = 'flow_1'""",
        {"flow_1": OF_DRAFT | OF_VERSION},
    ),
    "a flow that is renamed": (
        "UPDATE flow SET name = 'Last', name_key = 'last' WHERE id = 'flow_1'",
        {"flow_1": OF_DRAFT | OF_VERSION},
    ),
    "a flow that goes": ("DELETE FROM flow WHERE id = 'flow_1'", {}),
}


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    async with engine_of(database_url).connect() as connection:
        await run(connection, SMALL_WORLD)
        await change(connection, BINDINGS)
        yield connection


async def change(connection: AsyncConnection, script: str) -> None:
    for name, bindings in SETS.items():
        script = script.replace(name, bindings.replace(":", "\\:"))
    await run(connection, script)


async def uses(connection: AsyncConnection) -> dict[str, set[str]]:
    rows = (await connection.execute(USES)).all()
    assert {row.workspace_id for row in rows} <= {"workspace_1"}
    flows: dict[str, set[str]] = {}
    for row in rows:
        flows.setdefault(row.flow_id, set()).add(row.reference_id)
    return flows


async def written(connection: AsyncConnection) -> int:
    """How many references this connection inserted or updated since its figures were last collected."""
    figures = "SELECT n_tup_ins + n_tup_upd FROM pg_stat_xact_user_tables WHERE relid = 'flow_reference'::regclass"
    return int((await connection.execute(text(figures))).scalar_one())


@pytest.mark.parametrize(("script", "after"), CHANGES.values(), ids=CHANGES.keys())
async def test_the_active_draft_and_the_published_version_say_what_a_flow_uses(
    connection: AsyncConnection, script: str, after: dict[str, set[str]]
) -> None:
    assert await uses(connection) == {"flow_1": OF_DRAFT | OF_VERSION}
    await change(connection, script)
    assert await uses(connection) == after


async def test_a_draft_that_is_saved_with_the_same_bindings_is_not_noted_again(connection: AsyncConnection) -> None:
    rows = text("SELECT xmin, * FROM flow_reference ORDER BY flow_id, reference_id")
    await connection.commit()
    before = (await connection.execute(rows)).all()
    await connection.execute(text("UPDATE flow_draft SET bindings = bindings, name = 'Renamed'"))
    assert (await connection.execute(rows)).all() == before


async def test_the_references_of_a_version_are_written_once_where_its_flow_changes_in_the_same_statement(
    connection: AsyncConnection,
) -> None:
    await connection.commit()
    before = await written(connection)
    await change(connection, CHANGES["the next version with its flow, in one statement"][0])
    # The draft's three references become the version's too; one that only the old version had goes.
    assert await written(connection) - before == 3
    assert await uses(connection) == {"flow_1": OF_DRAFT}
