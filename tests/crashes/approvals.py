"""A release that is approved while the server is killed, again and again: all of its drafts are published, or none (R5)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import httpx

from tests.api.world_builder import WorldBuilder, graph, step
from tests.crashes.killable import Killable
from tests.databases import Databases, connected
from tests.plain_http import TRUSTS_NOBODY

REQUEST = "mutation ($input: RequestReleaseInput!) { requestRelease(input: $input) { request { id } errors { code } } }"
REVIEW = "mutation ($input: ReviewReleaseInput!) { reviewRelease(input: $input) { request { state } errors { code } } }"
SAVE_ALL = """
    insert into flow_draft (id, flow_id, revision, name, content_hash, bindings, origin, created_at, updated_at)
    select 'draft_' || right(flow.id, 26), flow.id, $1, flow.name, content_hash, bindings, 'EDIT', now(), now()
    from flow join flow_version on flow_version.id = published_version_id
    on conflict (id) do update set revision = excluded.revision
"""
PUBLISHED = """
    select state, count(version_id) as named, count(*) filter (where flow.published_version_id = version_id) as published,
           count(*) as items, (select count(*) from flow_version) as versions
    from release_request join release_item on request_id = release_request.id join flow on flow.id = flow_id
    where release_request.id = $1 group by state
"""


def world_of_reviewers(flows: int) -> WorldBuilder:
    world = WorldBuilder()
    world.tenant("north")
    world.contract("retail", "north")
    world.workspace("store", "retail")
    for user, role in (("ada", "integrator"), ("amy", "admin")):
        world.user(user)
        world.members("store", **{user: role})
    world.team("core", "retail")
    world.component("code", "core")
    for number in range(flows):
        world.flow(f"flow-{number}", "store", published=graph(step("1", "core/code:run", fields={"n": number})))
    return world


@dataclass
class Approvals:
    """A server that approves releases of the same flows, round by round."""

    server: Killable
    url: str
    tokens: Any
    flows: list[str]
    http: httpx.AsyncClient
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _round: int = 0

    async def approved(self, after_seconds: float | None) -> float:
        """Approve a release, and kill all processes after so long; returns how long an undisturbed approval took."""
        self._round += 1
        async with connected(self.url) as connection:
            await connection.execute(SAVE_ALL, self._round)
            versions = await connection.fetchval("select count(*) from flow_version")
        items = [{"flowId": flow, "expectedRevision": self._round} for flow in self.flows]
        asked = await self._ask(REQUEST, "ada", {"title": f"Release {self._round}", "items": items, "start": True})
        release = asked["requestRelease"]["request"]["id"]
        started = asyncio.get_running_loop().time()
        review = asyncio.create_task(self._ask(REVIEW, "amy", {"releaseId": release, "decision": "APPROVE"}))
        if after_seconds is not None:
            await asyncio.sleep(after_seconds)
            self.server.kill()
        with suppress(httpx.HTTPError):
            await review
        seconds = asyncio.get_running_loop().time() - started
        await asyncio.to_thread(self.server.start)
        await self._check(release, versions)
        return seconds

    async def _check(self, release: str, versions: int) -> None:
        async with connected(self.url) as connection:
            [row] = await connection.fetch(PUBLISHED, release)
        number = len(self.flows)
        expected = {"OPEN": (0, 0, number, versions), "APPLIED": (number, number, number, versions + number)}
        self.states[row["state"]] += 1
        if (found := tuple(row)[1:]) != expected.get(row["state"]):
            self.wrong.append(f"round {self._round}: {row['state']} with {found}, {versions} versions before")

    async def _ask(self, document: str, user: str, input_: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[user]}"}
        body = {"query": document, "variables": {"input": input_}}
        response = await self.http.post(f"{self.server.url}/graphql", json=body, headers=headers)
        data: dict[str, Any] = response.json()["data"]
        return data


@asynccontextmanager
async def open_approvals(databases: Databases, folder: Path, flows: int) -> AsyncIterator[Approvals]:
    async with databases.loaded(world_of_reviewers(flows)) as loaded, databases.copy(loaded.name) as url:
        server = Killable(folder, url)
        async with httpx.AsyncClient(timeout=60, verify=TRUSTS_NOBODY) as http:
            await asyncio.to_thread(server.start)
            try:
                ids = [loaded.ids[f"flow-{number}"] for number in range(flows)]
                yield Approvals(server, url, loaded.tokens, ids, http)
            finally:
                server.stop()


async def killed_again_and_again(approvals: Approvals, kills: int, chance: Random) -> None:
    """Kill the server at random times within what an undisturbed approval takes, and half as long after it."""
    undisturbed = max([await approvals.approved(None) for _ in range(2)])
    for _ in range(kills):
        await approvals.approved(chance.uniform(0, 1.5 * undisturbed))
