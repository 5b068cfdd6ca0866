"""A server that is told to stop: what was begun is finished, what comes then is turned away."""

import asyncio
import json
import signal
from contextlib import suppress

import httpx
import pytest

from app.server.workers import LINGER_SECONDS
from tests.databases import Databases, Loaded
from tests.serving.real import LOCK_FLOWS, PATIENCE_SECONDS, VIEWER, Real, code_of, real_server, soon, soon_true

LONG_ENOUGH_SECONDS = LINGER_SECONDS + 0.2
"""For a server that nothing keeps from stopping: it looks ten times a second."""
SENT_AGAIN = "The server is shutting down, and has not begun with the request. Send it again."


async def a_copy_that_waits(real: Real) -> "asyncio.Task[httpx.Response]":
    copying = real.copying()
    assert await soon_true(lambda: real.is_at_work(1))
    return copying


async def test_what_was_begun_is_finished_and_what_comes_then_is_turned_away(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            copying = await a_copy_that_waits(real)
            real.tell()
            late = await real.posting(VIEWER)
            health, ready = [await real.api.http.get(path) for path in ("/health", "/ready")]
            assert not copying.done()
        copied = await copying
        assert "Copied" in await real.names()
    assert (copied.status_code, copied.headers["Connection"]) == (200, "close")
    assert copied.json()["data"]["copyFlow"]["errors"] == []
    assert code_of(late) == (503, "SHUTTING_DOWN")
    assert late.json()["errors"][0]["message"] == SENT_AGAIN
    assert (late.headers["Retry-After"], late.headers["Connection"]) == ("1", "close")
    assert len(late.headers["X-Request-Id"]) == 32
    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (code_of(ready), ready.headers["Retry-After"]) == ((503, "SHUTTING_DOWN"), "1")


async def test_a_server_that_does_nothing_stops_at_once_and_closes_idle_connections(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, shutdown_seconds=3600) as real:
        async with real.saying("GET /health HTTP/1.1", "Host: localhost", "", "") as (reader, _):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            real.tell()
            assert b"connection: close" not in await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
            await asyncio.wait_for(real.running, PATIENCE_SECONDS)
        with pytest.raises(httpx.ConnectError):
            await real.api.http.get("/health")


async def test_a_request_whose_body_is_on_its_way_is_begun_and_finished(
    databases: Databases, loaded_trade: Loaded
) -> None:
    body = json.dumps({"query": VIEWER})
    async with real_server(databases, loaded_trade) as real:
        async with real.saying(*real.head_of_a_post(len(body)), body[:5]) as (reader, writer):
            assert await soon(real.in_flight)
            real.tell()
            await asyncio.sleep(LONG_ENOUGH_SECONDS)
            writer.write(body[5:].encode())
            answer = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
        assert answer.startswith(b"HTTP/1.1 200")
        assert real.api.id("ada").encode() in answer


async def test_whoever_is_turned_away_with_a_large_body_still_gets_the_answer(
    databases: Databases, loaded_trade: Loaded
) -> None:
    body = "x" * 900_000
    async with real_server(databases, loaded_trade) as real, real.locked(LOCK_FLOWS):
        copying = await a_copy_that_waits(real)
        real.tell()
        async with real.saying(*real.head_of_a_post(len(body)), body) as (reader, _):
            assert (await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)).startswith(b"HTTP/1.1 503")
        copying.cancel()


@pytest.mark.parametrize(("grace", "second"), [(0.2, None), (60, signal.SIGTERM), (60, signal.SIGINT)])
async def test_what_takes_longer_than_the_grace_or_meets_a_second_signal_is_undone_and_told_so(
    databases: Databases, loaded_trade: Loaded, grace: float, second: signal.Signals | None
) -> None:
    async with real_server(databases, loaded_trade, shutdown_seconds=grace) as real:
        before = await real.names()
        async with real.locked(LOCK_FLOWS):
            copying = await a_copy_that_waits(real)
            real.tell()
            if second is not None:
                real.tell(second)
            response = await asyncio.wait_for(copying, PATIENCE_SECONDS)
            await asyncio.wait_for(real.running, PATIENCE_SECONDS)
            assert await real.at_work_in_the_database() == 0
        assert await real.names() == before
    assert code_of(response) == (503, "SHUTTING_DOWN")
    assert response.json()["errors"][0]["message"] == (
        "The request was ended, since the server had to shut down, and what was unfinished of it was undone. "
        "Nothing was written: send it again, or ask for less."
    )
    assert response.headers["Retry-After"] == "1"


async def test_clients_that_come_again_and_again_dont_keep_a_server_from_stopping(
    databases: Databases, loaded_trade: Loaded
) -> None:
    answered = [set[int]() for _ in range(5)]

    async def insist(real: Real, statuses: set[int]) -> None:
        """Ask without a pause, until nobody is there."""
        with suppress(httpx.ConnectError):
            while True:
                statuses.add((await real.posting(VIEWER)).status_code)

    async with real_server(databases, loaded_trade) as real:
        insisting = [asyncio.create_task(insist(real, statuses)) for statuses in answered]
        assert await soon(lambda: answered == [{200}] * 5)
        real.tell()
        await asyncio.wait_for(real.running, PATIENCE_SECONDS)
        await asyncio.gather(*insisting)
    assert set.union(*answered) == {200, 503}
