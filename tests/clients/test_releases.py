"""The client in TypeScript releases forty flows, is killed half way, run again, and ends right."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.storage.connections.database import Database
from tests.clients.releasing import FLOWS, Client, forty_flows
from tests.conftest import open_folder
from tests.crashes.killable import Killable
from tests.databases import Databases, Loaded, connected
from tests.lifecycle.holdings import Everything, broken_rules, everything_in, holdings_of
from tests.serving.real import soon_true

WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
RELEASED = """select flow.name, status, number, origin
from flow left join flow_version on flow_id = flow.id where workspace_id = $1"""
RECORDS = """select count(*), count(distinct source_flow_id), count(distinct destination_flow_id)
from flow_export where destination_workspace_id = $1"""
THAT_STAY = {"flow_export", "reference_report", "idempotency_key", "event"}
"""Tables that remember what was undone."""


@dataclass(frozen=True, slots=True)
class Place:
    """A server that can be killed, with the world of forty flows."""

    server: Killable
    url: str
    database: Database
    loaded: Loaded
    folder: Path

    def client(self, program: list[str], store: str) -> Client:
        file = self.folder / f"{store}.json"
        return Client(program, self.server.url, self.loaded, store, file)

    async def rows(self, statement: str, *given: object) -> list[tuple[Any, ...]]:
        async with connected(self.url) as connection:
            return [tuple(row) for row in await connection.fetch(statement, *given)]

    async def everything_but_records(self) -> Everything:
        return [row for row in await everything_in(self.database) if row[0] not in THAT_STAY]


@pytest.fixture(scope="module")
async def place(databases: Databases) -> AsyncIterator[Place]:
    async with databases.loaded(forty_flows()) as loaded:
        url = databases.url_of(loaded.name)
        database = Database(url)
        with open_folder() as folder:
            server = Killable(folder, url)
            try:
                await asyncio.to_thread(server.start)
                yield Place(server, url, database, loaded, folder)
                assert server.errors() == []
            finally:
                server.kill()
                await database.close()


@asynccontextmanager
async def held_flows(place: Place) -> AsyncIterator[None]:
    """Whoever writes flows waits meanwhile."""
    async with connected(place.url) as connection, connection.transaction():
        await connection.execute("select 1 from flow for update")
        yield


async def wait_for_a_call(place: Place, *, to_end: bool = False) -> None:
    """Until the server is at a call that writes, or at none."""

    async def waits() -> bool:
        [(number,)] = await place.rows(WAITING)
        return bool(number) is not to_end

    assert await soon_true(waits)


async def killed_within_its_call(client: Client, place: Place, command: str) -> None:
    async with held_flows(place):
        with client.running(command):
            await wait_for_a_call(place)
        # The server ends what nobody waits for any more; else it would go on once the flows are free.
        await wait_for_a_call(place, to_end=True)


async def with_the_server_killed_within_its_call(client: Client, place: Place) -> int:
    """Kill the server and start it again; the client's exit code."""
    async with AsyncExitStack() as held:
        await held.enter_async_context(held_flows(place))
        with client.running("publish") as process:
            await wait_for_a_call(place)
            place.server.kill()
            await asyncio.to_thread(place.server.start)
            await held.aclose()
            await asyncio.to_thread(process.communicate, timeout=60)
            return process.returncode


async def test_what_can_not_be_released_is_told_and_nothing_is_written(place: Place, program: list[str]) -> None:
    before = await everything_in(place.database)
    told = "You lack the permission workspaces.flow.edit in Closed"
    code, said = await asyncio.to_thread(place.client(program, "closed").run, "publish")
    flow, _, reason = said.partition(": ")
    assert (code, flow[:5], reason[: len(told)]) == (1, "Flow-", told)
    assert await everything_in(place.database) == before
    assert not (place.folder / "closed.json").exists()


async def test_an_export_of_forty_flows_is_undone_although_the_client_is_killed(
    place: Place, program: list[str]
) -> None:
    release, store = place.client(program, "store"), place.loaded.ids["store"]
    before = await place.everything_but_records()
    assert await asyncio.to_thread(release.run, "export") == (0, f"exported {FLOWS}")
    assert await place.rows("select count(*) from flow where workspace_id = $1", store) == [(FLOWS,)]
    await killed_within_its_call(release, place, "undo")
    for _ in range(2):
        assert await asyncio.to_thread(release.run, "undo") == (0, f"undone {FLOWS}")
    assert await place.everything_but_records() == before
    assert await place.rows("select 1 from flow_export where undone_at is null") == []


async def test_forty_flows_are_released_once_each_however_often_client_and_server_are_killed(
    place: Place, program: list[str]
) -> None:
    release = place.client(program, "shop")
    await killed_within_its_call(release, place, "publish")
    assert await asyncio.to_thread(release.run, "export") == (0, f"exported {FLOWS}")
    await killed_within_its_call(release, place, "publish")
    assert await with_the_server_killed_within_its_call(release, place) == 0
    assert await asyncio.to_thread(release.run, "publish") == (0, f"published {FLOWS} of {FLOWS}")
    before = await everything_in(place.database)
    assert await asyncio.to_thread(release.run, "publish") == (0, f"published {FLOWS} of {FLOWS}")
    assert await everything_in(place.database) == before
    await assert_all_run_once(place, "shop")


async def assert_all_run_once(place: Place, store: str) -> None:
    """Each of the forty flows is there once, published and running, bound to what lives there."""
    ids = place.loaded.ids
    flows = await place.rows(RELEASED, ids[store])
    assert sorted(flows) == sorted((f"Flow-{number}", "ACTIVE", 1, "EXPORT") for number in range(1, FLOWS + 1))
    assert await place.rows(RECORDS, ids[store]) == [(FLOWS, FLOWS, FLOWS)]
    held = await holdings_of(place.database)
    assert broken_rules(held) == []
    there = {flow for flow, row in held.flows.items() if row["workspace_id"] == ids[store]}
    assert [draft["id"] for draft in held.drafts.values() if draft["flow_id"] in there] == []
    [bindings] = {version["bindings"] for version in held.versions.values() if version["flow_id"] in there}
    assert (ids[f"{store}-mail"] in bindings, ids[f"{store}-orders"] in bindings) == (True, True)
