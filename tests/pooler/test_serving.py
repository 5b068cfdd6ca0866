"""A server whose database is behind a pooler with two connections: all that it does elsewhere it does here."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from structlog.testing import capture_logs

from app.command_error import CommandError
from app.server.database import migrate
from tests.databases import Databases, Loaded
from tests.lifecycle.stage import Stage, stage_on
from tests.lifecycle.test_random_lives import Lives
from tests.pooler.pgbouncer import PgBouncer, pgbouncer
from tests.property_settings import EXAMPLES, bounded
from tests.serving.load import Load
from tests.serving.real import (
    LOCK_CONTRACTS,
    LOCK_FLOWS,
    PLACE_OF_A_FLOW,
    VIEWER,
    Real,
    code_of,
    real_server_on,
    soon,
    soon_true,
)

CALLERS = 24
"""More than our pool has connections, which has more than the pooler."""


@asynccontextmanager
async def behind(pooler: PgBouncer, databases: Databases, loaded: Loaded, **options: Any) -> AsyncIterator[Real]:
    """A server behind the pooler; what a test itself asks the database goes past it."""
    async with databases.made(loaded.name) as name:
        url = databases.url_of(name)
        async with real_server_on(pooler.through(url), loaded, **options) as real:
            yield replace(real, api=replace(real.api, database_url=url))


@pytest.fixture
def own_pooler(server_url: str, session_folder: Path) -> Iterator[PgBouncer]:
    """One that a test may do anything to."""
    with pgbouncer(server_url, session_folder) as running:
        yield running


async def test_many_callers_at_once_read_and_write(
    pooler: PgBouncer, databases: Databases, loaded_trade: Loaded
) -> None:
    # On a busy machine they may wait longer than anybody should.
    patient = {"max_wait_seconds": 60, "request_timeout_seconds": 120}
    async with behind(pooler, databases, loaded_trade, pool_size=10, **patient) as real:
        url = str(real.api.http.base_url)
        load = Load(url, real.api.tokens["ada"], real.api.id("plain"), real.api.id("workshop"))
        with capture_logs() as log:
            callers = load.start(CALLERS)
            assert await soon(lambda: load.outcome.answered > 100 or callers.done())
            assert not callers.done()
            real.tell()
            await asyncio.wait_for(callers, 60)
        names = await real.names()
    assert load.outcome.lost == []
    assert {name for name in names if name.startswith("Load ")} == load.outcome.made
    assert [line for line in log if line["log_level"] not in {"info", "debug"}] == []


@pytest.fixture
async def company_url(databases: Databases, loaded_company: Loaded, pooler: PgBouncer) -> AsyncIterator[str]:
    async with databases.made(loaded_company.name) as name:
        yield pooler.through(databases.url_of(name))


@pytest.fixture
def stage(company_url: str, loaded_company: Loaded) -> Iterator[Stage]:
    with stage_on(company_url, loaded_company) as stage:
        yield stage


def test_every_mutation_does_what_the_model_says(stage: Stage) -> None:
    class LivesHere(Lives):
        here = stage

    few = settings(
        bounded, max_examples=1 + EXAMPLES // 10, stateful_step_count=22, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(LivesHere, settings=few)


@pytest.mark.parametrize("lock", [LOCK_FLOWS, LOCK_CONTRACTS])
async def test_requests_beyond_their_time_are_cancelled_down_to_the_statement(
    pooler: PgBouncer, databases: Databases, loaded_trade: Loaded, lock: str
) -> None:
    async with behind(
        pooler, databases, loaded_trade, pool_size=4, max_running_requests=60, request_timeout_seconds=0.8
    ) as real:

        def ask(number: int) -> "asyncio.Task[httpx.Response]":
            if lock == LOCK_FLOWS:
                return real.copying(name=f"Copy {number}")
            return real.posting(PLACE_OF_A_FLOW, id=real.api.id("plain"))

        before = await real.names()
        async with real.locked(lock):
            codes = {code_of(response) for response in await asyncio.gather(*map(ask, range(12)))}
            assert {(503, "TIMEOUT")} <= codes <= {(503, "TIMEOUT"), (503, "SERVICE_UNAVAILABLE")}
            assert await soon_true(lambda: real.is_at_work(0))
        assert await real.names() == before

        async def as_usual() -> bool:
            return [response.status_code for response in await asyncio.gather(*map(ask, range(4)))] == [200] * 4

        assert await soon_true(as_usual)


async def test_a_client_that_goes_away_takes_its_statement_along(
    pooler: PgBouncer, databases: Databases, loaded_trade: Loaded
) -> None:
    async with behind(pooler, databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            requests = [real.copying(name=f"Copy {number}") for number in range(5)]
            assert await soon_true(lambda: real.is_at_work(2))
            for request in requests:
                request.cancel()
            assert await soon_true(lambda: real.is_at_work(0))
        assert [name for name in await real.names() if name.startswith("Copy ")] == []
        assert (await real.posting(VIEWER)).status_code == 200


async def test_a_statement_beyond_its_time_is_told_as_that(
    pooler: PgBouncer, databases: Databases, loaded_trade: Loaded
) -> None:
    async with behind(pooler, databases, loaded_trade, statement_timeout_seconds=0.5) as real, real.locked(LOCK_FLOWS):
        response = await real.copying()
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (200, {"code": "TIMEOUT", "written": "NO"})


async def test_while_the_pooler_is_away_callers_are_told_to_try_again(
    own_pooler: PgBouncer, databases: Databases, loaded_trade: Loaded
) -> None:
    async with behind(own_pooler, databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            copies = [real.copying(name=f"Lost {number}") for number in range(4)]
            assert await soon_true(lambda: real.is_at_work(2))
            own_pooler.kill()
            codes = [code_of(response) for response in await asyncio.gather(*copies)]
        codes += [code_of(await real.posting(VIEWER)), code_of(await real.copying(name="Lost"))]
        assert (await real.api.http.get("/ready")).status_code == 503
        own_pooler.start()
        assert (await real.copying(name="Found")).json().get("errors") is None
        assert (await real.api.http.get("/ready")).status_code == 200
        assert [name for name in await real.names() if name.startswith(("Lost", "Found"))] == ["Found"]
    assert codes == [(503, "SERVICE_UNAVAILABLE")] * 6


async def test_connections_that_the_pooler_dropped_at_rest_are_made_anew_unseen(
    own_pooler: PgBouncer, databases: Databases, loaded_trade: Loaded
) -> None:
    async with behind(own_pooler, databases, loaded_trade, pool_size=6) as real:
        await asyncio.gather(*(real.posting(VIEWER) for _ in range(12)))
        own_pooler.kill()
        own_pooler.start()
        answers = await asyncio.gather(*(real.posting(VIEWER) for _ in range(12)))
    assert [answer.status_code for answer in answers] == [200] * 12


async def test_where_the_pooler_reaches_no_database_callers_are_told_to_try_again_and_the_log_why(
    databases: Databases, loaded_trade: Loaded, session_folder: Path
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/postgres"
    with pgbouncer(nowhere, session_folder, query_wait_timeout="1") as lost:
        async with behind(lost, databases, loaded_trade, request_timeout_seconds=20) as real:
            with capture_logs() as log:
                assert code_of(await real.posting(VIEWER)) == (503, "SERVICE_UNAVAILABLE")
    [reason] = [line["reason"] for line in log if line["event"] == "database unavailable"]
    assert reason.startswith("ProtocolViolationError: ")
    assert [line for line in log if "exc_info" in line] == []


async def test_a_pooler_in_statement_mode_is_refused_at_the_start(
    database_url: str, server_url: str, session_folder: Path
) -> None:
    with pgbouncer(server_url, session_folder, pool_mode="statement") as running:
        url = running.through(database_url)
        with pytest.raises(CommandError, match="transaction blocks not allowed in statement pooling mode"):
            await asyncio.to_thread(migrate, url)
