"""Callers who work without a pause until they are turned away, and how everything they sent was answered."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import COPY, GRAPH, VIEWER

Json = dict[str, Any]

CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id name } errors { code } } }"


@dataclass
class Outcome:
    """What became of the requests of all callers."""

    made: set[str] = field(default_factory=set)
    """The names of the flows whose making was acknowledged."""
    answered: int = 0
    turned_away: int = 0
    lost: list[str] = field(default_factory=list)
    """What was sent and never answered."""


@dataclass(frozen=True)
class Load:
    """Copies, creations and questions, in turn, of some callers at once."""

    url: str
    token: str
    flow_id: str
    workspace_id: str
    outcome: Outcome = field(default_factory=Outcome)

    def start(self, callers: int = 6) -> "asyncio.Future[list[None]]":
        return asyncio.gather(*(self._work(f"Load {caller}") for caller in range(callers)))

    async def _work(self, caller: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60, verify=TRUSTS_NOBODY) as http:
            for name, body in self._requests(caller):
                try:
                    response = await http.post("/graphql", json=body)
                except httpx.ConnectError:
                    # Nobody listens any more: nothing was sent.
                    return
                except httpx.TransportError as error:
                    self.outcome.lost.append(f"{name}: {error!r}")
                    return
                if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    assert response.json()["errors"][0]["extensions"]["code"] == "SHUTTING_DOWN", response.text
                    self.outcome.turned_away += 1
                    return
                self._note(name, response)

    def _requests(self, caller: str) -> Iterator[tuple[str, Json]]:
        for number in count():
            name = f"{caller} {number}"
            copy = {"flowId": self.flow_id, "name": name}
            creation = {"workspaceId": self.workspace_id, "name": name, "graph": GRAPH}
            yield (
                (name, {"query": COPY, "variables": {"input": copy}}),
                (name, {"query": CREATE, "variables": {"input": creation}}),
                (name, {"query": VIEWER}),
            )[number % 3]

    def _note(self, name: str, response: httpx.Response) -> None:
        assert response.status_code == httpx.codes.OK, response.text
        self.outcome.answered += 1
        for payload in response.json()["data"].values():
            if "flow" in payload:
                assert payload["errors"] == []
                assert payload["flow"]["name"] == name
                self.outcome.made.add(name)
