"""More is asked for than can be done: some are queued, some refused soon, and other callers and probes are answered."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest
from structlog.testing import capture_logs

from app.http.limits import admission
from tests.commands import issue_token, revoke_token
from tests.databases import Databases, Loaded
from tests.serving.real import LOCK_FLOWS, VIEWER, code_of, error_of, real_server, soon, soon_true
from tests.serving.test_metrics import grown, measured

MESSAGE = "The server has more to do than it can, and has not begun with the request. Send it again later."


async def test_a_crowd_of_one_caller_is_refused_soon_while_others_are_answered(
    databases: Databases, loaded_trade: Loaded
) -> None:
    """Its copies wait for a lock, and so hold the slots that one caller may have."""
    bounds = {"max_running_requests": 4, "max_waiting_requests": 6, "max_wait_seconds": 1.0}
    async with real_server(databases, loaded_trade, pool_size=6, **bounds) as real:
        assert (await real.posting(VIEWER, user="ada")).status_code == 200
        before = await measured(real.api.http)
        with capture_logs() as log:
            async with real.locked(LOCK_FLOWS):
                crowd = [real.copying(name=f"Crowd {number}") for number in range(20)]
                assert await soon_true(lambda: real.is_at_work(2))
                others = [await real.posting(VIEWER, user="carl") for _ in range(3)]
                probes = [await real.api.http.get(path) for path in ("/health", "/ready")]
                assert await soon(lambda: sum(task.done() for task in crowd) == 18)
        answers = await asyncio.gather(*crowd)
        after = await measured(real.api.http)
        names = await real.names()
    assert [response.status_code for response in (*others, *probes)] == [200] * 5
    done = [number for number, response in enumerate(answers) if response.status_code == httpx.codes.OK]
    assert len(done) == 2
    for response in (response for response in answers if response.status_code != httpx.codes.OK):
        assert code_of(response) == (503, "OVERLOADED")
        assert error_of(response)["message"] == MESSAGE
        assert response.headers["Retry-After"] == "1"
    assert sorted(name for name in names if name.startswith("Crowd")) == sorted(f"Crowd {number}" for number in done)
    assert grown(before, after, "flowport_refused_requests_total", code="OVERLOADED") == {"": 18}
    told = [line for line in log if line["event"] == "overloaded"]
    assert told[0]["log_level"] == "warning"
    assert not [line for line in log if line["event"] == "request refused"]


async def test_a_token_that_was_revoked_takes_no_slot_of_whose_it_was(
    databases: Databases, loaded_trade: Loaded
) -> None:
    """It is refused at once, although its owner has all the slots that one caller may have."""
    bounds = {"max_running_requests": 4, "max_waiting_requests": 6, "max_wait_seconds": 1.0}
    async with real_server(databases, loaded_trade, pool_size=6, **bounds) as real:
        url = real.api.database_url
        leaked = await issue_token(url, "ada@example.com", name="leaked", expires_days=None)
        headers = {"Authorization": f"Bearer {leaked}"}

        async def asked() -> httpx.Response:
            return await real.api.http.post("/graphql", json={"query": VIEWER}, headers=headers)

        assert (await real.posting(VIEWER, user="ada")).status_code == (await asked()).status_code == httpx.codes.OK
        assert await revoke_token(url, leaked.split("_")[1])
        assert (await asked()).status_code == httpx.codes.UNAUTHORIZED
        async with real.locked(LOCK_FLOWS):
            holding = [real.copying(name=f"Holding {number}") for number in range(2)]
            assert await soon_true(lambda: real.is_at_work(2))
            refused = await asked()
        answers = await asyncio.gather(*holding)
    assert refused.status_code == httpx.codes.UNAUTHORIZED
    assert [answer.status_code for answer in answers] == [200, 200]


async def test_while_all_connections_are_at_work_a_server_is_ready_nevertheless(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, pool_size=1) as real:
        async with real.locked(LOCK_FLOWS):
            holding = real.copying()
            assert await soon_true(lambda: real.is_at_work(1))
            ready = await real.api.http.get("/ready")
        assert (await holding).status_code == httpx.codes.OK
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


async def test_bodies_that_come_slowly_keep_no_slot_from_others(databases: Databases, loaded_trade: Loaded) -> None:
    """Two callers hold all slots between them, did their requests keep them while the bodies come."""
    bounds = {"max_running_requests": 2, "max_wait_seconds": 1.0}
    body = f'{{"query": "{VIEWER}"}}'
    async with real_server(databases, loaded_trade, **bounds) as real, AsyncExitStack() as slow:
        for user in ("ada", "berta", "ada", "berta"):
            assert (await real.posting(VIEWER, user=user)).status_code == 200
        sending = [
            await slow.enter_async_context(real.saying(*real.head_of_a_post(len(body), user=user), body[:5]))
            for user in ("ada", "berta", "ada", "berta")
        ]
        others = [await real.posting(VIEWER, user="carl") for _ in range(5)]
        for _, writer in sending:
            writer.write(body[5:].encode())
        answers = [await reader.readuntil(b"\r\n") for reader, _ in sending]
    assert [response.status_code for response in others] == [200] * 5
    assert answers == [b"HTTP/1.1 200 OK\r\n"] * 4


async def test_for_one_caller_so_many_slow_bodies_are_awaited_and_others_are_refused(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "RECEIVING", 2)
    bounds = {"max_running_requests": 2, "max_wait_seconds": 0.2}
    async with real_server(databases, loaded_trade, **bounds) as real, AsyncExitStack() as slow:
        assert (await real.posting(VIEWER, user="ada")).status_code == 200
        for _ in range(2):
            await slow.enter_async_context(real.saying(*real.head_of_a_post(100), "{"))
        reader, _ = await slow.enter_async_context(real.saying(*real.head_of_a_post(100), "{"))
        assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 503 Service Unavailable\r\n"
        assert (await real.posting(VIEWER, user="ada")).status_code == 200


async def test_two_callers_with_very_many_slow_bodies_leave_room_for_the_body_of_a_third(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "RECEIVING", 4)
    bounds = {"max_running_requests": 2, "max_wait_seconds": 0.2}
    body = f'{{"query": "{VIEWER}"}}'
    async with real_server(databases, loaded_trade, **bounds) as real, AsyncExitStack() as slow:
        for user in ("ada", "berta", "carl"):
            assert (await real.posting(VIEWER, user=user)).status_code == 200
        crowd = [
            await slow.enter_async_context(real.saying(*real.head_of_a_post(100, user=user), "{"))
            for user in ("ada", "berta")
            for _ in range(8)
        ]
        refused = [asyncio.create_task(reader.readuntil(b"\r\n")) for reader, _ in crowd]
        # How the two share six of the eight places depends on who comes first; they never get more.
        assert await soon(lambda: sum(task.done() for task in refused) >= 16 - 6)
        reader, writer = await slow.enter_async_context(
            real.saying(*real.head_of_a_post(len(body), user="carl"), body[:5])
        )
        answer = asyncio.create_task(reader.readuntil(b"\r\n"))
        # Whoever gets no place is refused sooner.
        assert not (await asyncio.wait({answer}, timeout=0.5))[0]
        writer.write(body[5:].encode())
        assert await answer == b"HTTP/1.1 200 OK\r\n"
        for task in refused:
            task.cancel()
