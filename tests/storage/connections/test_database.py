"""Connections as storage has them, and what is said where there are none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from app.storage.connections.database import Database
from app.storage.connections.driver import DriverConnection
from app.storage.connections.failures import (
    ConnectionLost,
    DatabaseFailure,
    DatabaseUnavailable,
    NotLetIn,
    StatementFailed,
    StatementTookTooLong,
    TransactionConflict,
    failure_of,
)
from app.storage.tables import TENANT
from tests.databases import run, url_of
from tests.serving.silent_database import falling_silent

SETTINGS = select(
    *(
        func.current_setting(name)
        for name in (
            *("jit", "plan_cache_mode", "statement_timeout", "timezone", "application_name"),
            "transaction_read_only",
        )
    )
)


async def test_every_connection_has_our_settings_for_as_long_as_it_lasts(database_url: str) -> None:
    database = Database(database_url, pool_size=1, statement_timeout_seconds=1.5)
    told = []
    for opening in (database.reading, database.writing, database.reading):
        async with opening() as connection:
            told.append(tuple(*await connection.rows(SETTINGS)))
    await database.close()
    ours = ("off", "force_generic_plan", "1500ms", "UTC", "flowport")
    assert told == [(*ours, "on"), (*ours, "off"), (*ours, "on")]


WRITES: dict[str, Any] = {
    "an insert": insert(TENANT).values(id="tenant_1", name="Acme", component_whitelist=False),
    "an update": update(TENANT).values(name="Acme"),
    "a lock": select(TENANT.c.id).with_for_update(),
}


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES.keys())
async def test_a_connection_for_reading_cannot_write(database_url: str, statement: Any) -> None:
    database = Database(database_url)
    with pytest.raises(StatementFailed, match=r"^ReadOnlySQLTransactionError: sqlstate 25006\n"):
        async with database.reading() as connection:
            await connection.rows(statement)
    async with database.writing() as connection:
        await connection.change(statement)
    await database.close()


async def test_that_a_connection_reads_or_writes_is_said_without_a_statement_of_its_own(database_url: str) -> None:
    database, one = Database(database_url, pool_size=1), select(1)
    async with database.reading() as reading:
        await reading.rows(one)
    sent = {}
    for opening in (database.reading, database.writing):
        async with queries_sent(database) as sent[opening.__name__], opening() as connection:
            await connection.rows(one)
    await database.close()
    assert sent == {
        "reading": ["SELECT 1"],
        "writing": ["BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE;", "SELECT 1", "COMMIT;"],
    }


@asynccontextmanager
async def queries_sent(database: Database) -> AsyncIterator[list[str]]:
    """What the driver sends on the one connection that there is."""
    heard: list[str] = []

    def hear(query: Any) -> None:
        heard.append(query.query)

    async with database.reading() as connection:
        raw: Any = connection._driver
    raw.add_query_logger(hear)
    yield heard
    raw.remove_query_logger(hear)


async def test_what_is_written_after_a_transaction_was_cancelled_at_its_beginning_is_written(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, began = Database(database_url, pool_size=1), asyncio.Event()
    execute = DriverConnection.execute

    async def execute_and_wait(self: DriverConnection, query: str, *values: object, **more: Any) -> str:
        done = await execute(self, query, *values, **more)
        if query.startswith("BEGIN"):
            began.set()
            await asyncio.sleep(60)
        return done

    async def write() -> None:
        async with database.writing() as connection:
            await connection.change(WRITES["an insert"])

    monkeypatch.setattr(DriverConnection, "execute", execute_and_wait)
    cancelled = asyncio.create_task(write())
    await began.wait()
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    monkeypatch.undo()
    await write()
    await database.close()
    other = Database(database_url)
    async with other.reading() as reading:
        assert [row.id for row in await reading.rows(select(TENANT.c.id))] == ["tenant_1"]
    await other.close()


async def test_a_column_that_got_another_type_is_an_outage_of_one_transaction(database_url: str) -> None:
    database, names = Database(database_url, pool_size=1), select(TENANT.c.name)

    async def write() -> None:
        async with database.writing() as connection:
            await connection.rows(names)

    async def read() -> None:
        async with database.reading() as connection:
            await connection.rows(names)

    await write()
    await run(database_url, "alter table tenant alter column name type varchar")
    with pytest.raises(DatabaseUnavailable, match=r"^InvalidCachedStatementError$"):
        await write()
    await write()
    await run(database_url, "alter table tenant alter column name type text")
    await read()
    await write()
    await database.close()


async def test_that_there_is_no_such_database_is_no_outage_that_passes(database_url: str) -> None:
    database = Database(url_of(database_url, "flowport_test_nowhere"))
    says = r'^InvalidCatalogNameError: database "flowport_test_nowhere" does not exist$'
    with pytest.raises(NotLetIn, match=says):
        async with database.reading():
            pass
    await database.close()


async def test_an_error_of_our_own_while_a_connection_is_at_work_stays_what_it_is(database_url: str) -> None:
    database = Database(database_url)
    for opening in (database.reading, database.writing):
        with pytest.raises(FileNotFoundError, match=r"^of ours$"):
            async with opening():
                raise FileNotFoundError("of ours")
    await database.close()


class Refused(Exception):
    """What the driver raises, with the state that PostgreSQL told."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("in words")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "kind", "told"),
    [
        ("08006", DatabaseUnavailable, "Refused: in words"),
        ("53300", DatabaseUnavailable, "Refused: in words"),
        ("57P03", DatabaseUnavailable, "Refused: in words"),
        ("40001", TransactionConflict, "Refused: in words"),
        ("40P01", TransactionConflict, "Refused: in words"),
        ("53100", DatabaseUnavailable, "Refused: in words"),
        ("55P03", DatabaseUnavailable, "Refused: in words"),
        ("25006", StatementFailed, "Refused: sqlstate 25006\n[SQL: select]"),
        ("57014", StatementTookTooLong, ""),
        ("08P01", StatementFailed, "Refused: sqlstate 08P01\n[SQL: select]"),
        ("28P01", StatementFailed, "Refused: sqlstate 28P01\n[SQL: select]"),
    ],
)
def test_only_what_passes_by_itself_is_an_outage(state: str, kind: type[DatabaseFailure], told: str) -> None:
    failure = failure_of(refused(state), is_lost=False)
    assert (type(failure), str(failure)) == (kind, told)


def test_of_a_statement_that_failed_otherwise_while_the_connection_was_lost_only_the_kind_is_told() -> None:
    failure = failure_of(refused("22P02"), is_lost=True)
    assert (type(failure), str(failure)) == (ConnectionLost, "Refused")


def refused(state: str) -> Exception:
    """What the driver raises of a statement."""
    error = Refused(state)
    error.add_note("[SQL: select]")
    return error


@pytest.mark.parametrize("opening", ["reading", "writing"])
async def test_who_is_cancelled_waits_no_longer_than_a_moment_for_a_connection_that_answers_no_more(
    database_url: str, opening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next gets another connection."""
    monkeypatch.setattr("app.storage.connections.driver.CANCELLATION_SECONDS", 0.1)
    one = select(1)
    async with falling_silent(database_url) as proxy:
        database = Database(proxy.address, pool_size=1)

        async def ask() -> int:
            async with getattr(database, opening)() as connection:
                return int(await connection.value(one))

        asked = asyncio.Event()
        assert await ask() == 1
        asking = asyncio.create_task(wait_for_ever(database, opening, asked))
        await asked.wait()
        proxy.drop()
        asking.cancel()
        async with asyncio.timeout(60):
            await asyncio.wait({asking})
            assert await ask() == 1
        await database.close()


async def wait_for_ever(database: Database, opening: str, asked: asyncio.Event) -> None:
    async with getattr(database, opening)() as connection:
        asked.set()
        await connection.rows(select(func.pg_sleep(600)))
