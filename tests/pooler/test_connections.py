"""Connections behind a pooler in transaction mode: each transaction says all that it needs, and leaves nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import bindparam, func, literal, select, text
from structlog.testing import capture_logs

from app.storage.connections.database import Database
from app.storage.connections.driver import PoolerMode, arguments_of
from app.storage.connections.failures import DatabaseUnavailable, StatementFailed, StatementTookTooLong
from app.storage.migrations.migrate import upgrade
from tests.pooler.pgbouncer import PgBouncer, pgbouncer
from tests.serving.real import PATIENCE_SECONDS, soon_true
from tests.storage.connections.test_database import SETTINGS, WRITES, queries_sent

SLEEP = select(func.pg_sleep(bindparam("seconds")))
AT_WORK = select(
    text("(select count(*) from pg_stat_activity where state = 'active' and query like 'SELECT pg_sleep%')")
)
OURS = ("off", "force_generic_plan", "1500ms", "UTC", "flowport")
BEGINNING = "SET LOCAL jit = off; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL statement_timeout = 15000;"


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(url, **options)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def url(database_url: str, pooler: PgBouncer) -> str:
    """A database of the test's own, through the pooler."""
    return pooler.through(database_url)


@pytest.mark.parametrize("mode", ["auto", "transaction"])
async def test_every_transaction_has_our_settings_and_leaves_none(url: str, mode: PoolerMode) -> None:
    told = []
    async with opened(url, statement_timeout_seconds=1.5, pooler_mode=mode) as database:
        for opening in (database.reading, database.writing, database.reading):
            async with opening() as connection:
                told.append(tuple(*await connection.rows(SETTINGS)))
        assert told == [(*OURS, "on"), (*OURS, "off"), (*OURS, "on")]
        assert await settings_of_others(url) == {("on", "auto", "0", "off")}


async def settings_of_others(url: str) -> set[tuple[str, ...]]:
    """What somebody else gets who is lent the same connections: all that there are."""
    names = ("jit", "plan_cache_mode", "statement_timeout", "transaction_read_only")
    found = set()
    async with opened_by_the_driver(url) as first, opened_by_the_driver(url) as second:
        for connection in (first, second):
            await connection.execute("begin")
            # The embedded server has no JIT; elsewhere its default is what it is.
            shown = [await connection.fetchval(f"select current_setting('{name}')") for name in names]
            found.add(("on" if shown[0] in {"on", "off"} else shown[0], *shown[1:]))
        for connection in (first, second):
            await connection.execute("rollback")
    return found


@asynccontextmanager
async def opened_by_the_driver(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(**arguments_of(url), statement_cache_size=0)
    yield connection
    await connection.close()


async def test_reading_takes_a_transaction_and_two_more_messages(url: str) -> None:
    sent = {}
    async with opened(url, pool_size=1) as database:
        async with database.reading() as reading:
            await reading.rows(select(1))
        for opening in (database.reading, database.writing):
            async with opening() as connection:
                raw: Any = connection._driver
            heard: list[str] = []
            raw.add_query_logger(lambda query, heard=heard: heard.append(query.query))
            async with opening() as connection:
                await connection.rows(select(1))
            raw._query_loggers.clear()
            sent[opening.__name__] = heard
    assert sent == {
        "reading": [f"BEGIN READ ONLY; {BEGINNING}", "SELECT 1", "COMMIT;"],
        "writing": [f"BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; {BEGINNING}", "SELECT 1", "COMMIT;"],
    }


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES.keys())
async def test_a_connection_for_reading_cannot_write(url: str, statement: Any) -> None:
    async with opened(url) as database:
        with pytest.raises(StatementFailed, match=r"^ReadOnlySQLTransactionError: sqlstate 25006\n"):
            async with database.reading() as connection:
                await connection.rows(statement)
        async with database.writing() as connection:
            await connection.change(statement)


async def test_more_who_read_than_the_pooler_has_connections_get_their_own_answers(url: str) -> None:
    async def ask(database: Database, number: int) -> int:
        async with database.reading() as connection:
            # Statements of several texts, prepared by whomever and run by whomever.
            return int(await connection.value(select(literal(number) + number % 7)))

    async with opened(url, pool_size=20) as database:
        answers = await asyncio.gather(*(ask(database, number) for number in range(300)))
    assert answers == [number + number % 7 for number in range(300)]


async def test_a_statement_beyond_its_time_is_cancelled(url: str) -> None:
    async with opened(url, pool_size=1, statement_timeout_seconds=0.1) as database:
        for opening in (database.reading, database.writing):
            with pytest.raises(StatementTookTooLong):
                async with opening() as connection:
                    await connection.rows(SLEEP, {"seconds": 60.0})
            async with opening() as connection:
                assert await connection.value(select(1)) == 1


async def test_whoever_is_cancelled_cancels_its_statement_and_the_connection_is_used_again(url: str) -> None:
    async def sleep(opening: Any) -> None:
        async with opening() as connection:
            await connection.rows(SLEEP, {"seconds": 60.0})

    async with opened(url, pool_size=1) as database:
        for opening in (database.reading, database.writing):
            async with opening() as connection:
                before = connection._driver
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await sleep(opening)
            async with asyncio.timeout(PATIENCE_SECONDS), opening() as connection:
                assert await connection.value(AT_WORK) == 0
                assert connection._driver is before


async def test_a_transaction_of_the_pooler_is_waited_for_no_longer_than_a_connection(url: str) -> None:
    async with (
        opened(url) as busy,
        opened(url, pool_size=1, connection_wait_seconds=0.5) as usual,
        opened(url, pool_size=1, connection_wait_seconds=0.5) as new,
    ):
        assert await soon_true(partial(can_read, usual))
        async with busy.writing(), busy.reading():
            for database, reason in ((usual, "the pooler has no connection free"), (new, "TimeoutError")):
                with pytest.raises(DatabaseUnavailable, match=f"^{reason}$"):
                    async with database.reading():
                        pass


async def can_read(database: Database) -> bool:
    """On a busy machine the first connection may take longer than it is waited for."""
    with suppress(DatabaseUnavailable):
        async with database.reading():
            return True
    return False


async def test_a_pooler_is_found(database_url: str, url: str) -> None:
    for at, events in ((url, ["connection pooler found"]), (database_url, [])):
        with capture_logs() as log:
            async with opened(at, pool_size=4) as database, database.reading(), database.reading() as connection:
                assert await connection.value(select(1)) == 1
        assert [line["event"] for line in log] == events


@pytest.mark.parametrize("kept", [0, 50])
async def test_statements_are_prepared_once_where_the_pooler_keeps_track_of_them(
    database_url: str, pooler: PgBouncer, server_url: str, session_folder: Path, kept: int
) -> None:
    """Newer ones than 1.20 do, if they are told how many."""
    can = pooler.version >= (1, 21)
    options = {"max_prepared_statements": str(kept)} if can else {}
    with pgbouncer(server_url, session_folder, **options) as running:
        url = running.through(database_url)
        with capture_logs() as log:
            async with opened(url, pool_size=4) as database:
                for _ in range(3):
                    async with database.reading() as first, database.reading() as second:
                        assert [await each.value(select(1)) for each in (first, second)] == [1, 1]
                async with database.reading() as connection:
                    prepared = await connection.rows(select(text("name from pg_prepared_statements")))
    is_kept = can and kept > 0
    assert [line["prepared_statements"] for line in log] == [is_kept]
    assert bool(prepared) == is_kept
    assert [row.name for row in prepared if not row.name.startswith("PGBOUNCER_")] == []


async def test_a_pooler_in_session_mode_is_used_like_the_database_where_a_setting_says_so(
    database_url: str, server_url: str, session_folder: Path
) -> None:
    with pgbouncer(server_url, session_folder, pool_mode="session") as session:
        url = session.through(database_url)
        async with opened(url, pool_size=1, pooler_mode="session") as database:
            async with database.reading() as reading:
                await reading.rows(select(1))
            async with queries_sent(database) as sent, database.reading() as connection:
                await connection.rows(select(1))
        assert sent == ["SELECT 1"]
        # Without it no less goes right.
        async with opened(url, statement_timeout_seconds=1.5) as database, database.reading() as connection:
            assert tuple(*await connection.rows(SETTINGS)) == (*OURS, "on")


async def test_a_schema_is_made_through_a_pooler(empty_database_url: str, pooler: PgBouncer) -> None:
    url = pooler.through(empty_database_url)
    await asyncio.gather(upgrade(url), upgrade(url), upgrade(url))
    async with opened(url) as database, database.reading() as connection:
        assert await connection.value(select(func.to_regclass("flow_version").is_not(None)))
