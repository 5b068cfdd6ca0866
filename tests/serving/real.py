"""The real server on a real socket, in the loop of the test; signals are told to it as the system would."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.server.startup import bound_to
from app.server.workers import Server
from app.settings import Settings
from app.storage.connections.engine import engine_of
from tests.api.client import Api
from tests.databases import Databases, Loaded
from tests.plain_http import TRUSTS_NOBODY

Json = dict[str, Any]

PATIENCE_SECONDS = 60
SHORTER_LIMITS, LONGEST_LIMIT = (1, 4), 30

VIEWER = "{ viewer { id } }"
COPY = "mutation($input: CopyFlowInput!) { copyFlow(input: $input) { flow { id name } errors { code } } }"
PLACE_OF_A_FLOW = "query($id: ID!) { flow(id: $id) { workspace { name contract { name } } } }"


@dataclass(frozen=True, slots=True)
class Real:
    """A server that runs, on a copy of a world."""

    api: Api
    server: Server
    running: "asyncio.Task[None]"
    port: int

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.server.handle_exit(number, None)

    def in_flight(self) -> bool:
        """Whether a request is in flight."""
        return bool(self.server.app.in_flight.requests)

    def posting(self, document: str, user: str = "ada", **variables: object) -> "asyncio.Task[httpx.Response]":
        """A request under way."""
        headers = {"Authorization": f"Bearer {self.api.tokens[user]}"}
        body = {"query": document, "variables": variables}
        return asyncio.create_task(self.api.http.post("/graphql", json=body, headers=headers))

    def copying(self, flow: str = "plain", name: str = "Copied") -> "asyncio.Task[httpx.Response]":
        return self.posting(COPY, input={"flowId": self.api.id(flow), "name": name})

    def creation(self, name: str) -> Json:
        """The input of `createFlow`."""
        return {"workspaceId": self.api.id("workshop"), "name": name, "graph": GRAPH}

    def head_of_a_post(self, body_bytes: int, user: str = "ada") -> tuple[str, ...]:
        return (
            "POST /graphql HTTP/1.1",
            "Host: localhost",
            "Content-Type: application/json",
            f"Authorization: Bearer {self.api.tokens[user]}",
            f"Content-Length: {body_bytes}",
            "",
        )

    @asynccontextmanager
    async def saying(self, *lines: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection by hand, and what it says first."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write("\r\n".join(lines).encode())
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def is_at_work(self, number: int) -> bool:
        return await self.at_work_in_the_database() == number

    async def names(self) -> list[str]:
        return [str(name) for (name,) in await self.rows("select name from flow order by 1")]

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with engine_of(self.api.database_url).connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def at_work_in_the_database(self) -> int:
        """How many of the server's connections are within a statement or a transaction."""
        [(number,)] = await self.rows(
            "select count(*) from pg_stat_activity where datname = current_database() "
            "and application_name = 'flowport' and state <> 'idle'"
        )
        return int(number)

    @asynccontextmanager
    async def locked(self, statement: str) -> AsyncIterator[AsyncConnection]:
        """Somebody else holds what the server needs."""
        async with engine_of(self.api.database_url).begin() as connection:
            await connection.execute(text(statement))
            yield connection


GRAPH: Json = {"nodes": [], "edges": []}

LOCK_FLOWS = "select 1 from flow for update"
"""Copies and exports wait, and reading goes on."""
LOCK_CONTRACTS = "lock table contract in access exclusive mode"
"""Whatever reads a contract waits."""


@asynccontextmanager
async def real_server(databases: Databases, loaded: Loaded, **settings: Any) -> AsyncIterator[Real]:
    async with databases.copy(loaded.name) as url, real_server_on(url, loaded, **settings) as real:
        yield real


@asynccontextmanager
async def real_server_on(url: str, loaded: Loaded, **settings: Any) -> AsyncIterator[Real]:
    """On a database that has that world already. Locks may be waited for as long as a test holds them."""
    usual: dict[str, Any] = {"log_format": "json", "lock_timeout_seconds": 60}
    async with (
        on_a_socket(Settings(database_url=url, **usual | settings)) as (server, running, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, verify=TRUSTS_NOBODY) as http,
    ):
        yield Real(Api(http, url, loaded.ids, loaded.tokens), server, running, port)


@asynccontextmanager
async def on_a_socket(settings: Settings) -> AsyncIterator[tuple[Server, "asyncio.Task[None]", int]]:
    with bound_to("127.0.0.1", 0) as listening:
        async with served(settings, listening) as (server, running):
            yield server, running, listening.getsockname()[1]


@asynccontextmanager
async def served(settings: Settings, listening: socket.socket) -> AsyncIterator[tuple[Server, "asyncio.Task[None]"]]:
    server = Server(settings)
    running = asyncio.create_task(server._serve([listening]))
    assert await soon(lambda: server.started or running.done())
    try:
        yield server, running
    finally:
        if server._signal is None and not running.done():
            await end_now(server, running)
        else:
            while not running.done():
                server.handle_exit(signal.SIGTERM, None)
                await asyncio.sleep(0.01)
            await running


async def end_now(server: Server, running: "asyncio.Task[None]") -> None:
    """As the server ends, but without a moment for clients, of which no one is left once a test is over."""
    running.cancel()
    await asyncio.wait([running])
    server._stop_listening()
    server.app.in_flight.cut()
    for connection in [*server.server_state.connections]:
        connection.shutdown()
    if server.server_state.tasks:
        await asyncio.wait([*server.server_state.tasks])
    await server.lifespan.shutdown()


async def soon(holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether it holds before long: on a busy machine that may take a while."""

    async def answer() -> object:
        return holds()

    return await soon_true(answer, seconds)


async def soon_true(holds: Callable[[], Awaitable[object]], seconds: float = PATIENCE_SECONDS) -> bool:
    """The same for a question that takes a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await holds():
            return True
        await asyncio.sleep(0.01)
    return False


async def within_some_limit(case: Callable[[int], Awaitable[None]]) -> None:
    """Have something happen within a time limit, with a longer one where a busy machine took too long for that."""
    for seconds in SHORTER_LIMITS:
        try:
            await case(seconds)
        except AssertionError:
            continue
        return
    await case(LONGEST_LIMIT)


def error_of(response: httpx.Response) -> Json:
    [error] = response.json()["errors"]
    assert isinstance(error, Mapping)
    return dict(error)


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, error_of(response)["extensions"]["code"]
