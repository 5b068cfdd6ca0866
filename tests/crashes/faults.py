"""Faults of every kind under a mixed load of mutations, and what must be true after each of them.

What was acknowledged is there once; what wasn't is there wholly or not at all, and not if its caller was told so; no rule
of the domain is broken; and the server goes on by itself.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

from app.storage.connections.database import Database
from app.storage.embedded.running import running
from tests.clusters import with_cluster
from tests.crashes.fault_kinds import KINDS, OURS, PATIENCE_SECONDS, REQUEST_SECONDS, STATEMENT_SECONDS, Victim
from tests.crashes.faulty_wire import FaultyWire
from tests.crashes.killable import Killable
from tests.crashes.mixed_load import CLIENTS, LoadCall, MixedLoad, Told, world_of_clients
from tests.crashes.rounds import running_server
from tests.databases import Databases, Loaded, connected, load
from tests.lifecycle.holdings import broken_rules, holdings_of
from tests.pooler.pgbouncer import pgbouncer
from tests.serving.real import soon_true

SETTINGS = {
    "REQUEST_TIMEOUT_SECONDS": str(REQUEST_SECONDS),
    "STATEMENT_TIMEOUT_SECONDS": str(STATEMENT_SECONDS),
    "SHUTDOWN_SECONDS": "2",
    # So often, four times in it, the database is looked after.
    "WORKER_TIMEOUT_SECONDS": "1",
}
AT_WORK = f"select count(*) from pg_stat_activity where {OURS} and state <> 'idle'"  # noqa: S608 - our own words
NAMES = "select name, count(*) from flow where name like 'made %' group by name"
SAVED = """
    select flow.id, flow_draft.description, flow_draft.revision,
        (select count(*) from flow_version where flow_version.flow_id = flow.id) as versions
    from flow left join flow_draft on flow_draft.flow_id = flow.id and set_aside_at is null where flow.id = any($1)
"""


@dataclass
class FaultTally:
    faults: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    """How many attempts were not acknowledged, by the fault."""
    told: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        for title, counts in (("Faults", self.faults), ("Calls, as their callers know of them", self.told)):
            yield f"{title}: {sum(counts.values())}"
            yield from (f"{number:8}  {what}" for what, number in sorted(counts.items()))


@dataclass
class Faults:
    """What happens to a server while clients call it, fault by fault."""

    victim: Victim
    loaded: Loaded
    tally: FaultTally
    numbers: Iterator[int] = field(default_factory=count)
    seen: dict[str, tuple[str | None, int, int]] = field(default_factory=dict)
    """Description, revision and number of versions of the clients' flows, when they were judged last."""

    async def round(self, name: str, chance: Random) -> None:
        """One fault under load, and everything that is to be true afterwards."""
        load = MixedLoad(self.victim.server.url, self.loaded.ids, self.loaded.tokens["ada"], self.numbers)
        clients = [asyncio.create_task(load.run(client)) for client in range(CLIENTS)]
        await asyncio.sleep(chance.uniform(0.05, 0.25))
        await KINDS[name](self.victim)
        await asyncio.to_thread(self.victim.server.start)
        before = load.acknowledged.copy()

        async def all_go_on() -> bool:
            return all(load.acknowledged[client] > before[client] for client in range(CLIENTS))

        if not await soon_true(all_go_on, PATIENCE_SECONDS):
            self.tally.wrong.append(f"{name}: not all clients go on")
        load.stopping.set()
        await asyncio.gather(*clients)
        await load.close()
        self.tally.faults[name] += 1
        self.tally.noticed[name] += load.not_acknowledged
        self.tally.told.update({told.value: number for told, number in load.told.items()})
        self.tally.wrong += [f"{name}: {wrong}" for wrong in (*load.wrong, *await self._judged(load.calls))]

    async def _judged(self, calls: list[LoadCall]) -> list[str]:
        async with connected(self.victim.url) as connection:

            async def nothing_is_at_work() -> bool:
                return not await connection.fetchval(AT_WORK)

            assert await soon_true(nothing_is_at_work, PATIENCE_SECONDS)
            names = {row["name"]: int(row["count"]) for row in await connection.fetch(NAMES)}
            flows = [self.loaded.ids[f"{key}{client}"] for key in ("saved", "published") for client in range(CLIENTS)]
            now = {
                row["id"]: (row["description"], int(row["revision"] or 0), int(row["versions"]))
                for row in await connection.fetch(SAVED, flows)
            }
        database = Database(self.victim.url)
        rules = broken_rules(await holdings_of(database))
        await database.close()
        judged = [*_of_made(calls, names), *self._of_saved(calls, now), *self._of_published(calls, now), *rules]
        self.seen = now
        return judged

    def _of_saved(self, calls: list[LoadCall], now: dict[str, tuple[str | None, int, int]]) -> Iterator[str]:
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

    def _of_published(self, calls: list[LoadCall], now: dict[str, tuple[str | None, int, int]]) -> Iterator[str]:
        for client in range(CLIENTS):
            flow = self.loaded.ids[f"published{client}"]
            own = [call for call in calls if call.kind == "publishFlowDraft" and call.client == client]
            least, most = bounds_of(own)
            published = now[flow][2] - self.seen.get(flow, (None, 0, 0))[2]
            if not least <= published <= most:
                yield f"{flow}: {least} to {most} publications, and {published} versions"


def _of_made(calls: list[LoadCall], names: dict[str, int]) -> Iterator[str]:
    allowed = {Told.DONE: {1}, Told.NOT_DONE: {0}, Told.UNKNOWN: {0, 1}}
    for call in calls:
        if call.kind in {"updateFlowDraft", "publishFlowDraft"}:
            continue
        there = {names.get(name, 0) for name in call.names}
        if len(there) != 1 or not there <= allowed[call.told]:
            yield f"{call.kind} {call.marker} ({call.told.value}): there {sorted(there)} times"


def bounds_of(calls: list[LoadCall]) -> tuple[int, int]:
    """How often it was done, at the least and at the most."""
    least = sum(call.told is Told.DONE for call in calls)
    return least, least + sum(call.told is Told.UNKNOWN for call in calls)


@asynccontextmanager
async def open_faults(
    databases: Databases,
    folder: Path,
    data_dir: Path,
    tally: FaultTally,
    disk: Path | None = None,
    *,
    pooled: bool = False,
) -> AsyncIterator[Faults]:
    """With a server that runs, on a world of its own, in the embedded database of the data directory.

    `pooled`: it reaches that through pgbouncer, in transaction mode.
    """
    async with AsyncExitStack() as stack:
        loaded = await stack.enter_async_context(databases.loaded(world_of_clients()))
        url = databases.url_of(loaded.name)
        pooler = stack.enter_context(pgbouncer(url, folder, default_pool_size="10")) if pooled else None
        wire = await stack.enter_async_context(FaultyWire(url if pooler is None else pooler.through(url)).open())
        server = await stack.enter_async_context(running_server(Killable(folder, wire.address, settings=SETTINGS)))
        yield Faults(Victim(server, data_dir, url, wire, disk, pooler), loaded, tally)


@asynccontextmanager
async def open_embedded_faults(folder: Path, tally: FaultTally, disk: Path | None = None) -> AsyncIterator[Faults]:
    """With a server whose database is its own, and which keeps that running; perhaps on a small disk, with its log."""
    with running(with_cluster(folder)) as url:
        loaded = await load(url, world_of_clients())
    async with running_server(Killable(folder, None, settings=SETTINGS)) as server:
        yield Faults(Victim(server, folder, url, disk=disk), loaded, tally)
    with running(folder):
        pass  # The last one who leaves waits until the database has stopped.
