"""The faults: each happens, and returns when it is over, or when others have to make good for it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.crashes.faulty_wire import Cut, FaultyWire
from tests.crashes.killable import Killable
from tests.databases import connected
from tests.embedded.embedded_users import server_of
from tests.pooler.pgbouncer import PgBouncer
from tests.serving.real import soon_true

PATIENCE_SECONDS = 60
STATEMENT_SECONDS, REQUEST_SECONDS = 0.5, 1.0
"""How long they may take."""
OURS = "datname = current_database() and application_name = 'flowport'"


@dataclass(frozen=True, slots=True)
class Victim:
    """A server and its database, which is an embedded one: the server's own, where there is no wire between them."""

    server: Killable
    data_dir: Path
    url: str
    wire: FaultyWire | None = None
    disk: Path | None = None
    """A small disk on which the database lies."""
    pooler: PgBouncer | None = None
    """Before the database, and behind the wire."""


async def kill_worker(it: Victim) -> None:
    it.server.kill_one_worker()


async def kill_server(it: Victim) -> None:
    it.server.kill()


async def stop_server(it: Victim) -> None:
    await asyncio.to_thread(it.server.stop)


async def kill_database(it: Victim) -> None:
    with suppress(ProcessLookupError):
        os.kill(server_of(it.data_dir) or 0, signal.SIGKILL)
    await come_back(it)


async def kill_backend(it: Victim) -> None:
    async with connected(it.url) as connection:
        pid = await connection.fetchval(f"select pid from pg_stat_activity where {OURS} limit 1")  # noqa: S608
    with suppress(ProcessLookupError):
        os.kill(pid or 0, signal.SIGKILL)
    await come_back(it)


async def come_back(it: Victim) -> None:
    """Its watch starts it again."""

    async def is_back() -> bool:
        try:
            async with connected(it.url) as connection:
                return bool(await connection.fetchval("select 1"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    assert await soon_true(is_back, PATIENCE_SECONDS)


async def terminate(it: Victim) -> None:
    async with connected(it.url) as connection:
        await connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {OURS}")  # noqa: S608


async def cancel(it: Victim) -> None:
    async with connected(it.url) as connection:
        for _ in range(20):
            await connection.execute(f"select pg_cancel_backend(pid) from pg_stat_activity where {OURS}")  # noqa: S608
            await asyncio.sleep(0.005)


async def lock(it: Victim) -> None:
    """Longer than a statement may take."""
    async with connected(it.url) as connection, connection.transaction():
        await connection.execute("lock table flow in access exclusive mode")
        await asyncio.sleep(1.5 * STATEMENT_SECONDS)


async def cut(it: Victim) -> None:
    wire_of(it).cut()


def cut_at(moment: Cut) -> Callable[[Victim], Awaitable[None]]:
    async def cut_there(it: Victim) -> None:
        wire_of(it).cut_at(moment)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await wire_of(it).has_cut.wait()

    return cut_there


async def silence(it: Victim) -> None:
    wire_of(it).silence()
    await asyncio.sleep(REQUEST_SECONDS / 2)
    wire_of(it).speak()


async def silence_and_cut(it: Victim) -> None:
    """Longer than a request may take."""
    wire_of(it).silence()
    await asyncio.sleep(1.25 * REQUEST_SECONDS)
    wire_of(it).cut()
    wire_of(it).speak()


async def fill_disk(it: Victim) -> None:
    """Whatever is written then can't be, and PostgreSQL may give up altogether."""
    assert it.disk is not None
    filling = it.disk / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 20)):
            pass
    await asyncio.sleep(REQUEST_SECONDS / 2)
    filling.unlink()
    await come_back(it)


async def kill_pooler(it: Victim) -> None:
    assert it.pooler is not None
    await asyncio.to_thread(it.pooler.kill)
    await asyncio.to_thread(it.pooler.start)


KINDS: dict[str, Callable[[Victim], Awaitable[None]]] = {
    "a worker is killed": kill_worker,
    "the server is killed": kill_server,
    "the server is stopped": stop_server,
    "the database is killed": kill_database,
    "a process of the database is killed": kill_backend,
    "connections are ended by the database": terminate,
    "statements are cancelled": cancel,
    "a table is locked": lock,
    "connections are cut": cut,
    **{f"a connection is cut {moment.value}": cut_at(moment) for moment in Cut},
    "the database is silent for a while": silence,
    "the database is silent until connections are cut": silence_and_cut,
    "the disk is full": fill_disk,
    "the pooler is killed": kill_pooler,
}
OF_SERVER_AND_DATABASE = list(KINDS)[:8]
OF_DISK, OF_POOLER = "the disk is full", "the pooler is killed"


def kinds_for(victim: Victim) -> list[str]:
    """What can happen to it."""
    if victim.wire is None:
        return [*OF_SERVER_AND_DATABASE, *([] if victim.disk is None else [OF_DISK])]
    missing = {OF_DISK: victim.disk is None, OF_POOLER: victim.pooler is None}
    return [name for name in KINDS if not missing.get(name)]


def wire_of(victim: Victim) -> FaultyWire:
    assert victim.wire is not None
    return victim.wire
