"""Migrations: up, down, at the same time, and equal to the tables."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel

import app.storage.tables  # noqa: F401 - importing the tables fills the metadata
from app.domain.content import split_graph
from app.domain.graph import canonical
from app.storage.connections.database import open_database
from app.storage.connections.engine import engine_of
from app.storage.migrations.compatibility import OLDEST, configuration
from app.storage.migrations.migrate import has_usable_schema, upgrade
from app.storage.writes.contents import content_row
from tests.storage.downgrading import downgrade, rows

TABLES = text("select count(*) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")


async def is_current(url: str) -> bool:
    database = open_database(url)
    try:
        return await has_usable_schema(database)
    finally:
        await database.close()


async def test_an_empty_database_becomes_current_and_empty_again(empty_database_url: str) -> None:
    assert not await is_current(empty_database_url)
    await upgrade(empty_database_url)
    assert await is_current(empty_database_url)
    await downgrade(empty_database_url, "base")
    assert not await is_current(empty_database_url)
    engine = create_async_engine(empty_database_url)
    async with engine.connect() as connection:
        assert (await connection.execute(TABLES)).scalar_one() == 0
    await engine.dispose()


async def test_processes_that_migrate_at_the_same_moment_do_not_collide(empty_database_url: str) -> None:
    await asyncio.gather(*(upgrade(empty_database_url) for _ in range(4)))
    assert await is_current(empty_database_url)


@pytest.fixture
async def migrated(database_url: str) -> AsyncEngine:
    return create_async_engine(database_url)


async def test_the_migrations_make_exactly_the_tables(migrated: AsyncEngine) -> None:
    async with migrated.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), SQLModel.metadata)
        )
    await migrated.dispose()
    assert differences == []


NAMED = {"nodes": [{"id": "1", "command": "a/b:c", "name": " Über "}, {"id": "2", "command": "a/b:c"}], "edges": []}
LONG = {"nodes": [{"id": "1", "command": "a/b:c", "name": "x" * 300}, {"id": "2", "command": "a/b:c", "name": 3}]}
NAMELESS = {"nodes": [{"id": "1", "command": "a/b:c", "name": " "}], "edges": []}
CONTENTS: dict[str, Any] = {
    "named": NAMED,
    "long": LONG | {"edges": []},
    "nameless": NAMELESS,
    "empty": {"nodes": [], "edges": []},
}


async def test_the_names_of_steps_come_into_the_outlines_that_there_are_and_go_again(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    stored = {key: content_row(split_graph(graph, lambda _: None)) for key, graph in CONTENTS.items()}
    outlines = {key: outline for key, (_, _, outline) in stored.items()}
    await downgrade(empty_database_url, "0002")
    insert = text("insert into flow_content (hash, graph, outline) values (:hash, :graph, :outline)")
    bare = {
        key: canonical({"links": [], "steps": [[node["id"], node["command"]] for node in graph["nodes"]]})
        for key, graph in CONTENTS.items()
    }
    engine = create_async_engine(empty_database_url)
    async with engine.begin() as connection:
        rows = [{"hash": key, "graph": canonical(graph), "outline": bare[key]} for key, graph in CONTENTS.items()]
        await connection.execute(insert, rows)
    await upgrade(empty_database_url)
    assert await stored_outlines(engine) == outlines
    assert '["1","a/b:c","Über"]' in outlines["named"]
    await downgrade(empty_database_url, "0002")
    assert await stored_outlines(engine) == bare
    await engine.dispose()


async def stored_outlines(engine: AsyncEngine) -> dict[str, str]:
    async with engine.connect() as connection:
        return {
            row.hash: row.outline for row in await connection.execute(text("select hash, outline from flow_content"))
        }


BEFORE_RECORDS_OUTLIVED = """
    insert into tenant (id, name, component_whitelist) values ('tenant_1', 'One', false);
    insert into contract (id, tenant_id, name, name_key, status) values ('contract_1', 'tenant_1', 'One', 'one', 'ACTIVE');
    insert into workspace (id, contract_id, name, name_key, type) values
        ('workspace_1', 'contract_1', 'Here', 'here', 'FULL'), ('workspace_2', 'contract_1', 'There', 'there', 'FULL');
    insert into flow_content (hash, graph, outline) values ('hash', '{"nodes": [], "edges": []}', '{"steps": []}');
    insert into flow (id, workspace_id, name, name_key, description, type, status, created_at, updated_at,
                      draft_revision)
    select id, workspace, id, id, 'Described', 'ORDINARY', 'INACTIVE', at::timestamptz, '2026-01-09', 2 from (values
        ('source', 'workspace_1', '2026-01-01'), ('new', 'workspace_2', '2026-01-02'),
        ('old', 'workspace_2', '2026-01-01'), ('published', 'workspace_2', '2026-01-02')) made (id, workspace, at);
    insert into flow_draft (id, flow_id, name, description, content_hash, bindings, revision, created_at, updated_at,
                            origin, set_aside_at)
    select id, flow, id, 'Before', 'hash', '[]', 1, at::timestamptz, saved::timestamptz, origin, aside::timestamptz
    from (values
        ('unchanged', 'new', '2026-01-02', '2026-01-02', 'EXPORT', null),
        ('aside', 'old', '2026-01-01', '2026-01-01', 'EDIT', '2026-01-03'),
        ('edited', 'old', '2026-01-03', '2026-01-05', 'EDIT', null)) made (id, flow, at, saved, origin, aside);
    insert into flow_version (id, flow_id, number, name, content_hash, bindings, published_at, origin)
        values ('version', 'published', 1, 'Published', 'hash', '[]', '2026-01-04', 'EXPORT');
    update flow set published_version_id = 'version' where id = 'published';
    insert into flow_export (id, created_at, copied_from, source_flow_id, destination_workspace_id,
                             destination_flow_id, draft_id, set_aside_draft_id, "references")
    select id, at::timestamptz, 'DRAFT', source, 'workspace_2', destination, draft, aside, '[]' from (values
        ('into new', '2026-01-02', 'source', 'new', 'unchanged', null),
        ('onto old', '2026-01-03', 'source', 'old', 'edited', 'aside'),
        ('into published', '2026-01-02', 'source', 'published', null, null),
        ('of what is gone', '2026-01-02', null, null, null, null)) made (id, at, source, destination, draft, aside);
"""
RECORDS = text("select * from flow_export order by id")


async def test_records_of_exports_that_there_are_stay_and_tell_what_is_known_of_them(empty_database_url: str) -> None:
    await upgrade(empty_database_url)
    await downgrade(empty_database_url, "0004")
    async with engine_of(empty_database_url) as engine, engine.begin() as connection:
        for statement in BEFORE_RECORDS_OUTLIVED.split(";\n"):
            if statement.strip():
                await connection.execute(text(statement))
    before = await rows(empty_database_url, RECORDS)
    await upgrade(empty_database_url)
    after = await rows(empty_database_url, RECORDS)
    assert [row | {"references": "[]"} | old for old, row in zip(before, after, strict=True)] == [
        row | {"references": "[]"} for row in after
    ]
    assert {row["report_hash"] for row in after} == {None}
    assert [row["id"] for row in after if row["destination_deleted_at"] is not None] == ["of what is gone"]
    told = {row["id"]: (row["source_workspace_id"], row["first_change"], row["flow_before"]) for row in after}
    [onto_old] = [row for row in after if row["id"] == "onto old"]
    assert told == {
        "into new": ("workspace_1", None, None),
        "onto old": ("workspace_1", "EDITED", onto_old["flow_before"]),
        "into published": ("workspace_1", "PUBLISHED", None),
        "of what is gone": (None, "DISCARDED", None),
    }
    shown = json.loads(onto_old["flow_before"])
    updated = datetime.fromisoformat(shown.pop("updatedAt"))
    assert (shown, updated) == (
        {"name": "aside", "description": "Before", "cron": None},
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    states = "select id, export_id from flow_draft union all select id, export_id from flow_version"
    assert {row["id"]: row["export_id"] for row in await rows(empty_database_url, text(states))} == {
        "unchanged": "into new",
        "aside": None,
        "edited": None,
        "version": "into published",
    }
    await downgrade(empty_database_url, "0004")
    assert await rows(empty_database_url, RECORDS) == before


def test_every_migration_since_servers_look_for_it_says_which_releases_work_with_it() -> None:
    scripts = [*ScriptDirectory.from_config(configuration()).walk_revisions()]
    said = {each.revision: getattr(each.module, "oldest_compatible", None) for each in scripts}
    assert {revision for revision, oldest in said.items() if oldest is None} == {f"{n:04}" for n in range(1, 7)}
    assert all(oldest in said and oldest <= revision for revision, oldest in said.items() if oldest is not None)


async def test_a_database_says_which_releases_work_with_it_up_and_down(empty_database_url: str) -> None:
    async def oldest() -> list[str]:
        return [row["oldest_revision"] for row in await rows(empty_database_url, OLDEST)]

    await upgrade(empty_database_url)
    assert await oldest() == ["0013"]
    await downgrade(empty_database_url, "0008")
    assert await oldest() == ["0006"]
    await downgrade(empty_database_url, "0007")
    await upgrade(empty_database_url)
    assert await oldest() == ["0013"]
