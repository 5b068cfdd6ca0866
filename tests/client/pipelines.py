"""A server with flows to be released, and a pipeline that calls the command with release files."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from tests.api.world_builder import LIMITED, WorldBuilder, graph, step
from tests.cli.flowport import called
from tests.cli.forked import Forked
from tests.conftest import open_folder
from tests.crashes.killable import Killable
from tests.databases import Databases, Loaded, connected
from tests.plain_http import TRUSTS_NOBODY

FLOWS = 40
PATIENCE_SECONDS = 60
STORES = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "closed"),
    *("killed", "twice", "lost", "asked", "stopped", "odd", "empty", "alone", "late", "back"),
)
"""Where flows are released to: for each test one of its own."""
REVIEWED = ("six", "seven", "asked")
UPDATE = """mutation($input: UpdateFlowDraftInput!) {
  updateFlowDraft(input: $input) { draft { revision provenance { id } } errors { message } } }"""
PUBLISH = "mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) { errors { message } } }"
REVIEW = (
    "mutation($input: ReviewReleaseInput!) { reviewRelease(input: $input) { request { state } errors { message } } }"
)


PUBLISHED_FLOWS = """select flow.name, flow.id, status, number, graph::json->'nodes'->1->'fields'->>'template'
from flow left join flow_version on flow_version.id = published_version_id
left join flow_content on hash = content_hash where flow.workspace_id = $1"""


class Row(NamedTuple):
    """A flow, with the number and the template of its published version."""

    id: str
    status: str
    number: int | None
    template: str | None


def forty_flows() -> WorldBuilder:
    """Ada develops them in the workshop, which Ben only knows by name. In the stores there are a credential and a topic of the same names."""
    world = WorldBuilder()
    world.tenant("north")
    world.user("ada")
    world.user("amy")
    world.user("ben")
    world.contract("retail", "north")
    world.contract_members("retail", ben="guest")
    world.workspace("workshop", "retail", LIMITED)
    for store in STORES:
        world.workspace(store, "retail", name=f"Store {store}")
    world.members("one", ben="integrator")
    world.team("core", "retail")
    world.component("mailer", "core", requires="CREDENTIAL")
    world.component("pubsub", "core", pub_sub=True)
    for workspace in ("workshop", *STORES):
        world.members(workspace, ada="guest" if workspace == "closed" else "integrator", amy="admin")
        world.credential(f"{workspace}-mail", workspace, "mailer", name="Mail")
        world.topic(f"{workspace}-orders", workspace, "Orders")
    for number in range(1, FLOWS + 1):
        published = flow_graph("workshop-mail", "workshop-orders", number)
        world.flow(f"flow-{number}", "workshop", published=published, author="ada", status="ACTIVE")
    world.flow("unfinished", "workshop", draft=graph(), author="ada")
    for properties in world._sections["workspaces"]:
        if properties["key"] in REVIEWED:
            properties["publishPolicy"] = "REVIEWED"
    return world


def flow_graph(credential: str, topic: str, template: object) -> dict[str, Any]:
    receive = step("1", "core/pubsub:sub", topic=topic)
    return graph(receive, step("2", "core/mailer:send", credential=credential, fields={"template": template}))


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """A server that can be killed, with the world of forty flows."""

    server: Killable
    url: str
    loaded: Loaded
    folder: Path

    def id(self, key: str) -> str:
        return self.loaded.ids[key]

    def file(self, store: str, text: str = "mappings: {equal-names: true}\nstart: true") -> Path:
        path = self.folder / f"{store}.yaml"
        path.write_text(f"from: {self.id('workshop')}\nto: {self.id(store)}\n{text}\n", encoding="utf-8")
        return path

    def environ(self, user: str) -> Mapping[str, str]:
        return {"SERVER": self.server.url, "TOKEN": self.loaded.tokens[user]}

    def call(self, command: str, file: Path, *options: str, user: str = "ada") -> subprocess.CompletedProcess[str]:
        group = () if command == "status" else ("release",)
        return called(*group, command, file, *options, **self.environ(user))

    def told(self, command: str, file: Path, user: str = "ada") -> tuple[int, Any]:
        """The exit status, and what it says to programs: the number of flows for each action, or its errors."""
        ended = self.call(command, file, "--json", user=user)
        answer = json.loads(ended.stdout)
        assert answer["status"] == ended.returncode
        if "errors" in answer:
            return ended.returncode, answer["errors"]
        actions = [flow["action"] for flow in answer["flows"]]
        return ended.returncode, {action: actions.count(action) for action in actions}

    def calls(self, command: str, file: Path, user: str = "ada") -> list[str]:
        """Run a command, and answer the operations that reached the server, as its log has them."""
        begin = self.marked()
        ended = self.call(command, file, user=user)
        assert ended.returncode in {0, 2}, ended.stderr
        operations = self.operations(until=self.marked())
        return operations[operations.index(begin) + 1 : -1]

    def marked(self) -> str:
        """Send an operation with a name that no other has."""
        name = f"Mark{uuid4().hex}"
        headers = {"Authorization": f"Bearer {self.loaded.tokens['ada']}"}
        body = {"query": f"query {name} {{ viewer {{ id }} }}"}
        httpx.post(f"{self.server.url}/graphql", json=body, headers=headers, verify=TRUSTS_NOBODY, timeout=60)
        return name

    def operations(self, until: str) -> list[str]:
        """The names of the operations that the server's log has, once it has the last."""
        names: list[str] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while until not in names:
            assert time.monotonic() < deadline
            lines = (self.folder / "log").read_text(encoding="utf-8").splitlines()
            names = [line["operation"] for line in map(json.loads, lines) if line["event"] == "operation"]
        return names

    @contextmanager
    def running(self, command: str, file: Path) -> Iterator[Forked]:
        """The command as a process, which is killed at the end."""
        environ = os.environ | {f"FLOWPORT_{name}": value for name, value in self.environ("ada").items()}
        with Forked(["app", "release", command, str(file)], environ=environ) as process:
            try:
                yield process
            finally:
                process.kill()

    def ask(self, document: str, user: str = "ada", **wish: object) -> Any:
        headers = {"Authorization": f"Bearer {self.loaded.tokens[user]}"}
        body = {"query": document, "variables": {"input": wish}}
        url = f"{self.server.url}/graphql"
        answer = httpx.post(url, json=body, headers=headers, verify=TRUSTS_NOBODY, timeout=60).json()
        [payload] = answer["data"].values()
        assert payload["errors"] == [], payload
        return payload

    def edit(self, flow_id: str, workspace: str, template: object) -> None:
        """Change a flow by hand, and publish it."""
        changed = flow_graph(self.id(f"{workspace}-mail"), self.id(f"{workspace}-orders"), template)
        draft = self.ask(UPDATE, flowId=flow_id, graph=changed)["draft"]
        self.ask(PUBLISH, flowId=flow_id, expectedRevision=draft["revision"])

    async def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        async with connected(self.url) as connection:
            return [tuple(row) for row in await connection.fetch(statement, *values)]

    async def flows(self, store: str) -> dict[str, Row]:
        """The flows of a store, by their names."""
        return {row[0]: Row(*row[1:]) for row in await self.rows(PUBLISHED_FLOWS, self.id(store))}


@asynccontextmanager
async def release_place(databases: Databases) -> AsyncIterator[ReleasePlace]:
    """A server with forty flows, that logs no error."""
    async with databases.loaded(forty_flows()) as loaded:
        url = databases.url_of(loaded.name)
        with open_folder() as folder:
            server = Killable(folder, url, workers=1)
            try:
                await asyncio.to_thread(server.start)
                yield ReleasePlace(server, url, loaded, folder)
                assert server.errors() == []
            finally:
                server.kill()
