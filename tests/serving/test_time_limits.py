"""Requests that take too long, and clients that go away: the work ends, down to the statement, and nothing is left."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.databases import Databases, Loaded
from tests.serving.real import (
    LOCK_CONTRACTS,
    LOCK_FLOWS,
    PATIENCE_SECONDS,
    PLACE_OF_A_FLOW,
    VIEWER,
    Real,
    code_of,
    real_server,
    soon,
    soon_true,
)

POOL = 10
OF_LOCKS, OF_ONE_CALLER = 3, 5
"""How many connections one caller has at most for calls that wait for locks, and for all of its calls."""


def a_copy(real: Real) -> Any:
    return real.copying()


def a_question_of_loaders(real: Real) -> Any:
    return real.posting(PLACE_OF_A_FLOW, id=real.api.id("plain"))


SLOW = pytest.mark.parametrize(
    ("lock", "ask", "at_work"),
    [(LOCK_FLOWS, a_copy, OF_LOCKS), (LOCK_CONTRACTS, a_question_of_loaders, OF_ONE_CALLER)],
)


async def as_usual(real: Real) -> bool:
    """Whether as many requests as there are connections are answered."""
    responses = await asyncio.gather(*(real.copying(name=f"Later {number}") for number in range(POOL)))
    return [response.status_code for response in responses] == [200] * POOL


@SLOW
async def test_requests_beyond_their_time_leave_no_statement_no_row_and_no_connection_taken(
    databases: Databases, loaded_trade: Loaded, lock: str, ask: Callable[[Real], Any], at_work: int
) -> None:
    assert at_work < POOL
    async with real_server(
        databases, loaded_trade, pool_size=POOL, max_running_requests=60, request_timeout_seconds=0.4
    ) as real:
        before = await real.names()
        async with real.locked(lock):
            responses = await asyncio.gather(*(ask(real) for _ in range(30)))
            # The others waited for a connection, and no longer than for half of that time.
            codes = {code_of(response) for response in responses}
            assert {(503, "TIMEOUT")} <= codes <= {(503, "TIMEOUT"), (503, "SERVICE_UNAVAILABLE")}
            assert await soon_true(lambda: real.is_at_work(0))
        assert await real.names() == before
        # On a busy machine some of these may be late as well; with a connection lost they would be every time.
        assert await soon_true(lambda: as_usual(real))


@SLOW
async def test_clients_that_go_away_leave_no_statement_no_row_and_no_connection_taken(
    databases: Databases, loaded_trade: Loaded, lock: str, ask: Callable[[Real], Any], at_work: int
) -> None:
    async with real_server(databases, loaded_trade, pool_size=POOL, max_running_requests=60) as real:
        before = await real.names()
        async with real.locked(lock):
            requests = [ask(real) for _ in range(30)]
            assert await soon_true(lambda: real.is_at_work(at_work))
            for request in requests:
                request.cancel()
            assert await soon_true(lambda: real.is_at_work(0))
        assert await real.names() == before
        assert await as_usual(real)


async def test_a_statement_beyond_its_time_is_told_as_that_and_is_no_error_of_ours(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, statement_timeout_seconds=0.5) as real:
        before = await real.names()
        with capture_logs() as log:
            async with real.locked(LOCK_FLOWS):
                response = await real.copying()
            async with real.locked("lock table api_token in access exclusive mode"):
                unknown = await real.posting(VIEWER)
        assert response.status_code == 200
        [error] = response.json()["errors"]
        assert response.json()["data"] == {"copyFlow": None}
        assert (error["path"], error["extensions"]) == (["copyFlow"], {"code": "TIMEOUT", "written": "NO"})
        assert code_of(unknown) == (503, "TIMEOUT")
        assert await real.names() == before
    assert [line for line in log if line["log_level"] not in {"info", "debug"}] == []


async def test_whoever_goes_away_within_a_body_is_no_error_of_ours(databases: Databases, loaded_trade: Loaded) -> None:
    async with real_server(databases, loaded_trade) as real:
        with capture_logs() as log:
            async with real.saying(*real.head_of_a_post(1000), '{"query"'):
                assert await soon(real.in_flight)
            assert await soon(lambda: log)
    assert [(line["event"], line["code"]) for line in log] == [("request refused", "CLIENT_CLOSED_REQUEST")]


async def test_a_body_that_doesnt_come_is_waited_for_no_longer_than_for_anything_else(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with (
        real_server(databases, loaded_trade, request_timeout_seconds=0.3) as real,
        real.saying(*real.head_of_a_post(1000), '{"query"') as (reader, _),
    ):
        assert (await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)).split()[1] == b"503"


async def test_what_was_begun_and_cut_off_has_its_line_in_the_log_and_is_counted(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, request_timeout_seconds=1) as real:
        with capture_logs() as log:
            async with real.locked(LOCK_FLOWS):
                response = await real.copying()
        told = await real.api.http.get("/metrics")
    [operation] = [line for line in log if line["event"] == "operation"]
    assert (operation["outcome"], operation["actor"]) == ("cancelled", real.api.id("ada"))
    assert code_of(response) == (503, "TIMEOUT")
    assert 'flowport_operations_total{operation="copyFlow",outcome="cancelled"}' in told.text
    assert 'flowport_refused_requests_total{code="TIMEOUT"}' in told.text
