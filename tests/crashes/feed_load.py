"""Writers and readers of the feed at once, while server processes are killed: nobody misses an event or sees one twice (E3)."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from app.domain.model import EventType
from tests.api.world_builder import WorldBuilder, graph, step
from tests.crashes.keyed_calls import world_of_ada
from tests.crashes.killable import Killable
from tests.databases import Databases, Loaded, connected
from tests.plain_http import TRUSTS_NOBODY
from tests.serving.real import soon_true

WRITERS = 16
PAGE = 100
TOGGLE = "mutation($id: ID!) {{ {}(input: {{flowId: $id}}) {{ errors {{ code }} }} }}"
READ = (
    "select position, type, flow_id, extract(epoch from at) from event where position > $1 order by position limit $2"
)
LAST = "select position from feed where not exists (select from pending_event)"
NEXT = {EventType.FLOW_STARTED: "startFlow", EventType.FLOW_STOPPED: "stopFlow"}

Event = tuple[int, str, str, float]
"""Position, type, flow and time."""


@dataclass
class Reader:
    """Polls from its cursor, and notes how old each event is when it sees it."""

    url: str
    pause: float
    events: list[Event] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    """In seconds."""

    async def poll(self) -> None:
        async with connected(self.url) as connection:
            while True:
                cursor = self.events[-1][0] if self.events else 0
                page = events_of(await connection.fetch(READ, cursor, PAGE))
                self.events += page
                self.ages += [time.time() - event[-1] for event in page]
                await asyncio.sleep(self.pause)


@dataclass
class FeedLoad:
    """Sixteen writers, each of which starts and stops a flow of its own, and two readers."""

    server: Killable
    url: str
    loaded: Loaded
    readers: tuple[Reader, Reader]
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Changes that writers know of, by the id of the flow."""

    @property
    def changes(self) -> int:
        return self.acknowledged.total()

    async def run(self, is_over: Callable[[], bool], disturb: Callable[[], None], every: int) -> list[str]:
        """Write until it is over, and disturb the server after each so many changes; what was wrong is told."""
        reading = [asyncio.create_task(reader.poll()) for reader in self.readers]
        over = asyncio.Event()
        writing = [asyncio.create_task(self._write(self.loaded.ids[flow], over)) for flow in flows()]
        disturbed = 0
        while not is_over():
            if self.changes >= every * (disturbed + 1):
                disturbed += 1
                await asyncio.to_thread(disturb)
            await asyncio.sleep(0.01)
        # A call that was given up would still be carried out, after the last event was read.
        over.set()
        await asyncio.gather(*writing)
        assert await soon_true(self._is_read)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        return await self._mistakes()

    async def _write(self, flow: str, over: asyncio.Event) -> None:
        """Start and stop the flow until it is over, again where nobody answered."""
        headers = {"Authorization": f"Bearer {self.loaded.tokens['ada']}"}
        async with httpx.AsyncClient(base_url=self.server.url, headers=headers, verify=TRUSTS_NOBODY) as http:
            while not over.is_set():
                for mutation in NEXT.values():
                    assert await soon_true(partial(self._is_done, http, mutation, flow))
                    self.acknowledged[flow] += 1

    async def _is_done(self, http: httpx.AsyncClient, mutation: str, flow: str) -> bool:
        body = {"query": TOGGLE.format(mutation), "variables": {"id": flow}}
        try:
            answer = (await http.post("/graphql", json=body, timeout=60)).json()
        except httpx.TransportError:
            return False
        return bool(answer.get("data") == {mutation: {"errors": []}})

    async def _is_read(self) -> bool:
        """Whether everything is numbered, and each reader has the latest event."""
        async with connected(self.url) as connection:
            last = await connection.fetchval(LAST)
        return last is not None and all(reader.events and reader.events[-1][0] == last for reader in self.readers)

    async def _mistakes(self) -> list[str]:
        first, second = (reader.events for reader in self.readers)
        async with connected(self.url) as connection:
            stored = events_of(await connection.fetch(READ, 0, None))
        by_flow = defaultdict[str, list[str]](list)
        for _, kind, flow, _ in first:
            by_flow[flow].append(kind)
        turns = [EventType.FLOW_STARTED.value, EventType.FLOW_STOPPED.value]
        return [
            *(["a reader has not what is stored"] if first != stored else []),
            *(["two readers see different orders"] if first != second else []),
            *(["positions are missing"] if [event[0] for event in first] != [*range(1, len(first) + 1)] else []),
            *(
                f"{flow}: {len(kinds)} events"
                for flow, kinds in by_flow.items()
                if len(kinds) < self.acknowledged[flow]
            ),
            *(f"{flow}: {kinds}" for flow, kinds in by_flow.items() if kinds != (turns * len(kinds))[: len(kinds)]),
        ]


def events_of(rows: Iterable[Any]) -> list[Event]:
    return [(row[0], row[1], row[2], float(row[3])) for row in rows]


def flows() -> list[str]:
    return [f"flow-{number}" for number in range(WRITERS)]


def world() -> WorldBuilder:
    made = world_of_ada()
    for flow in flows():
        made.flow(flow, "store", published=graph(step("1", "core/code:run")), author="ada")
    return made


@asynccontextmanager
async def open_feed_load(databases: Databases, folder: Path, *, workers: int) -> AsyncIterator[FeedLoad]:
    """With a server of several processes, on a world of its own."""
    async with databases.loaded(world()) as loaded:
        url = databases.url_of(loaded.name)
        server = Killable(folder, url, workers)
        try:
            await asyncio.to_thread(server.start)
            yield FeedLoad(server, url, loaded, (Reader(url, 0.01), Reader(url, 0.3)))
            await asyncio.to_thread(server.stop)
        finally:
            server.kill()
