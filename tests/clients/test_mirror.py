"""The mirror of `scripts/clients` follows a tenant, is killed on the way, runs again, and ends as the flows are."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.api.client import Api, Json
from tests.api.happenings import loaded_newsroom
from tests.api.world_builder import graph, step
from tests.clients.conftest import CLIENTS
from tests.conftest import open_folder
from tests.crashes.killable import Killable
from tests.databases import Databases, run_sql
from tests.serving.real import soon_true

FLOWS = 12
CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { code } } }"
EDIT = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { errors { code } } }"
PUBLISH = (
    "mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) { version { id } errors { code } } }"
)
START = "mutation($input: StartFlowInput!) { startFlow(input: $input) { errors { code } } }"
STOP = "mutation($input: StopFlowInput!) { stopFlow(input: $input) { errors { code } } }"
DELETE = "mutation($input: DeleteFlowInput!) { deleteFlow(input: $input) { errors { code } } }"
RUNNING = "query($id: ID!) { workspace(id: $id) { flows(filter: {status: ACTIVE}) { nodes { id publishedVersion { id } } } } }"


@dataclass(frozen=True, slots=True)
class Platform:
    """A server, and the folder in which the mirror keeps what runs."""

    api: Api
    server: Killable
    folder: Path

    async def write(self, mutation: str, **wish: object) -> Json:
        payload: Json = await self.api.caller("bob").one(mutation, input=wish)
        assert payload.pop("errors") == []
        return payload

    async def flow(self) -> str:
        """A new flow, published and started."""
        made = {"workspaceId": self.api.id("prod"), "name": "Letters", "graph": graph(step("1", "core/timer:tick"))}
        flow_id = str((await self.write(CREATE, **made))["flow"]["id"])
        await self.write(PUBLISH, flowId=flow_id, start=True)
        return flow_id

    @asynccontextmanager
    async def mirror(self, user: str = "robot") -> AsyncIterator[Process]:
        program: tuple[str | Path, ...] = (CLIENTS / "mirror.py", self.api.id("home"), self.folder, self.server.url)
        environ = os.environ | {"MIRROR_TOKEN": self.api.tokens[user]}
        process = await asyncio.create_subprocess_exec(sys.executable, *program, env=environ, stderr=PIPE)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def mirrored(self) -> dict[str, str]:
        """The version of each flow that runs in the mirror."""
        versions: dict[str, str] = {}
        for path in self.folder.glob("*.running"):
            # The mirror may stop the flow at this moment.
            with suppress(FileNotFoundError):
                versions[path.stem] = path.read_text()
        return versions

    async def running(self) -> dict[str, str]:
        """The same as the server has it."""
        workspace = await self.api.caller("bob").one(RUNNING, id=self.api.id("prod"))
        return {flow["id"]: flow["publishedVersion"]["id"] for flow in workspace["flows"]["nodes"]}

    async def is_mirrored(self) -> bool:
        return self.mirrored() == await self.running()


@pytest.fixture
async def platform(databases: Databases) -> AsyncIterator[Platform]:
    async with loaded_newsroom(databases) as loaded, databases.copy(loaded.name) as url:
        with open_folder() as folder:
            server = Killable(folder, url)
            try:
                await asyncio.to_thread(server.start)
                async with httpx.AsyncClient(base_url=server.url, timeout=60) as http:
                    yield Platform(Api(http, url, loaded.ids, loaded.tokens), server, folder / "mirror")
            finally:
                server.kill()


async def test_the_mirror_ends_as_the_flows_are_though_it_is_killed_on_the_way(platform: Platform) -> None:
    flows = [await platform.flow() for _ in range(FLOWS)]
    async with platform.mirror():
        assert await soon_true(platform.is_mirrored)
    # It is killed, and much happens meanwhile.
    await platform.write(EDIT, flowId=flows[0], description="The second version")
    second = (await platform.write(PUBLISH, flowId=flows[0]))["version"]["id"]
    await platform.write(STOP, flowId=flows[1])
    await platform.write(STOP, flowId=flows[2])
    await platform.write(DELETE, flowId=flows[2])
    await platform.write(STOP, flowId=flows[3])
    await platform.write(START, flowId=flows[3])
    more = [await platform.flow() for _ in range(FLOWS)]
    async with platform.mirror() as process:
        # In the middle of it.
        assert await soon_true(partial(has_started, platform, more[0]))
        process.kill()
    async with platform.mirror():
        assert await soon_true(platform.is_mirrored)
    mirrored = platform.mirrored()
    assert mirrored[flows[0]] == second
    assert {*flows[1:3]} & {*mirrored} == set()
    assert {*more, *flows[3:]} <= {*mirrored}


async def test_the_mirror_waits_while_the_server_is_away(platform: Platform) -> None:
    await platform.flow()
    async with platform.mirror() as process:
        assert await soon_true(platform.is_mirrored)
        platform.server.kill()
        assert process.stderr is not None
        assert await process.stderr.readline() == f"{platform.server.url} is away; trying again.\n".encode()
        await asyncio.to_thread(platform.server.start)
        await platform.flow()
        assert await soon_true(platform.is_mirrored)
        assert process.returncode is None


async def has_started(platform: Platform, flow_id: str) -> bool:
    return flow_id in platform.mirrored()


async def test_the_mirror_says_why_it_can_not_go_on(platform: Platform) -> None:
    await platform.flow()
    async with platform.mirror("stranger") as process:
        _, complaint = await process.communicate()
    assert (process.returncode, b'"tenantEvents": null' in complaint) == (1, True)
    async with platform.mirror():
        assert await soon_true(platform.is_mirrored)
    removed = "insert into event_removal (feed, position) select :feed, max(position) + 1 from event"
    await run_sql(platform.api.database_url, removed, feed=platform.api.id("home"))
    async with platform.mirror() as process:
        _, complaint = await process.communicate()
    assert (process.returncode, b"CURSOR_EXPIRED" in complaint) == (1, True)
