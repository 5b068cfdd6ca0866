"""Starts on a database that doesn't do as it should: they end in time with a line that says why, or wait as long as it helps."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text
from structlog.testing import capture_logs

from app.storage.connections.database import Database
from app.storage.connections.engine import engine_of
from app.storage.embedded.running import running
from app.storage.migrations.migrate import LOCK, has_usable_schema, upgrade
from tests.cli.flowport import forked
from tests.cli.impatient import OFTEN, SHORT
from tests.clusters import with_cluster
from tests.databases import Databases
from tests.embedded.embedded_users import checkpointers_of, server_of
from tests.ports import free_port
from tests.serving.real import soon
from tests.serving.silent_database import falling_silent
from tests.storage.downgrading import downgrade


async def can_connect(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


def lines(log: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


SILENT_AT = (b"", b"pg_catalog.version", b"alembic_version", b"CREATE TABLE tenant", b"COMMIT")


async def test_one_that_falls_silent_ends_the_start_with_its_name_while_nothing_listens(databases: Databases) -> None:
    """All at once, since each takes as long as it is waited for."""
    await asyncio.gather(*(start_on_one_that_falls_silent(databases, moment) for moment in SILENT_AT))


async def start_on_one_that_falls_silent(databases: Databases, moment: bytes) -> None:
    port = free_port()
    async with (
        databases.made("template0") as empty,
        falling_silent(databases.url_of(empty), moment) as database,
        asyncio.timeout(120),
    ):
        options = ("tests.cli.impatient", "serve", "--port", str(port))
        starting = asyncio.create_task(
            asyncio.to_thread(forked, *options, DATABASE_URL=database.address, LOG_FORMAT="json")
        )
        assert await soon(lambda: database.is_silent)
        assert not await can_connect(port)
        told = await starting
    assert (told.returncode, told.stdout) == (1, "")
    name = make_url(database.address).set(drivername="postgresql").render_as_string()
    assert told.stderr.splitlines()[-1] == (
        f"Error: The database can't be reached: {name} doesn't answer within {SHORT} seconds."
    )
    if moment.startswith(b"CREATE"):
        # On a busy machine it may have been looked before the statement came.
        events = [
            (line["event"], line.get("answers")) for line in lines(told.stderr) if line.get("answers") is not True
        ]
        assert events == [("database is migrated", None), *[("database is still migrated", False)] * 2]


@asynccontextmanager
async def holding(url: str, statement: Any) -> AsyncIterator[None]:
    async with engine_of(url).begin() as connection:
        await connection.execute(statement)
        yield


async def has_it(url: str) -> bool:
    database = Database(url)
    try:
        return await has_usable_schema(database)
    finally:
        await database.close()


async def test_a_migration_waits_for_another_and_says_so(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.storage.migrations.migrate.LOOK_SECONDS", OFTEN)
    with capture_logs() as log:
        async with holding(empty_database_url, LOCK):
            migrating = asyncio.create_task(upgrade(empty_database_url))
            assert await soon(lambda: "database is still migrated" in events(log))
            assert not await has_it(empty_database_url)
        await migrating
    assert await has_it(empty_database_url)
    assert (events(log)[0], events(log)[-1]) == ("database is migrated", "database has the newest schema")
    assert {line["answers"] for line in log if line["event"] == "database is still migrated"} == {True}


async def test_a_table_in_use_is_tried_again_and_others_wait_for_it_only_for_moments(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "app.storage.migrations.migrate.LIMITS", text("select set_config('lock_timeout', '200ms', true)")
    )
    await downgrade(database_url, "0020")
    in_use = "a table that is to be migrated is in use"
    with capture_logs() as log:
        async with holding(database_url, text("lock table alembic_version in share mode")):
            migrating = asyncio.create_task(upgrade(database_url))
            assert await soon(lambda: events(log).count(in_use) == 2)
        await migrating
    assert await has_it(database_url)
    assert "lock timeout" in next(line["reason"] for line in log if line["event"] == in_use)


def events(log: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["event"] for line in log]


async def test_a_database_that_recovers_is_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.embedded.server.STOP_SECONDS", 1)
    data_dir = folder / "data"
    with running(with_cluster(data_dir)) as url:
        await upgrade(url)
        server = server_of(data_dir)
        for _ in range(2):
            assert await soon(partial(checkpointers_of, server))
            for process in checkpointers_of(server):
                # Its server ends all connections, and recovers.
                process.kill()
            await asyncio.gather(*(upgrade(url) for _ in range(3)))
        assert server_of(data_dir) == server
