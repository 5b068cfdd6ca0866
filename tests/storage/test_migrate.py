"""Migrations: up, down, at the same time, and equal to the tables."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel

import app.storage.tables  # noqa: F401 - importing the tables fills the metadata
from app.storage.migrate import downgrade, is_current, upgrade

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
