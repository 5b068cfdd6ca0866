"""Decisions about releases that reach two server processes at the same moment (R5, R6, R8): one of them counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.world_builder import graph, step
from tests.crashes.approvals import REQUEST, REVIEW, world_of_reviewers
from tests.crashes.killable import Killable
from tests.databases import Databases, connected
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import soon_true

UPDATE = (
    "mutation ($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { revision } errors { code } } }"
)
PUBLISH = """mutation ($input: PublishFlowDraftsInput!) {
    publishFlowDrafts(input: $input) { errors { code } results { errors { code } } } }"""
UNDO = "mutation ($input: UndoReleaseInput!) { undoRelease(input: $input) { request { state } errors { code } } }"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
VERSIONS = """select flow_content.graph::json->'nodes'->0->'fields'->>'n' from flow_version
    join flow_content on hash = content_hash where flow_id = $1 order by number"""


@dataclass
class Calls:
    """Two servers on one database; each call of a pair goes to one of them."""

    urls: list[str]
    database_url: str
    ids: Any
    tokens: Any

    async def ask(self, server: int, user: str, document: str, **wish: object) -> Any:
        """The codes of the refusals of a call, or its payload."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}"}
        async with httpx.AsyncClient(headers=headers, verify=TRUSTS_NOBODY, timeout=60) as http:
            body = {"query": document, "variables": {"input": wish}}
            answer = (await http.post(f"{self.urls[server]}/graphql", json=body)).json()
        [payload] = answer["data"].values()
        errors = [*payload["errors"], *(error for result in payload.get("results", ()) for error in result["errors"])]
        return [error["code"] for error in errors] or payload

    async def saved(self, flow: str, n: int, server: int = 0) -> Any:
        changed = graph(step("1", "core/code:run", fields={"n": n}))
        return await self.ask(server, "ada", UPDATE, flowId=self.ids[flow], graph=changed)

    async def requested(self, *drafts: tuple[str, int]) -> str:
        items = [{"flowId": self.ids[flow], "expectedRevision": revision} for flow, revision in drafts]
        payload = await self.ask(0, "ada", REQUEST, items=items, title="Spring")
        id_: str = payload["request"]["id"]
        return id_

    def review(self, server: int, user: str, release: str, decision: str = "APPROVE") -> Any:
        return self.ask(server, user, REVIEW, releaseId=release, decision=decision)

    async def at_once(self, first: Any, second: Any) -> list[Any]:
        """The outcomes of two calls that both wait for the locks of the test before either goes on."""
        async with connected(self.database_url) as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("select 1 from release_request for update")
            await connection.execute("select 1 from flow order by id for update")
            calls = [asyncio.create_task(call) for call in (first, second)]
            assert await soon_true(lambda: self.are_waiting(len(calls)))
            await transaction.rollback()
        return [*await asyncio.gather(*calls)]

    async def are_waiting(self, number: int) -> bool:
        async with connected(self.database_url) as connection:
            return int(await connection.fetchval(WAITING)) == number

    async def versions(self, flow: str) -> list[str | None]:
        async with connected(self.database_url) as connection:
            return [row[0] for row in await connection.fetch(VERSIONS, self.ids[flow])]


@pytest.fixture(scope="module")
async def calls(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Calls]:
    world = world_of_reviewers(8)
    world.user("ben")
    world.members("store", ben="admin")
    async with databases.loaded(world) as loaded:
        url = databases.url_of(loaded.name)
        with ExitStack() as stack:
            servers = [_served(tmp_path_factory.mktemp("server"), url, stack) for _ in range(2)]
            await asyncio.gather(*(asyncio.to_thread(server.start) for server in servers))
            yield Calls([server.url for server in servers], url, loaded.ids, loaded.tokens)
            assert [server.errors() for server in servers] == [[], []]


def _served(folder: Path, url: str, stack: ExitStack) -> Killable:
    server = Killable(folder, url, workers=1)
    stack.callback(server.kill)
    return server


async def test_of_two_approvals_one_publishes(calls: Calls) -> None:
    await calls.saved("flow-0", 10)
    release = await calls.requested(("flow-0", 1))
    outcomes = await calls.at_once(calls.review(0, "amy", release), calls.review(1, "ben", release))
    assert sorted(outcomes, key=str) == [["RELEASE_IS_CLOSED"], {"request": {"state": "APPLIED"}, "errors": []}]
    assert await calls.versions("flow-0") == ["0", "10"]


async def test_of_an_approval_and_a_rejection_one_counts(calls: Calls) -> None:
    await calls.saved("flow-1", 10)
    release = await calls.requested(("flow-1", 1))
    approved, rejected = await calls.at_once(calls.review(0, "amy", release), calls.review(1, "ben", release, "REJECT"))
    assert [approved, rejected].count(["RELEASE_IS_CLOSED"]) == 1
    applied = rejected == ["RELEASE_IS_CLOSED"]
    assert await calls.versions("flow-1") == (["1", "10"] if applied else ["1"])


async def test_a_revision_that_is_saved_during_the_approval_is_never_published(calls: Calls) -> None:
    await calls.saved("flow-2", 10)
    release = await calls.requested(("flow-2", 1))
    approved, _ = await calls.at_once(calls.review(0, "amy", release), calls.saved("flow-2", 99, server=1))
    assert await calls.versions("flow-2") == (["2"] if approved == ["RELEASE_IS_STALE"] else ["2", "10"])


async def test_of_two_requests_with_one_draft_one_is_applied(calls: Calls) -> None:
    for flow in ("flow-3", "flow-4", "flow-5"):
        await calls.saved(flow, 10)
    one = await calls.requested(("flow-3", 1), ("flow-4", 1))
    other = await calls.requested(("flow-5", 1), ("flow-4", 1))
    outcomes = await calls.at_once(calls.review(0, "amy", one), calls.review(1, "amy", other))
    assert outcomes.count(["RELEASE_IS_STALE"]) == 1
    assert [len(await calls.versions(flow)) for flow in ("flow-3", "flow-4", "flow-5")] == (
        [1, 2, 2] if outcomes[0] == ["RELEASE_IS_STALE"] else [2, 2, 1]
    )


async def test_drafts_that_are_published_while_their_release_is_approved_are_published_once(calls: Calls) -> None:
    """Whoever loses finds the draft gone."""
    await calls.saved("flow-6", 10)
    release = await calls.requested(("flow-6", 1))
    items = [{"flowId": calls.ids["flow-6"], "expectedRevision": 1}]
    outcomes = await calls.at_once(
        calls.review(0, "amy", release), calls.ask(1, "ben", PUBLISH, items=items, mode="ATOMIC")
    )
    assert sum(isinstance(outcome, list) for outcome in outcomes) == 1
    assert await calls.versions("flow-6") == ["6", "10"]


async def test_of_two_calls_that_undo_a_release_one_puts_it_back(calls: Calls) -> None:
    await calls.saved("flow-7", 10)
    release = await calls.requested(("flow-7", 1))
    await calls.review(0, "amy", release)
    outcomes = await calls.at_once(*(calls.ask(n, "ada", UNDO, releaseId=release) for n in range(2)))
    assert sorted(outcomes, key=str) == [["RELEASE_IS_CLOSED"], {"request": {"state": "UNDONE"}, "errors": []}]
    assert await calls.versions("flow-7") == ["7", "10", "7"]
