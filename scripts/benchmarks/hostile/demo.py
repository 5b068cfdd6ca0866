"""The demo world, as attacks use it: what they prepare there, and the requests that are measured."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpx

Json = Any
INTEGRATOR = {"Authorization": "Bearer demo-integrator"}
GUEST = {"Authorization": "Bearer demo-guest"}
CREATE = (
    "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id draft { id } } errors { message } } }"
)
UPDATE = (
    "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { id } errors { message } } }"
)
PUBLISH = (
    "mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) { version { id } errors { message } } }"
)
CODE = "harbor/code:execute"


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo world, as its integrator uses it."""

    http: httpx.Client

    def ask(self, query: str, **variables: Json) -> Json:
        answer = self.http.send(self.request(query, **variables)).json()
        expect(not answer.get("errors"), answer)
        return answer["data"]

    def request(self, query: str, *, headers: dict[str, str] | None = None, **variables: Json) -> httpx.Request:
        body = {"query": query, "variables": variables}
        return self.http.build_request(
            "POST", "/graphql", json=body, headers=INTEGRATOR if headers is None else headers
        )

    @property
    def workspaces(self) -> list[str]:
        query = "{ workspaces { nodes { id viewerCanEditFlows type } } }"
        nodes = self.ask(query)["workspaces"]["nodes"]
        return [node["id"] for node in nodes if node["viewerCanEditFlows"] and node["type"] == "LIMITED"]

    def create(self, graph: Json, workspace: str | None = None) -> tuple[str, str]:
        """A flow with this draft: the ids of both."""
        wish = {"workspaceId": workspace or self.workspaces[0], "name": "Attack", "graph": graph}
        flow = self.ask(CREATE, input=wish)["createFlow"]["flow"]
        return flow["id"], flow["draft"]["id"]

    def change(self, flow: str, graph: Json) -> None:
        errors = self.ask(UPDATE, input={"flowId": flow, "graph": graph})["updateFlowDraft"]["errors"]
        expect(not errors, errors)

    def publish(self, flow: str) -> None:
        errors = self.ask(PUBLISH, input={"flowId": flow})["publishFlowDraft"]["errors"]
        expect(not errors, errors)


def expect(fulfilled: bool, told: Json) -> None:  # noqa: FBT001 - as an assertion
    if not fulfilled:
        raise SystemExit(f"An attack could not be prepared: {str(told)[:300]}")


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    prepare: Callable[[Demo], httpx.Request]
    cpu_seconds: float = 5.0
    """At most, by the default of FLOWPORT_MAX_CPU_SECONDS."""
    megabytes: float = 150.0
    """How much of the server it may take at most."""


def steps(number: int, command: str = CODE, **more: Json) -> list[Json]:
    return [{"id": f"s{index}", "command": command, **more} for index in range(number)]


def graph(nodes: Iterable[Json], edges: Iterable[Json] = ()) -> Json:
    return {"nodes": list(nodes), "edges": list(edges)}


def aliased(number: int, selection: str) -> str:
    return " ".join(f"a{index}: {selection}" for index in range(number))
