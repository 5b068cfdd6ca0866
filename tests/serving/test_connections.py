"""What connections say before it is a request: bounded in bytes and time, and answered like all that is refused."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.databases import Databases, Loaded
from tests.serving.real import COPY, LOCK_FLOWS, PATIENCE_SECONDS, VIEWER, Real, code_of, real_server, soon_true

HEAD_BYTES = 4096
CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { message } } }"
QUICK = {"header_timeout_seconds": 0.2, "max_header_bytes": HEAD_BYTES}


@pytest.fixture(scope="module")
async def real(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    async with real_server(databases, loaded_trade, max_header_bytes=HEAD_BYTES) as started:
        yield started


@pytest.fixture(scope="module")
async def quick(databases: Databases, loaded_trade: Loaded) -> AsyncIterator[Real]:
    """A server that soon loses its patience with heads, and never with connections that are idle after an answer."""
    async with real_server(databases, loaded_trade, **QUICK) as started:
        started.server.config.timeout_keep_alive = 3600
        yield started


async def answer_to(real: Real, *lines: str) -> tuple[bytes, bytes]:
    """What comes until the server closes the connection: the head and the body."""
    async with real.saying(*lines) as (reader, _):
        head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)).partition(b"\r\n\r\n")
        return head, body


def code_in(head: bytes, body: bytes) -> tuple[str, str]:
    """The status and the code of a refusal that is as every other one."""
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert (headers["cache-control"], headers["connection"]) == ("no-store", "close")
    assert headers["x-content-type-options"] == "nosniff"
    assert (int(headers["content-length"]), len(headers["x-request-id"])) == (len(body), 32)
    [error] = json.loads(body)["errors"]
    assert error["message"].endswith(".")
    return lines[0].split(" ")[1], error["extensions"]["code"]


@pytest.mark.parametrize(
    "lines",
    [
        ("\x16\x03\x01\x02", "", ""),
        ("GET", "", ""),
        ("GET /graphql HTTP/7.7", "", ""),
        ("GET /graphql HTTP/1.1", "No colon here", "", ""),
        ("GET /graphql HTTP/1.1", "Content-Length: many", "", ""),
        ("GET /gr\u00e4ph HTTP/1.1", "Host: localhost", "", ""),
    ],
    ids=["another protocol", "half a line", "version", "header", "length", "path"],
)
async def test_what_is_no_request_is_refused_in_json(real: Real, lines: tuple[str, ...]) -> None:
    assert code_in(*await answer_to(real, *lines)) == ("400", "BAD_REQUEST")


async def test_a_body_that_is_cut_wrongly_is_refused(real: Real) -> None:
    head = [line for line in real.head_of_a_post(1) if not line.startswith("Content-Length")]
    sent = (*head[:-1], "Transfer-Encoding: chunked", "", "no number of bytes", "")
    assert code_in(*await answer_to(real, *sent)) == ("400", "BAD_REQUEST")


@pytest.mark.parametrize("is_finished", [True, False], ids=["whole", "endless"])
async def test_a_head_that_is_too_large_is_refused(real: Real, is_finished: bool) -> None:
    head = ["GET /graphql HTTP/1.1", *(f"X-{number}: {'a' * 100}" for number in range(HEAD_BYTES // 100 + 1))]
    answered = await answer_to(real, *head, *(("", "") if is_finished else ()))
    assert code_in(*answered) == ("431", "HEADERS_TOO_LARGE")
    assert str(HEAD_BYTES) in answered[1].decode()
    large = {"X-Large": "a" * (HEAD_BYTES - 1000)}
    assert (await real.api.http.get("/health", headers=large)).status_code == 200


async def test_a_head_that_is_late_is_refused_and_who_says_nothing_is_left(quick: Real) -> None:
    assert code_in(*await answer_to(quick, "GET /graphql HTTP/1.1", "Host: ")) == ("408", "REQUEST_TIMEOUT")
    assert await answer_to(quick) == (b"", b"")


async def test_the_head_of_a_later_request_has_the_same_time(quick: Real) -> None:
    async with quick.saying("GET /health HTTP/1.1", "Host: localhost", "", "GET /hea") as (reader, _):
        head, _, body = (await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)).partition(b"HTTP/1.1 408")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"REQUEST_TIMEOUT" in body


async def pour(writer: asyncio.StreamWriter, number: int, piece: bytes = bytes(2**16)) -> None:
    """Send as many bytes."""
    pieces = piece * (2**16 // len(piece))
    for _ in range(number // len(pieces)):
        writer.write(pieces)
        await writer.drain()


def statuses_in(answered: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answered)]


async def read_statuses(reader: asyncio.StreamReader, number: int) -> list[int]:
    """Of as many answers."""
    answered = b""
    while len(statuses_in(answered)) < number:
        answered += await asyncio.wait_for(reader.readexactly(1), PATIENCE_SECONDS)
        answered += await reader.read(2**16)
    return statuses_in(answered)


async def test_of_a_body_that_was_refused_no_more_is_read_than_it_takes_to_see_the_answer(real: Real) -> None:
    head = [line for line in real.head_of_a_post(10**9) if not line.startswith("Authorization")]
    async with real.saying(*head, "") as (reader, writer):
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 413")
        with pytest.raises(ConnectionError):
            await pour(writer, 10**8)


async def test_a_body_that_was_refused_leaves_its_connection_to_the_next_request(real: Real) -> None:
    for _ in range(3):
        refused = await real.api.http.post(
            "/graphql", content=bytes(6 * 2**20), headers={"Content-Type": "application/json"}
        )
        assert (refused.status_code, code_of(refused)[1]) == (413, "CONTENT_TOO_LARGE")
        assert (await real.posting(VIEWER)).status_code == 200
    assert len(real.server.server_state.connections) == 1


@asynccontextmanager
async def followed(real: Real, following: str) -> AsyncIterator[tuple[asyncio.StreamReader, AsyncExitStack]]:
    """A copy that waits until the stack is closed, and what follows it on the same connection."""
    body = json.dumps({"query": COPY, "variables": {"input": {"flowId": real.api.id("plain"), "name": "Copied"}}})
    async with AsyncExitStack() as lock:
        await lock.enter_async_context(real.locked(LOCK_FLOWS))
        async with real.saying(*real.head_of_a_post(len(body)), body) as (reader, writer):
            assert await soon_true(lambda: real.is_at_work(1))
            writer.write(following.encode())
            yield reader, lock


async def test_a_late_head_does_not_cut_off_the_request_before_it(quick: Real) -> None:
    async with followed(quick, "GET /hea") as (reader, lock):
        await asyncio.sleep(3 * QUICK["header_timeout_seconds"])
        assert await quick.is_at_work(1)
        await lock.aclose()
        head, _, rest = (await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b'"Copied"' in rest


async def test_what_can_not_be_read_is_refused_after_the_answer_to_the_request_before_it(quick: Real) -> None:
    async with followed(quick, "no request at all\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") as (
        reader,
        lock,
    ):
        assert await quick.is_at_work(1)
        await lock.aclose()
        assert statuses_in(await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)) == [200, 400]


CHUNKED = (
    "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


async def test_a_later_body_that_can_not_be_read_is_refused_after_the_answer_to_the_request_before_it(
    quick: Real,
) -> None:
    async with followed(quick, f"{CHUNKED}no number\r\n") as (reader, lock):
        assert await quick.is_at_work(1)
        await lock.aclose()
        answered = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    assert statuses_in(answered) == [200, 400]
    assert b'"Copied"' in answered


async def test_requests_that_follow_one_another_at_once_are_all_answered_however_they_are_cut(real: Real) -> None:
    body = json.dumps({"query": VIEWER, "variables": {"unused": "x" * 100_000}})
    head = "\r\n".join(real.head_of_a_post(len(body))) + "\r\n"
    sent = (head + body) * 3 + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 300
    pieces = [sent[start : start + 1013] for start in range(0, len(sent), 1013)]
    async with real.saying() as (reader, writer):
        reading = asyncio.create_task(read_statuses(reader, 303))
        for piece in pieces:
            writer.write(piece.encode())
            await writer.drain()
        assert await reading == [200] * 303


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "something"])
@pytest.mark.parametrize("is_apart", [False, True])
async def test_an_upgrade_that_is_offered_is_not_taken_and_the_body_is_read(
    real: Real, protocol: str, is_apart: bool
) -> None:
    body = json.dumps({"query": VIEWER})
    head = [*real.head_of_a_post(len(body))[:-1], f"Upgrade: {protocol}", "Connection: Upgrade", "", ""]
    async with real.saying("\r\n".join(head) + ("" if is_apart else body)) as (reader, writer):
        if is_apart:
            await asyncio.sleep(0.05)
            writer.write(body.encode())
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await read_statuses(reader, 2) == [200, 200]


async def test_what_a_head_says_besides_of_its_connection_holds_although_it_offers_an_upgrade(real: Real) -> None:
    head = (
        "GET /health HTTP/1.1",
        "Host: localhost",
        "Upgrade: h2c",
        "Connection: close, Upgrade, HTTP2-Settings",
        "",
        "",
    )
    async with real.saying(*head) as (reader, _):
        answered = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    assert statuses_in(answered) == [200]
    assert b"connection: close" in answered.lower()


async def test_no_proxy_is_found_here(real: Real) -> None:
    assert code_in(*await answer_to(real, "CONNECT example.com:443 HTTP/1.1", "", "")) == ("400", "BAD_REQUEST")


@pytest.mark.parametrize("trailer", ["a: b\r\n", "a" * 1000], ids=["many", "endless"])
async def test_trailers_are_not_kept(real: Real, trailer: str) -> None:
    async with real.saying(f"{CHUNKED}0\r\n") as (_, writer):
        with pytest.raises(ConnectionError):
            await pour(writer, 10**8, trailer.encode())


@pytest.mark.parametrize("begun", ["", "\r\n"], ids=["nothing", "a line"])
async def test_who_asks_for_nothing_is_left(quick: Real, begun: str) -> None:
    async with quick.saying(begun) as (reader, _):
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b""


async def test_who_asks_for_nothing_more_is_left(quick: Real) -> None:
    async with quick.saying("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n") as (reader, writer):
        assert await read_statuses(reader, 1) == [200]
        writer.write(b"\r\n")
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b""


async def test_a_body_that_never_comes_after_its_refusal_is_not_waited_for(quick: Real) -> None:
    async with quick.saying(*quick.head_of_a_post(10**9), "") as (reader, writer):
        assert await read_statuses(reader, 1) == [413]
        writer.write(b"b")
        assert await asyncio.wait_for(reader.read(), PATIENCE_SECONDS) == b""


async def stays_open(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(), 0.4)
    except TimeoutError:
        return True
    return False


async def test_a_head_that_has_begun_is_waited_for_longer_than_an_idle_connection_is_kept(
    real: Real, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(real.server.config, "timeout_keep_alive", 0.2)
    async with real.saying("GET /health HTTP/1.1", "Host: localhost", "", "") as (reader, writer):
        assert await read_statuses(reader, 1) == [200]
        writer.write(b"GET /hea")
        assert await stays_open(reader)
    async with followed(real, "GET /health HTTP/1.1\r\nHost: local") as (reader, lock):
        await lock.aclose()
        assert await read_statuses(reader, 1) == [200]
        assert await stays_open(reader)
