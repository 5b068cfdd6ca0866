"""Up to where callers have written in the log of the database: noted with their commits, and settled afterwards."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import insert, select

from app.domain.model import UserId
from app.storage.connections.database import Database
from app.storage.connections.failures import StatementFailed
from app.storage.connections.replicas.replica import (
    CURRENT,
    NOT_KNOWN,
    note_write,
    position_of,
    settle,
)
from app.storage.tables import CALLER_POSITION, TENANT
from tests.databases import run

WRITER = UserId("user_1")
WRITE = insert(TENANT).values(id="tenant_1", name="Acme", component_whitelist=False)


async def position_noted(database: Database) -> int:
    async with database.reading() as connection:
        return await position_of(connection, WRITER)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


async def write(database: Database) -> None:
    async with database.writing() as connection:
        await connection.change(WRITE)
        await note_write(connection, WRITER)


async def test_that_a_caller_has_written_is_committed_with_what_it_wrote_and_where_is_settled_later(
    database: Database,
) -> None:
    async with database.writing() as connection:
        await settle(connection, [])
    assert 1 < await position_noted(database) < NOT_KNOWN
    await write(database)
    assert await position_noted(database) == NOT_KNOWN
    async with database.writing() as connection:
        before = await connection.value(CURRENT)
        await settle(connection, [WRITER, UserId("user_2")])
    assert before <= await position_noted(database) < NOT_KNOWN


async def test_a_caller_who_is_just_writing_is_settled_later(database: Database) -> None:
    async with database.writing() as connection:
        await settle(connection, [])
    await write(database)
    async with database.writing() as writing, database.writing() as settling:
        await note_write(writing, WRITER)
        await settle(settling, [WRITER])
    assert await position_noted(database) == NOT_KNOWN


async def test_whatever_callers_wrote_before_positions_were_noted_counts_as_written_by_all(database_url: str) -> None:
    """The table is emptied when the primary crashes, and on a standby that is promoted."""
    database = Database(database_url, pool_size=1)
    assert await position_noted(database) == NOT_KNOWN
    async with database.writing() as connection:
        await connection.change(insert(TENANT).values(id="tenant_0", name="Before", component_whitelist=False))
    found = []
    for _ in range(2):
        async with database.writing() as connection:
            before = await connection.value(CURRENT)
            await settle(connection, [])
        found += [before, await position_noted(database)]
    await database.close()
    assert found[0] <= found[1] == found[3] < found[2]


async def test_a_commit_that_cant_be_noted_is_rolled_back(database: Database, database_url: str) -> None:
    await run(database_url, "alter table caller_position add constraint none check (false)")
    with pytest.raises(StatementFailed):
        await write(database)
    async with database.reading() as reading:
        assert await reading.rows(select(TENANT.c.id)) == []


async def test_a_position_of_another_server_that_a_dump_had_is_replaced(database_url: str) -> None:
    """The log of this one may not come there for years."""
    database, far = Database(database_url), 2**62
    async with database.writing() as connection:
        for user in (WRITER, ""):
            await connection.change(insert(CALLER_POSITION).values(user_id=user, position=far))
    found = []
    for _ in range(2):
        async with database.writing() as connection:
            await settle(connection, [])
            await note_write(connection, WRITER)
        async with database.writing() as connection:
            await settle(connection, [WRITER])
        found.append(await position_noted(database))
    await database.close()
    first, second = found
    assert first <= second < far
