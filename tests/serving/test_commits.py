"""Faults around a commit: the answer says what is known of whether the change was written."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.databases import Databases, Loaded, run_sql
from tests.serving.real import (
    LOCK_FLOWS,
    VIEWER,
    Real,
    code_of,
    error_of,
    real_server,
    soon,
    soon_true,
    within_some_limit,
)
from tests.serving.test_outages import LOST, TWO_MUTATIONS, cut_off, waiting, warnings

HOLD_COMMITS = "select pg_advisory_xact_lock(1)"
LOCK_TABLE = "lock table flow in access exclusive mode"
CANCEL = (
    "select pg_cancel_backend(pid) from pg_stat_activity "
    "where datname = current_database() and application_name = 'flowport' and wait_event_type = 'Lock'"
)
WAIT_AT_COMMIT = """
    create function wait() returns trigger language plpgsql as
    $$ begin perform pg_advisory_xact_lock(1); return null; end $$
"""
WAITS = """
    create constraint trigger waits after insert on flow deferrable initially deferred
    for each row execute function wait()
"""
PATIENT = {"lock_timeout_seconds": 3600, "statement_timeout_seconds": 3600}
"""So that other limits end what waits for a lock."""
UPDATE = """
    mutation($input: UpdateFlowDraftInput!) {
        updateFlowDraft(input: $input) { draft { revision } errors { code } }
    }
"""
TWO_COPIES = """
    mutation($first: CopyFlowInput!, $second: CopyFlowInput!) {
        first: copyFlow(input: $first) { errors { code } }
        second: copyFlow(input: $second) { errors { code } }
    }
"""
SHOWN_LATE = (
    "This was written, but the database took too long to show it. Don't send it again: ask for what it has changed."
)
NOT_SHOWN = (
    "This was written, but the database is down or too busy just now to show it. Don't send it again: ask for what it "
    "has changed."
)
PERHAPS_WRITTEN = (
    "The connection to the database was lost while this was being committed, so that it isn't known whether it was "
    "written. Look before you send it again."
)
GIVEN_UP = "This took the database too long, and was given up. Ask for less, or try again: others may be at work on it."


@asynccontextmanager
async def committed_and_held(
    real: Real, ask: Callable[[], "asyncio.Task[httpx.Response]"]
) -> AsyncIterator["asyncio.Task[httpx.Response]"]:
    """A change that waits for a row, and is committed when it gets it; what it has changed nobody can read then."""
    async with AsyncExitStack() as held:
        async with real.locked(LOCK_FLOWS):
            request = ask()
            assert await soon_true(lambda: waits_or_is_done(real, request))
            assert not request.done()
            # It is before all others in the queue for the table, and behind the change, which has a lock of it.
            locking = asyncio.create_task(held.enter_async_context(real.locked(LOCK_TABLE)))
            assert await soon_true(lambda: waiting(real, application=""))
        await locking
        yield request


async def waits_or_is_done(real: Real, request: "asyncio.Task[httpx.Response]") -> bool:
    return request.done() or await waiting(real) > 0


def updating(real: Real) -> "asyncio.Task[httpx.Response]":
    return real.posting(UPDATE, input={"flowId": real.api.id("plain"), "name": "Written"})


async def is_written(real: Real) -> bool:
    """Whether the draft has the name, in whichever table it stands."""
    rows = await real.rows("select count(*) from flow_draft where name = 'Written'")
    return rows == [(1,)]


async def cancel(real: Real) -> None:
    assert await soon_true(lambda: waiting(real))
    await real.rows(CANCEL)


async def test_a_time_out_after_the_commit_says_that_it_was_written(databases: Databases, loaded_trade: Loaded) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with committed_and_held(real, lambda: updating(real)) as request:
            await cancel(real)
            response = await request
        assert await is_written(real)
    assert_shown_late(response)


def assert_shown_late(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["data"]) == (200, {"updateFlowDraft": {"draft": None, "errors": []}})
    told = error_of(response)
    assert (told["message"], told["path"]) == (SHOWN_LATE, ["updateFlowDraft", "draft"])
    assert told["extensions"] == {"code": "TIMEOUT", "written": "YES"}


async def test_a_time_out_before_the_commit_says_that_it_was_given_up(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with real.locked(LOCK_FLOWS):
            request = updating(real)
            await cancel(real)
            response = await request
        assert not await is_written(real)
    assert error_of(response)["message"] == GIVEN_UP
    assert error_of(response)["extensions"] == {"code": "TIMEOUT", "written": "NO"}


async def test_what_is_ended_by_a_time_limit_says_what_was_written(databases: Databases, loaded_trade: Loaded) -> None:
    """All at once, since each takes as long as its limit."""
    cases = (
        a_statement_ended_after_the_commit,
        ended_after_the_commit,
        ended_within_the_commit,
        ended_between_two_commits,
        ended_before_anything_is_written,
    )
    await asyncio.gather(*(within_some_limit(partial(case, databases, loaded_trade)) for case in cases))


async def a_statement_ended_after_the_commit(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, **PATIENT | {"statement_timeout_seconds": seconds}) as real:
        async with committed_and_held(real, lambda: updating(real)) as request:
            response = await request
        assert await is_written(real)
    assert_shown_late(response)


async def ended_after_the_commit(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds, **PATIENT) as real:
        async with committed_and_held(real, lambda: updating(real)) as request:
            response = await request
        assert await is_written(real)
    assert_one_was_written(response, seconds)


async def ended_between_two_commits(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds, **PATIENT) as real:
        async with real.locked(LOCK_FLOWS):
            second = {"flowId": real.api.id("plain"), "name": "Second"}
            response = await real.posting(TWO_MUTATIONS, first=real.creation("First"), second=second)
        names = await real.names()
    assert_one_was_written(response, seconds)
    assert ("First" in names, "Second" in names) == (True, False)


def assert_one_was_written(response: httpx.Response, seconds: int) -> None:
    assert code_of(response) == (503, "TIMEOUT")
    assert response.json()["errors"][0]["message"] == (
        f"The request was ended after {seconds} seconds, and what was unfinished of it was undone. "
        "Of its mutations, 1 had been written. Look at what is there before you send any of it again."
    )
    assert error_of(response)["extensions"]["written"] == "YES"
    assert "Retry-After" not in response.headers


async def ended_within_the_commit(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds, **PATIENT) as real:
        await hold_commits(real)
        async with real.locked(HOLD_COMMITS):
            response = await real.copying()
    assert code_of(response) == (503, "TIMEOUT")
    assert response.json()["errors"][0]["message"] == (
        f"The request was ended after {seconds} seconds while it was being committed, so that it isn't known whether it was "
        "written. Look at what is there before you send any of it again."
    )
    assert error_of(response)["extensions"]["written"] == "UNKNOWN"
    assert "Retry-After" not in response.headers


async def ended_before_anything_is_written(databases: Databases, loaded: Loaded, seconds: int) -> None:
    async with real_server(databases, loaded, request_timeout_seconds=seconds, **PATIENT) as real:
        refused = {"flowId": "nothing", "name": "Refused"}
        async with real.locked(LOCK_FLOWS):
            second = {"flowId": real.api.id("plain"), "name": "Late"}
            response = await real.posting(TWO_COPIES, first=refused, second=second)
    assert code_of(response) == (503, "TIMEOUT")
    assert response.json()["errors"][0]["message"] == (
        f"The request was ended after {seconds} seconds, and what was unfinished of it was undone. "
        "Nothing was written: send it again, or ask for less."
    )
    assert error_of(response)["extensions"]["written"] == "NO"
    assert response.headers["Retry-After"] == "1"


async def test_of_what_was_being_committed_nobody_says_that_it_was_not_written(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        await hold_commits(real)
        with capture_logs() as log:
            async with real.locked(HOLD_COMMITS):
                response = await cut_off(real, real.copying())
    assert (response.status_code, response.json()["data"]) == (200, {"copyFlow": None})
    assert error_of(response)["message"] == PERHAPS_WRITTEN
    assert error_of(response)["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "UNKNOWN"}
    assert "Retry-After" not in response.headers
    assert warnings(log) == [("database unavailable", LOST)]


async def test_what_was_refused_at_its_commit_is_known_not_to_be_written(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        await hold_commits(real)
        async with real.locked(HOLD_COMMITS):
            request = real.copying(name="Refused")
            await cancel(real)
            response = await request
        assert "Refused" not in await real.names()
    assert error_of(response)["message"] == GIVEN_UP


async def test_what_was_written_and_cant_be_shown_is_not_called_undone(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with real_server(databases, loaded_trade) as real:
        async with committed_and_held(real, lambda: updating(real)) as request:
            response = await cut_off(real, request)
        assert await is_written(real)
        assert (await real.posting(VIEWER)).status_code == 200
    assert (response.status_code, response.json()["data"]) == (200, {"updateFlowDraft": {"draft": None, "errors": []}})
    assert error_of(response)["message"] == NOT_SHOWN
    assert error_of(response)["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "YES"}


@pytest.mark.parametrize("is_committed", [True, False])
async def test_of_a_client_that_went_away_the_log_says_what_was_written(
    databases: Databases, loaded_trade: Loaded, is_committed: bool
) -> None:
    async with real_server(databases, loaded_trade) as real:
        with capture_logs() as log:
            if is_committed:
                async with committed_and_held(real, lambda: updating(real)) as request:
                    assert await soon_true(lambda: waiting(real))
                    await gone(request)
                    assert await soon(lambda: operations(log))
            else:
                async with real.locked(LOCK_FLOWS):
                    request = updating(real)
                    assert await soon_true(lambda: waiting(real))
                    await gone(request)
                    assert await soon(lambda: operations(log))
        assert await is_written(real) is is_committed
    assert operations(log) == [("cancelled", "YES" if is_committed else "NO")]


async def gone(request: "asyncio.Task[httpx.Response]") -> None:
    """Its client goes away."""
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)


def operations(log: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(line["outcome"], line["written"]) for line in log if line["event"] == "operation"]


async def hold_commits(real: Real) -> None:
    for statement in (WAIT_AT_COMMIT, WAITS):
        await run_sql(real.api.database_url, statement)
