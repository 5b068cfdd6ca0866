"""Up to where callers have written in the log of the database, noted with their commits and after them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Select, column, func, insert, literal, select, table
from structlog.testing import capture_logs

from app.domain.model import UserId
from app.storage.connections import transactions
from app.storage.connections.database import Database, StatementFailed, open_database
from app.storage.connections.replicas.positions import (
    CURRENT,
    NOT_KNOWN,
    begin_positions,
    notes_of,
    position_of,
    settle,
)
from app.storage.tables import CALLER_POSITION, TENANT
from tests.databases import run
from tests.serving.real import soon_true

WRITER = UserId("user_1")
WAITING: Select[Any] = (
    select(column("pid"))
    .select_from(table("pg_stat_activity"))
    .where(column("datname") == func.current_database(), column("wait_event_type") == literal("Lock"))
)
WRITE = insert(TENANT).values(id="tenant_1", name="Acme", component_whitelist=False)
HOLD_NOTES = """
    create function wait() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return new; end $$;
    create trigger waits before update on caller_position for each row
    when (new.position <> 9223372036854775807) execute function wait();
    insert into caller_position values ('user_1', 1), ('', 1);
"""
"""What is noted after a commit waits for whoever holds the lock, and what is noted with it doesn't."""
LOCK = select(func.pg_advisory_xact_lock(1))


async def position_noted(database: Database) -> int:
    async with database.reading() as connection:
        return await position_of(connection, WRITER)


@asynccontextmanager
async def writing_while_its_position_is_locked(url: str, database: Database) -> AsyncIterator["asyncio.Task[None]"]:
    """A write that is committed, and waits for its position to be noted, or has waited for as long as it would."""
    await run(url, HOLD_NOTES)
    other = open_database(url)
    async with other.writing() as connection:
        await connection.rows(LOCK)

        async def write() -> None:
            async with database.writing(notes=notes_of(WRITER)) as writing:
                await writing.change(WRITE)

        task = asyncio.create_task(write())

        async def waits() -> bool:
            async with other.reading() as reading:
                return task.done() or bool(await reading.rows(WAITING))

        assert await soon_true(waits)
        yield task
    await other.close()


async def test_whoever_is_cut_off_after_its_commit_has_it_noted_what_was_written(database_url: str) -> None:
    """It is told to look at what was written, so that no server may show it an older state."""
    database = open_database(database_url, pool_size=1)
    async with writing_while_its_position_is_locked(database_url, database) as writing:
        writing.cancel()
        done, _ = await asyncio.wait({writing}, timeout=0.1)
        assert not done
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert 1 < await position_noted(database) < NOT_KNOWN
    await database.close()


async def test_that_a_caller_has_written_is_noted_with_the_commit_and_where_when_that_can_be_done(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "AFTER_COMMIT_SECONDS", 0.01)
    database = open_database(database_url, pool_size=1)
    with capture_logs() as log:
        async with writing_while_its_position_is_locked(database_url, database) as writing:
            await writing
            assert await position_noted(database) == NOT_KNOWN
    assert [(line["event"], line["reason"]) for line in log] == [("position of a commit not noted", "TimeoutError")]
    async with database.writing() as connection:
        await settle(connection, [WRITER])
    assert 1 < await position_noted(database) < NOT_KNOWN
    await database.close()


async def test_whatever_callers_wrote_before_positions_were_noted_counts_as_written_by_all(database_url: str) -> None:
    """The table is emptied when the primary crashes, and on a standby that is promoted."""
    database = open_database(database_url, pool_size=1)
    assert await position_noted(database) == NOT_KNOWN
    async with database.writing() as connection:
        await connection.change(insert(TENANT).values(id="tenant_0", name="Before", component_whitelist=False))
    found = []
    for _ in range(2):
        async with database.writing() as connection:
            before = await connection.value(CURRENT)
            await begin_positions(connection)
        found += [before, await position_noted(database)]
    await database.close()
    assert found[0] <= found[1] == found[3] < found[2]


async def test_a_position_that_cant_be_noted_with_a_commit_is_rolled_back_with_it(database_url: str) -> None:
    database = open_database(database_url, pool_size=1)
    await run(database_url, "alter table caller_position add constraint none check (false)")
    with pytest.raises(StatementFailed):
        async with database.writing(notes=notes_of(WRITER)) as connection:
            await connection.change(WRITE)
    async with database.reading() as reading:
        assert await reading.rows(select(TENANT.c.id)) == []
    await database.close()


async def test_a_position_of_another_server_that_a_dump_had_is_replaced(database_url: str) -> None:
    """The log of this one may not come there for years."""
    database, far = open_database(database_url), 2**62
    async with database.writing() as connection:
        for user in (WRITER, ""):
            await connection.change(insert(CALLER_POSITION).values(user_id=user, position=far))
    found = []
    for _ in range(2):
        async with database.writing(notes=notes_of(WRITER)) as connection:
            await begin_positions(connection)
        found.append(await position_noted(database))
    await database.close()
    first, second = found
    assert first <= second < far


async def test_nobody_goes_on_with_a_connection_whose_user_was_cut_off_twice_after_its_commit(
    database_url: str,
) -> None:
    database = open_database(database_url, pool_size=1)
    async with writing_while_its_position_is_locked(database_url, database) as writing:
        for _ in range(2):
            writing.cancel()
            await asyncio.wait({writing}, timeout=0)
        with pytest.raises(asyncio.CancelledError):
            await writing
        async with database.reading() as connection:
            assert [row.id for row in await connection.rows(select(TENANT.c.id))] == ["tenant_1"]
    await database.close()
