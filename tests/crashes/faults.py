"""Faults of every kind under a mixed load of mutations, and what must be true after each of them.

What was acknowledged is there once; what wasn't is there wholly or not at all, and not if its caller was told so; no rule
of the domain is broken; and the server goes on by itself.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import asyncpg

from app.storage.embedded import EmbeddedDatabaseError, is_down, start_again
from app.storage.engine import open_database
from tests.crashes.faulty_wire import Cut, FaultyWire
from tests.crashes.killable import Killable
from tests.crashes.mixed_load import CLIENTS, Call, MixedLoad, Told, world_of_clients
from tests.databases import Databases, Loaded, connected
from tests.lifecycle.holdings import broken_rules, holdings_of
from tests.serving.real import soon_true
from tests.storage.embedded_users import server_of

PATIENCE_SECONDS = 60
SETTINGS = {"REQUEST_TIMEOUT_SECONDS": "2", "STATEMENT_TIMEOUT_SECONDS": "1", "SHUTDOWN_SECONDS": "2"}
OURS = "datname = current_database() and application_name = 'flowport'"
AT_WORK = f"select count(*) from pg_stat_activity where {OURS} and state <> 'idle'"  # noqa: S608 - our own words
NAMES = "select name, count(*) from flow where name like 'made %' group by name"
SAVED = """
    select flow.id, flow_draft.description, flow_draft.revision,
        (select count(*) from flow_version where flow_version.flow_id = flow.id) as versions
    from flow left join flow_draft on flow_draft.flow_id = flow.id and set_aside_at is null where flow.id = any($1)
"""


@dataclass
class Tally:
    faults: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        for title, counts in (("Faults", self.faults), ("Calls, as their callers know of them", self.told)):
            yield f"{title}: {sum(counts.values())}"
            yield from (f"{number:8}  {what}" for what, number in sorted(counts.items()))


@dataclass
class Faults:
    """A server behind a wire, its database, and the clients that call it."""

    server: Killable
    wire: FaultyWire
    data_dir: Path
    url: str
    loaded: Loaded
    tally: Tally
    disk: Path | None = None
    """A small disk on which the database lies."""
    numbers: Iterator[int] = field(default_factory=count)
    seen: dict[str, tuple[str | None, int, int]] = field(default_factory=dict)
    """Description, revision and number of versions of the clients' flows, when they were judged last."""

    async def round(self, name: str, chance: Random) -> None:
        """One fault under load, and everything that is to be true afterwards."""
        load = MixedLoad(self.server.url, self.loaded.ids, self.loaded.tokens["ada"], self.numbers)
        clients = [asyncio.create_task(load.run(client)) for client in range(CLIENTS)]
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        await KINDS[name](self)
        await asyncio.to_thread(self.server.start)
        before = load.acknowledged.copy()

        async def all_go_on() -> bool:
            return all(load.acknowledged[client] > before[client] for client in range(CLIENTS))

        if not await soon_true(all_go_on, PATIENCE_SECONDS):
            self.tally.wrong.append(f"{name}: not all clients go on")
        load.stopping.set()
        await asyncio.gather(*clients)
        await load.close()
        self.tally.faults[name] += 1
        self.tally.told.update({told.value: number for told, number in load.told.items()})
        self.tally.wrong += [f"{name}: {wrong}" for wrong in (*load.wrong, *await self._judged(load.calls))]

    async def _judged(self, calls: list[Call]) -> list[str]:
        async with connected(self.url) as connection:

            async def nothing_is_at_work() -> bool:
                return not await connection.fetchval(AT_WORK)

            assert await soon_true(nothing_is_at_work, PATIENCE_SECONDS)
            names = {row["name"]: int(row["count"]) for row in await connection.fetch(NAMES)}
            flows = [self.loaded.ids[f"{key}{client}"] for key in ("saved", "published") for client in range(CLIENTS)]
            now = {
                row["id"]: (row["description"], int(row["revision"] or 0), int(row["versions"]))
                for row in await connection.fetch(SAVED, flows)
            }
        database = open_database(self.url)
        rules = broken_rules(await holdings_of(database))
        await database.close()
        judged = [*_of_made(calls, names), *self._of_saved(calls, now), *self._of_published(calls, now), *rules]
        self.seen = now
        return judged

    def _of_saved(self, calls: list[Call], now: dict[str, tuple[str | None, int, int]]) -> Iterator[str]:
        for client in range(CLIENTS):
            flow = self.loaded.ids[f"saved{client}"]
            own = [call for call in calls if call.kind == "updateFlowDraft" and call.client == client]
            description, revision, _ = now[flow]
            before, first, _ = self.seen.get(flow, (None, 1, 0))
            least, most = bounds_of(own)
            if self.seen and not least <= revision - first <= most:
                yield f"{flow}: {least} to {most} saves, and the revision went from {first} to {revision}"
            possible = [before] if self.seen else [None, ""]
            for call in own:
                if call.told is Told.DONE:
                    possible = [call.marker]
                elif call.told is Told.UNKNOWN:
                    possible.append(call.marker)
            if description not in possible:
                yield f"{flow}: saved as {description!r}, and not as one of {possible}"

    def _of_published(self, calls: list[Call], now: dict[str, tuple[str | None, int, int]]) -> Iterator[str]:
        for client in range(CLIENTS):
            flow = self.loaded.ids[f"published{client}"]
            own = [call for call in calls if call.kind == "publishFlowDraft" and call.client == client]
            least, most = bounds_of(own)
            published = now[flow][2] - self.seen.get(flow, (None, 0, 0))[2]
            if not least <= published <= most:
                yield f"{flow}: {least} to {most} publications, and {published} versions"


def _of_made(calls: list[Call], names: dict[str, int]) -> Iterator[str]:
    allowed = {Told.DONE: {1}, Told.NOT_DONE: {0}, Told.UNKNOWN: {0, 1}}
    for call in calls:
        if call.kind in {"updateFlowDraft", "publishFlowDraft"}:
            continue
        there = {names.get(name, 0) for name in call.names}
        if len(there) != 1 or not there <= allowed[call.told]:
            yield f"{call.kind} {call.marker} ({call.told.value}): there {sorted(there)} times"


def bounds_of(calls: list[Call]) -> tuple[int, int]:
    """How often it was done, at the least and at the most."""
    least = sum(call.told is Told.DONE for call in calls)
    return least, least + sum(call.told is Told.UNKNOWN for call in calls)


async def kill_worker(it: Faults) -> None:
    it.server.kill_one_worker()


async def kill_server(it: Faults) -> None:
    it.server.kill()


async def stop_server(it: Faults) -> None:
    await asyncio.to_thread(it.server.stop)


async def kill_database(it: Faults) -> None:
    with suppress(ProcessLookupError):
        os.kill(server_of(it.data_dir) or 0, signal.SIGKILL)
    await come_back(it)


async def kill_backend(it: Faults) -> None:
    async with connected(it.url) as connection:
        pid = await connection.fetchval(f"select pid from pg_stat_activity where {OURS} limit 1")  # noqa: S608
    with suppress(ProcessLookupError):
        os.kill(pid or 0, signal.SIGKILL)
    await come_back(it)


async def come_back(it: Faults) -> None:
    """Whoever keeps the database starts it again, as the supervisor does with one of its own."""

    async def is_back() -> bool:
        if is_down(it.data_dir):
            with suppress(EmbeddedDatabaseError):
                await asyncio.to_thread(start_again, it.data_dir)
        try:
            async with connected(it.url) as connection:
                return bool(await connection.fetchval("select 1"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    assert await soon_true(is_back, PATIENCE_SECONDS)


async def terminate(it: Faults) -> None:
    async with connected(it.url) as connection:
        await connection.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {OURS}")  # noqa: S608


async def cancel(it: Faults) -> None:
    async with connected(it.url) as connection:
        for _ in range(20):
            await connection.execute(f"select pg_cancel_backend(pid) from pg_stat_activity where {OURS}")  # noqa: S608
            await asyncio.sleep(0.005)


async def lock(it: Faults) -> None:
    """Longer than a statement may take."""
    async with connected(it.url) as connection, connection.transaction():
        await connection.execute("lock table flow in access exclusive mode")
        await asyncio.sleep(1.5)


async def cut(it: Faults) -> None:
    it.wire.cut()


def cut_at(moment: Cut) -> Callable[[Faults], Awaitable[None]]:
    async def cut_there(it: Faults) -> None:
        it.wire.cut_at(moment)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await it.wire.has_cut.wait()

    return cut_there


async def silence(it: Faults) -> None:
    it.wire.silence()
    await asyncio.sleep(1)
    it.wire.speak()


async def silence_and_cut(it: Faults) -> None:
    """Longer than a request may take."""
    it.wire.silence()
    await asyncio.sleep(2.5)
    it.wire.cut()
    it.wire.speak()


async def fill_disk(it: Faults) -> None:
    """Whatever is written then can't be, and PostgreSQL may give up altogether."""
    assert it.disk is not None
    filling = it.disk / "filling"
    with filling.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(1 << 20)):
            pass
    await asyncio.sleep(1)
    filling.unlink()
    await come_back(it)


KINDS: dict[str, Callable[[Faults], Awaitable[None]]] = {
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
}


def kinds(*, with_disk: bool) -> list[str]:
    return [name for name in KINDS if with_disk or KINDS[name] is not fill_disk]


@asynccontextmanager
async def open_faults(
    databases: Databases, folder: Path, data_dir: Path, tally: Tally, disk: Path | None = None
) -> AsyncIterator[Faults]:
    """With a server that runs, on a world of its own; the database is the embedded one of the data directory."""
    async with AsyncExitStack() as stack:
        loaded = await stack.enter_async_context(databases.loaded(world_of_clients()))
        url = databases.url_of(loaded.name)
        wire = await stack.enter_async_context(FaultyWire(url).open())
        server = stack.enter_context(killed_at_last(Killable(folder, wire.address, settings=SETTINGS)))
        await asyncio.to_thread(server.start)
        yield Faults(server, wire, data_dir, url, loaded, tally, disk)


@contextmanager
def killed_at_last(server: Killable) -> Iterator[Killable]:
    try:
        yield server
    finally:
        server.kill()
