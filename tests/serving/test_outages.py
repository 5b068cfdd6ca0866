"""The database goes away, or has no connection left: callers are told to try again, and all is well when it is back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.storage.embedded.running import running
from tests.api.client import serving
from tests.clusters import with_cluster
from tests.databases import Databases, Loaded, run_sql
from tests.serving.real import (
    LOCK_CONTRACTS,
    LOCK_FLOWS,
    PLACE_OF_A_FLOW,
    VIEWER,
    Real,
    code_of,
    error_of,
    real_server,
    soon_true,
)
from tests.serving.test_browsers import browsing

TOKEN = {"Authorization": f"Bearer fp_{'0' * 26}_x"}
CUT = (
    "select pg_terminate_backend(pid) from pg_stat_activity "
    "where datname = current_database() and application_name = 'flowport'"
)
NOTHING_DONE = "The database is down or too busy just now, so nothing was done. Try again soon."
NOTHING_WRITTEN = "The database is down or too busy just now, so nothing of this was written. Try again soon."
LOST = (
    "ConnectionDoesNotExistError: connection was closed in the middle of operation: "
    "terminating connection due to administrator command"
)
TWO_MUTATIONS = (
    "mutation($first: CreateFlowInput!, $second: CopyFlowInput!) "
    "{ createFlow(input: $first) { errors { code } } copyFlow(input: $second) { errors { code } } }"
)


def assert_refused(response: httpx.Response) -> None:
    assert code_of(response) == (503, "SERVICE_UNAVAILABLE")
    assert response.json()["errors"][0]["message"] == NOTHING_DONE
    assert response.headers["Retry-After"] == "5"


def warnings(log: list[Any]) -> list[tuple[str, str]]:
    """What is in the log besides the usual; a traceback is nowhere.

    A server that was overloaded says so up to five seconds later, when another test may look at the log. Its clean-up,
    which begins with it, may be cut off or wait like what the test is about.
    """
    assert [line for line in log if "exc_info" in line] == []
    return [
        (line["event"], line.get("reason", ""))
        for line in log
        if line["log_level"] not in {"info", "debug"} and line["event"] not in {"overloaded", "cleanup not done"}
    ]


async def waiting(real: Real, application: str = "flowport") -> int:
    """How many connections wait for a lock that somebody else has."""
    waits = (
        "select application_name from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
    return [name for (name,) in await real.rows(waits)].count(application)


async def cut_off(real: Real, request: "asyncio.Task[httpx.Response]") -> httpx.Response:
    """The answer to a request whose connection is lost while it waits for a lock."""
    assert await soon_true(lambda: waiting(real))
    await real.rows(CUT)
    return await request


@pytest.mark.parametrize("path", ["/graphql", "/graphql/static/examples.graphql"])
async def test_where_nobody_listens_callers_are_told_to_try_again_with_a_line_in_the_log(path: str) -> None:
    async with browsing(host="0.0.0.0") as http:
        with capture_logs() as log:
            response = await http.get(path, params={"query": VIEWER}, headers=TOKEN)
    assert_refused(response)
    [(event, reason)] = warnings(log)
    assert (event, reason.split(":")[0]) == ("database unavailable", "ConnectionRefusedError")


async def test_a_server_recovers_by_itself_when_its_database_was_stopped_and_started(folder: Path) -> None:
    async def ask(http: httpx.AsyncClient) -> httpx.Response:
        return await http.post("/graphql", json={"query": VIEWER}, headers=TOKEN)

    async def nothing_is_at_work() -> bool:
        return "\nflowport_database_connections_in_use 0.0\n" in (await http.get("/metrics")).text

    with running(with_cluster(folder / "data")) as url:
        app = serving(url)
        http = await app.__aenter__()
        assert (await ask(http)).status_code == 401
    for _ in range(3):
        assert_refused(await ask(http))
        # One that is to be made anew and can't be is at work no more than it was; what cleans up ends soon.
        assert await soon_true(nothing_is_at_work)
    with running(folder / "data"):
        assert (await ask(http)).status_code == 401
        await app.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("lock", "ask"),
    [
        (LOCK_FLOWS, lambda real: real.copying()),
        (LOCK_CONTRACTS, lambda real: real.posting(PLACE_OF_A_FLOW, id=real.api.id("plain"))),
        ("lock table api_token in access exclusive mode", lambda real: real.posting(VIEWER)),
    ],
    ids=["writing", "reading", "before"],
)
async def test_a_connection_lost_within_a_statement_is_told_and_nothing_is_left_of_it(
    databases: Databases, loaded_trade: Loaded, capfd: pytest.CaptureFixture[str], lock: str, ask: Callable[[Real], Any]
) -> None:
    async with real_server(databases, loaded_trade) as real:
        before = await real.names()
        with capture_logs() as log:
            async with real.locked(lock):
                response = await cut_off(real, ask(real))
        assert_refused(response)
        assert warnings(log) == [("database unavailable", LOST)]
        # What libraries log comes there too.
        assert [line for line in capfd.readouterr().err.splitlines() if '"level":"error"' in line] == []
        assert await real.names() == before
        assert (await ask(real)).json().get("errors") is None


async def test_whoever_waits_too_long_for_a_connection_is_told_to_come_again(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, pool_size=1, max_wait_seconds=0.5) as real:
        with capture_logs() as log:
            async with real.locked(LOCK_FLOWS):
                holding = real.copying()
                assert await soon_true(lambda: waiting(real))
                response = await real.posting(VIEWER)
            assert (await holding).status_code == 200
        assert (await real.posting(VIEWER)).status_code == 200
    assert_refused(response)
    assert warnings(log) == [("database unavailable", "all connections are at work")]


async def test_connections_that_were_lost_at_rest_are_made_anew_unseen(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade, max_running_requests=6) as real:
        async with real.locked(LOCK_FLOWS):
            copies = [real.copying(name=f"Copy {number}") for number in range(3)]
            assert await soon_true(lambda: real.is_at_work(3))
        await asyncio.gather(*copies)
        await real.rows(CUT)
        assert await soon_true(lambda: nobody_is_connected(real))
        answers = await asyncio.gather(*(real.posting(VIEWER) for _ in range(6)))
    assert [answer.status_code for answer in answers] == [200] * 6


async def nobody_is_connected(real: Real) -> bool:
    return await real.rows(CUT) == []


async def test_of_several_mutations_those_that_were_done_are_told(databases: Databases, loaded_trade: Loaded) -> None:
    async with real_server(databases, loaded_trade) as real:
        second = {"flowId": real.api.id("plain"), "name": "Second"}
        with capture_logs() as log:
            async with real.locked(LOCK_FLOWS):
                request = real.posting(TWO_MUTATIONS, first=real.creation("First"), second=second)
                response = await cut_off(real, request)
        names = await real.names()
    assert response.status_code == 200
    assert response.json()["data"] == {"createFlow": {"errors": []}, "copyFlow": None}
    told = error_of(response)
    assert (told["message"], told["path"]) == (NOTHING_WRITTEN, ["copyFlow"])
    assert told["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "NO"}
    assert ("First" in names, "Second" in names) == (True, False)
    assert warnings(log) == [("database unavailable", LOST)]


REFUSES = """
    create or replace function refuse() returns trigger language plpgsql as
    $$ begin raise 'not now' using errcode = '{state}'; end $$
"""
NOT_NOW = {
    "25006": "ReadOnlySQLTransactionError",
    "40P01": "DeadlockDetectedError: not now",
    "53100": "DiskFullError: not now",
    "55P03": "LockNotAvailableError: not now",
}


async def test_what_keeps_the_database_from_writing_for_a_while_is_no_error_of_ours(
    databases: Databases, loaded_trade: Loaded
) -> None:
    """It became a standby, others were in the way, or its disk is full."""
    async with real_server(databases, loaded_trade, pool_size=2) as real:
        url = real.api.database_url
        for state, reason in NOT_NOW.items():
            await run_sql(url, REFUSES.format(state=state))
            await run_sql(url, "create trigger refuses after insert on flow for each row execute function refuse()")
            with capture_logs() as log:
                responses = [await real.copying(name=f"Lost {state} {number}") for number in range(3)]
                assert (await real.posting(VIEWER)).status_code == 200
            for response in responses:
                assert code_of(response) == (503, "SERVICE_UNAVAILABLE")
            assert warnings(log) == [("database unavailable", reason)] * 3
            await run_sql(url, "drop trigger refuses on flow")
            assert (await real.copying(name=f"Found {state}")).json().get("errors") is None
        found = [f"Found {state}" for state in NOT_NOW]
        assert [name for name in await real.names() if name.startswith(("Lost", "Found"))] == found
