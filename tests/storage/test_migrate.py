"""Migrations: up, down, at the same time, equal to the tables, and none for databases that are too old."""

import asyncio

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel import SQLModel

import app.storage.tables  # noqa: F401 - importing the tables fills the metadata
from app.storage.connections.database import Database
from app.storage.migrations.migrate import (
    LAST_BEFORE_SQUASH,
    OLDEST,
    UnusableDatabase,
    configuration,
    has_usable_schema,
    oldest_revision,
    upgrade,
)
from tests.databases import Databases, Loaded, contents, run_sql
from tests.storage.downgrading import downgrade, rows


async def is_current(url: str) -> bool:
    database = Database(url)
    try:
        return await has_usable_schema(database)
    finally:
        await database.close()


async def test_an_empty_database_becomes_current(empty_database_url: str) -> None:
    assert not await is_current(empty_database_url)
    await upgrade(empty_database_url)
    assert await is_current(empty_database_url)


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


def test_every_migration_says_which_releases_work_with_it() -> None:
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    said = {each.revision: each.module.oldest_compatible for each in scripts}
    assert all(oldest <= revision for revision, oldest in said.items())


async def test_a_database_says_which_releases_work_with_it_up_and_down(empty_database_url: str) -> None:
    async def oldest() -> list[str]:
        return [row["oldest_revision"] for row in await rows(empty_database_url, OLDEST)]

    await upgrade(empty_database_url)
    assert await oldest() == ["0013"]
    await downgrade(empty_database_url, oldest_revision())
    assert await oldest() == ["0013"]
    await upgrade(empty_database_url)
    assert await oldest() == ["0013"]


async def test_a_database_at_the_oldest_revision_is_upgraded_without_loss(
    loaded_trade: Loaded, databases: Databases
) -> None:
    async with databases.made(loaded_trade.name) as name:
        url = databases.url_of(name)
        newest = await contents(url)
        await downgrade(url, oldest_revision())
        oldest = await contents(url)
        assert len(oldest) > 100
        await upgrade(url)
        assert {table for table, _ in await contents(url)} == {table for table, _ in newest}
        await downgrade(url, oldest_revision())
        assert await contents(url) == oldest


@pytest.mark.parametrize("revision", ["0001", "0019"])
async def test_a_database_before_the_oldest_revision_is_refused_without_a_change(
    database_url: str, revision: str
) -> None:
    await run_sql(database_url, f"update alembic_version set version_num = '{revision}'")  # noqa: S608 - our own text
    before = await contents(database_url)
    assert not await is_current(database_url)
    for is_dry_run in (False, True):
        with pytest.raises(UnusableDatabase) as refused:
            await upgrade(database_url, is_dry_run=is_dry_run)
        assert str(refused.value) == (
            f"The database has the schema of revision {revision}, and this release upgrades from 0020 on. Start the server "
            f"of commit {LAST_BEFORE_SQUASH} on it once, which upgrades it, then this one."
        )
    assert await contents(database_url) == before
