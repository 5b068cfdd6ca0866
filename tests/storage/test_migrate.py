"""Migrations: up, down, at the same time, and equal to the tables."""

import asyncio
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel

import app.storage.tables  # noqa: F401 - importing the tables fills the metadata
from app.domain.content import split_graph
from app.domain.graph import canonical
from app.storage.migrate import is_current, upgrade
from app.storage.write_context import content_row
from tests.storage.downgrading import downgrade

TABLES = text("select count(*) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")


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
    outlines = {
        key: content_row(split_graph(graph, lambda _: None).content)["outline"] for key, graph in CONTENTS.items()
    }
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
