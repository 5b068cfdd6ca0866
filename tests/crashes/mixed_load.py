"""A load of mutations with and without idempotency keys, and what callers were told of each."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any

import httpx

from tests.api.world_builder import WorldBuilder, graph, step
from tests.crashes.keyed_calls import world_of_ada
from tests.plain_http import TRUSTS_NOBODY

Json = dict[str, Any]

CLIENTS = 6
PATIENCE_SECONDS = 60
RESULT = "replayed errors { code message }"
DOCUMENTS = {
    "createFlow": f"mutation($input: CreateFlowInput!) {{ createFlow(input: $input) {{ flow {{ name }} {RESULT} }} }}",
    "copyFlow": f"mutation($input: CopyFlowInput!) {{ copyFlow(input: $input) {{ draft {{ id }} {RESULT} }} }}",
    "exportFlow": f"mutation($input: ExportFlowInput!) {{ exportFlow(input: $input) {{ draft {{ id }} {RESULT} }} }}",
    "exportFlows": f"mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{ succeeded {RESULT} }} }}",
    "publishFlowDraft": f"mutation($input: PublishFlowDraftInput!) {{ publishFlowDraft(input: $input) {{ version {{ id }} {RESULT} }} }}",
    "updateFlowDraft": "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { id } errors { code message } } }",
}
ITEMS = 3
"""Of a call of many exports."""


class Told(Enum):
    """What a caller knows of a call."""

    DONE = "acknowledged"
    NOT_DONE = "told that nothing was written"
    UNKNOWN = "not known"


TOLD = {"YES": Told.DONE, "NO": Told.NOT_DONE, "UNKNOWN": Told.UNKNOWN}


@dataclass(slots=True)
class LoadCall:
    kind: str
    client: int
    marker: str
    """The name of what it makes; items have /0, /1 and so on behind it."""
    keyed: bool
    told: Told = Told.UNKNOWN

    @property
    def names(self) -> list[str]:
        return [f"{self.marker}/{item}" for item in range(ITEMS)] if self.kind == "exportFlows" else [self.marker]


def world_of_clients() -> WorldBuilder:
    """Each client has a flow that it saves, and one that it publishes; all of them copy and export one."""
    world = world_of_ada()
    code = step("1", "core/code:run", fields={"language": "js"})
    world.flow("source", "workshop", published=graph(code))
    for client in range(CLIENTS):
        for key in ("saved", "published"):
            world.flow(f"{key}{client}", "workshop", draft=graph(code))
    return world


class MixedLoad:
    """Clients that call one thing after the other; each repeats calls with a key until they are acknowledged."""

    def __init__(self, url: str, ids: Mapping[str, str], token: str, numbers: Iterator[int]) -> None:
        """`numbers`: one for each thing that is ever made."""
        self._ids = ids
        headers = {"Authorization": f"Bearer {token}"}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=CLIENTS)
        self._http = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=PATIENCE_SECONDS, limits=limits, verify=TRUSTS_NOBODY
        )
        self._numbers = numbers
        self.calls: list[LoadCall] = []
        """Since they were judged last."""
        self.told = Counter[Told]()
        self.wrong: list[str] = []
        self.acknowledged = Counter[int]()
        """By client."""
        self.not_acknowledged = 0
        """Attempts, of which a call with a key may have several."""
        self.stopping = asyncio.Event()

    async def close(self) -> None:
        await self._http.aclose()

    async def run(self, client: int) -> None:
        """LoadCall until all are to stop."""
        kinds = self._kinds(client)
        while not self.stopping.is_set():
            kind, keyed = next(kinds)
            if kind == "publishFlowDraft":
                saved = LoadCall("updateFlowDraft", client, f"prepared {next(self._numbers)}", keyed=False)
                await self._call(saved, "published")
                if saved.told is not Told.DONE:
                    continue
            call = LoadCall(kind, client, f"made {next(self._numbers)}", keyed)
            self.calls.append(call)
            await self._call(call)
            self.told[call.told] += 1
            self.acknowledged[client] += call.told is Told.DONE

    def _kinds(self, client: int) -> Iterator[tuple[str, bool]]:
        for number in count(client):
            kind = list(DOCUMENTS)[number % len(DOCUMENTS)]
            yield kind, kind != "updateFlowDraft" and (number // len(DOCUMENTS)) % 2 == 0

    async def _call(self, call: LoadCall, of: str = "saved") -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            call.told = await self._send(call, of)
            self.not_acknowledged += call.told is not Told.DONE
            if call.told is Told.DONE or not call.keyed:
                return
            if time.monotonic() > deadline:
                self.wrong.append(f"{call.marker} was never acknowledged")
                return
            await asyncio.sleep(0.05)

    async def _send(self, call: LoadCall, of: str) -> Told:
        given = self._input(call, of)
        if call.keyed:
            given["idempotencyKey"] = call.marker
        body = {"query": DOCUMENTS[call.kind], "variables": {"input": given}}
        try:
            response = await self._http.post("/graphql", json=body)
        except httpx.ConnectError:
            return Told.NOT_DONE
        except httpx.TransportError:
            return Told.UNKNOWN
        told, mistake = told_by(response)
        if mistake:
            self.wrong.append(f"{call.kind} {call.marker}: {mistake}")
        return told

    def _input(self, call: LoadCall, of: str) -> Json:
        export = {"flowId": self._ids["source"], "destination": {"workspaceId": self._ids["store"]}}
        match call.kind:
            case "createFlow":
                made = {"nodes": [], "edges": [], "made": call.marker}
                return {"workspaceId": self._ids["workshop"], "name": call.marker, "graph": made}
            case "copyFlow":
                return {"flowId": self._ids["source"], "name": call.marker}
            case "exportFlow":
                return export | {"name": call.marker}
            case "exportFlows":
                return {"items": [export | {"name": name} for name in call.names], "mode": "ATOMIC"}
            case "publishFlowDraft":
                return {"flowId": self._ids[f"published{call.client}"]}
            case _:
                return {"flowId": self._ids[f"{of}{call.client}"], "description": call.marker}


def told_by(response: httpx.Response) -> tuple[Told, str]:
    """What the answer says of the call, and what is wrong with it: nobody refuses these, and nothing of ours fails."""
    body = response.json()
    [payload] = (body.get("data") or {"": None}).values()
    if payload is not None:
        return Told.DONE, str(payload["errors"] or "")
    [error] = body["errors"]
    message, code, written = error["message"], error["extensions"]["code"], error["extensions"].get("written")
    mistake = message if code not in {"TIMEOUT", "SERVICE_UNAVAILABLE", "SHUTTING_DOWN", "OVERLOADED"} else ""
    told = TOLD.get(written)
    if told is None:
        return Told.UNKNOWN, mistake or f"doesn't say what was written: {message}"
    is_said = message.startswith("This was written") or "had been written" in message
    if is_said is not (told is Told.DONE) or ("isn't known" in message) is not (told is Told.UNKNOWN):
        return told, f"says {written}, and {message}"
    # Only where nothing was written it may be sent again as it is.
    is_safe = response.status_code == httpx.codes.OK or "Retry-After" in response.headers
    return told, mistake or ("" if is_safe or told is not Told.NOT_DONE else f"without Retry-After: {message}")
