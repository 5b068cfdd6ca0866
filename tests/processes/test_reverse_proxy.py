"""The proxy of `scripts/deploy` with a server behind it: what the server doesn't do itself, the pair does."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app.server.workers import Server
from app.settings import read_settings
from tests.databases import Databases, Loaded
from tests.processes.haproxy import MISSING, PROGRAM, Proxy, proxied
from tests.serving.logs import logging
from tests.serving.real import PATIENCE_SECONDS, VIEWER, Real, real_server, soon, soon_true

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

SOON = {
    "timeout http-request 10s": "timeout http-request 1s",
    "timeout http-keep-alive 10s": "timeout http-keep-alive 1s",
    "wait-for-body time 10s": "wait-for-body time 1s",
    "timeout client 30s": "timeout client 2s",
}
"""The limits in time, shorter for the tests."""
MOST_OF_AN_ADDRESS = 200
HOST = "Host: localhost"
TEXT_CHARACTERS = 900_000
LARGE = (
    f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {' '.join(f'a{n}: native' for n in range(17))} }} }} }} }}"
)
CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"


@dataclass(frozen=True, slots=True)
class Pair:
    """A server, and the proxy before it."""

    real: Real
    proxy: Proxy
    http: httpx.AsyncClient

    async def viewer(self, **headers: str) -> httpx.Response:
        authorization = {"Authorization": f"Bearer {self.real.api.tokens['ada']}"}
        return await self.http.post("/graphql", json={"query": VIEWER}, headers=authorization | headers)

    async def answer_to(self, *lines: str) -> bytes:
        """All that comes until the connection is closed."""
        async with self.proxy.saying(*lines) as (reader, _):
            return await rest_of(reader)

    @property
    def connections(self) -> int:
        return len(self.real.server.server_state.connections)


@asynccontextmanager
async def before(real: Real, folder: Path, changes: dict[str, str]) -> AsyncIterator[Pair]:
    """A proxy before this server."""
    with proxied(real.port, folder, changes) as proxy:
        assert await soon_answers(proxy)
        async with httpx.AsyncClient(base_url=proxy.url, verify=proxy.trusting, timeout=60) as http:
            yield Pair(real, proxy, http)


@pytest.fixture(scope="module")
async def pair(
    databases: Databases, loaded_trade: Loaded, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pair]:
    async with (
        real_server(databases, loaded_trade, request_timeout_seconds=3) as real,
        before(real, tmp_path_factory.mktemp("proxy"), SOON) as started,
    ):
        yield started


async def soon_answers(proxy: Proxy) -> bool:
    """Whether the proxy answers on a new connection before long."""

    async def answers() -> bool:
        try:
            async with httpx.AsyncClient(base_url=proxy.url, verify=proxy.trusting, timeout=60) as http:
                return bool(await http.get("/graphql"))
        except httpx.TransportError:
            return False

    return await soon_true(answers)


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    received = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while piece := await reader.read(2**16):
                received += piece
    except ConnectionError:
        pass
    return received


def statuses_in(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


async def test_callers_are_served_by_https_and_by_nothing_else(pair: Pair) -> None:
    assert (await pair.viewer()).json()["data"] == {"viewer": {"id": pair.real.api.id("ada")}}
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.TransportError):
            await http.get(pair.proxy.url.replace("https:", "http:"))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with httpx.AsyncClient(verify=old) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(pair.proxy.url)


@pytest.mark.parametrize("path", ["/metrics", "/ready", "/health", "/"])
async def test_what_is_for_the_inside_is_not_seen_outside(pair: Pair, path: str) -> None:
    assert (await pair.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    "begun", [(), ("POST /graphql HTTP/1.1", "Host: "), ("GET /graphql HTTP/1.1", HOST, "X-A: a", "")]
)
async def test_headers_that_come_slowly_never_reach_the_server(pair: Pair, begun: tuple[str, ...]) -> None:
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(pair.proxy.saying(*begun)) for _ in range(50)]
        assert (await pair.viewer()).status_code == 200
        answers = await asyncio.gather(*(rest_of(reader) for reader, _ in slow))
    assert {*map(tuple, map(statuses_in, answers))} <= {(), (408,)}
    assert all("<NOSRV>" in line for line in pair.proxy.lines(" 408 "))


async def test_headers_that_trickle_are_given_up(pair: Pair) -> None:
    async with pair.proxy.saying("GET /graphql HTTP/1.1", HOST, "") as (reader, writer):

        async def trickle() -> None:
            for number in range(10_000):
                writer.write(f"X-{number}: a\r\n".encode())
                await asyncio.sleep(0.1)

        trickling = asyncio.create_task(trickle())
        assert statuses_in(await rest_of(reader)) == [408]
        trickling.cancel()


async def test_headers_that_are_too_large_are_refused_before_they_end(pair: Pair) -> None:
    endless = pair.proxy.saying("GET /graphql HTTP/1.1", HOST, f"X-Large: {'a' * 100_000}")
    async with endless as (reader, _):
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 400")
    many = [f"X-{number}: a" for number in range(200)]
    assert statuses_in(await pair.answer_to("GET /graphql HTTP/1.1", HOST, *many, "", "")) == [400]


async def test_a_short_body_that_comes_slowly_never_reaches_the_server(pair: Pair) -> None:
    async with pair.proxy.saying(*pair.real.head_of_a_post(100), '{"query": ') as (reader, _):
        assert statuses_in(await rest_of(reader)) == [408]
    assert await soon(lambda: "<NOSRV>" in pair.proxy.lines("POST /graphql")[-1])


async def test_a_long_body_that_comes_slowly_is_part_of_the_time_of_its_request(pair: Pair) -> None:
    async with pair.proxy.saying(*pair.real.head_of_a_post(500_000), "x" * 100_000) as (reader, writer):

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.1)

        trickling = asyncio.create_task(trickle())
        answered = await asyncio.wait_for(reader.readuntil(b'"TIMEOUT"'), PATIENCE_SECONDS)
        trickling.cancel()
    assert statuses_in(answered) == [503]


async def test_a_body_that_is_too_large_is_refused_in_the_server_s_words(pair: Pair) -> None:
    refused = await pair.http.post(
        "/graphql",
        content=bytes(6 * 2**20),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {pair.real.api.tokens['ada']}"},
    )
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (413, "CONTENT_TOO_LARGE")


async def test_who_does_not_take_an_answer_is_left_and_its_bytes_are_let_go(pair: Pair) -> None:
    large = {"nodes": [{"id": "s", "command": "a/b", "fields": {"text": "x" * TEXT_CHARACTERS}}], "edges": []}
    created = await pair.real.posting(CREATE, input=pair.real.creation("Large") | {"graph": large})
    flow = created.json()["data"]["createFlow"]["flow"]["id"]
    body = json.dumps({"query": LARGE, "variables": {"id": flow}})
    before = pair.connections
    async with AsyncExitStack() as stack:
        for _ in range(3):
            reader, _ = await stack.enter_async_context(pair.proxy.saying(*pair.real.head_of_a_post(len(body)), body))
            assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 200")
        assert await soon(lambda: pair.connections <= before)
    assert (await pair.viewer()).status_code == 200


@pytest.mark.parametrize(
    "lines",
    [
        ("no request at all", "", ""),
        ("GET /graphql HTTP/7.7", HOST, "", ""),
        ("GET /graphql HTTP/1.1", HOST, "No colon here", "", ""),
        ("POST /graphql HTTP/1.1", HOST, "Content-Length: many", "", ""),
        ("POST /graphql HTTP/1.1", HOST, "Content-Length: 3", "Content-Length: 4", "", "abcd"),
        ("POST /graphql HTTP/1.1", HOST, "Transfer-Encoding: gzip, chunked", "", "0", "", ""),
        ("POST /graphql HTTP/1.1", HOST, "Transfer-Encoding: chunked, chunked", "", "0", "", ""),
    ],
)
async def test_what_is_no_http_is_refused_once(pair: Pair, lines: tuple[str, ...]) -> None:
    [status] = statuses_in(await pair.answer_to(*lines))
    assert status in {400, 422}


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
async def test_an_upgrade_that_is_offered_is_not_taken_and_the_body_is_read(pair: Pair, protocol: str) -> None:
    offered = {"Upgrade": protocol, "Connection": "Upgrade"}
    assert (await pair.viewer(**offered)).json()["data"] == {"viewer": {"id": pair.real.api.id("ada")}}


async def test_the_address_that_a_caller_gives_itself_is_not_believed(
    databases: Databases, loaded_trade: Loaded, tmp_path: Path
) -> None:
    with logging() as log:
        async with (
            real_server(databases, loaded_trade, trusted_proxies="127.0.0.1") as real,
            before(real, tmp_path, {}) as pair,
        ):
            await pair.viewer(**{"X-Forwarded-For": "203.0.113.9"})
    [line] = [json.loads(line) for line in log.getvalue().splitlines() if '"operation"' in line]
    assert line["client"] == "127.0.0.1"


async def test_an_address_has_only_so_many_connections(
    databases: Databases, loaded_trade: Loaded, tmp_path: Path
) -> None:
    async with real_server(databases, loaded_trade) as real, before(real, tmp_path, {}) as pair:
        assert (await pair.viewer()).status_code == 200
        async with AsyncExitStack() as stack:
            for _ in range(MOST_OF_AN_ADDRESS - 1):
                await stack.enter_async_context(pair.proxy.saying("GET "))
            with pytest.raises(ConnectionError):
                await stack.enter_async_context(pair.proxy.saying("GET "))
            assert (await pair.viewer()).status_code == 200
        assert await soon_answers(pair.proxy)


def test_the_server_keeps_a_connection_at_rest_longer_than_the_proxy() -> None:
    """HAProxy closes half of those that it keeps every 5 seconds."""
    server = Server(read_settings({"database_url": "postgresql://nobody@127.0.0.1:9/nothing"}))
    assert server.config.timeout_keep_alive >= 60


async def test_without_a_server_callers_are_told_to_come_again(tmp_path: Path) -> None:
    with proxied(1, tmp_path, {}) as proxy:
        assert await soon_answers(proxy)
        async with httpx.AsyncClient(base_url=proxy.url, verify=proxy.trusting, timeout=60) as http:
            answered = await http.post("/graphql", json={"query": VIEWER})
    assert (answered.status_code, answered.headers["Retry-After"]) == (503, "1")
    assert answered.json()["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "NO"}
