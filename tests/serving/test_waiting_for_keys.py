"""Two calls with one idempotency key at once, by two servers of one database: the second waits, and not for ever (P5)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.databases import Databases, Loaded
from tests.serving.real import LOCK_FLOWS, Json, Real, code_of, real_server, real_server_on, soon_true

KEYED = """mutation($input: CopyFlowInput!) {
  copyFlow(input: $input) { flow { id name } exportRecord { id } replayed errors { code } }
}"""
CUT_OFF = """select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and wait_event = 'transactionid'"""
WAITING_FOR = """select count(*) from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and wait_event = '{}'"""


def copying(real: Real, key: str = "key") -> "asyncio.Task[Any]":
    return real.posting(KEYED, input={"flowId": real.api.id("plain"), "name": "Keyed", "idempotencyKey": key})


@asynccontextmanager
async def two_servers(databases: Databases, loaded: Loaded, **settings: Any) -> AsyncIterator[tuple[Real, Real]]:
    """The second has these settings."""
    async with (
        real_server(databases, loaded) as first,
        real_server_on(first.api.database_url, loaded, **settings) as second,
    ):
        yield first, second


@asynccontextmanager
async def at_work(first: Real) -> AsyncIterator["asyncio.Task[Any]"]:
    """The first call, which has its key and can't go on meanwhile."""
    async with first.locked(LOCK_FLOWS):
        call = copying(first)
        assert await soon_true(lambda: waits(first, "transactionid"))
        yield call


async def waits(real: Real, wanted: str) -> bool:
    """Whether one call waits for that kind of lock."""
    return await real.rows(WAITING_FOR.format(wanted)) == [(1,)]


async def copies_of(real: Real) -> int:
    return (await real.names()).count("Keyed")


def payload_of(response: Any) -> Json:
    payload: Json = response.json()["data"]["copyFlow"]
    return payload


async def test_the_second_call_waits_at_another_server_and_gets_the_same_answer(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with two_servers(databases, loaded_trade) as (first, second):
        async with at_work(first) as call:
            waiting = copying(second)
            assert await soon_true(lambda: waits(second, "advisory"))
            assert not waiting.done()
        done, replayed = payload_of(await call), payload_of(await waiting)
        assert (done["errors"], done["replayed"]) == ([], False)
        assert replayed == {**done, "replayed": True}
        assert await copies_of(first) == 1


async def test_a_key_is_waited_for_longer_than_a_lock(databases: Databases, loaded_trade: Loaded) -> None:
    async with two_servers(databases, loaded_trade, lock_timeout_seconds=0.1) as (first, second):
        async with at_work(first) as call:
            waiting = copying(second)
            assert await soon_true(lambda: waits(second, "advisory"))
            await asyncio.sleep(0.3)
            assert await waits(second, "advisory")
            refused = await copying(second, "another key")
            assert (refused.status_code, waiting.done()) == (503, False)
        assert payload_of(await waiting) == {**payload_of(await call), "replayed": True}
        assert await copies_of(first) == 1


async def test_other_keys_are_not_waited_for(databases: Databases, loaded_trade: Loaded) -> None:
    async with two_servers(databases, loaded_trade) as (first, second):
        async with first.locked(LOCK_FLOWS):
            calls = [copying(first), copying(second, "another key")]

            async def both_wait_for_the_flow() -> bool:
                return await first.rows(WAITING_FOR.format("advisory")) == [(0,)] and await first.is_at_work(2)

            assert await soon_true(both_wait_for_the_flow)
        assert [payload_of(await call)["replayed"] for call in calls] == [False, False]
        assert await copies_of(first) == 2


@pytest.mark.parametrize(
    "limit", ["request_timeout_seconds", "statement_timeout_seconds"], ids=["of the request", "of a statement"]
)
async def test_the_wait_ends_with_the_time_limit_and_nothing_is_done_twice(
    databases: Databases, loaded_trade: Loaded, limit: str
) -> None:
    async with two_servers(databases, loaded_trade, **{limit: 0.5}) as (first, second):
        async with at_work(first) as call:
            late = await copying(second)
            if limit == "request_timeout_seconds":
                assert code_of(late) == (503, "TIMEOUT")
                assert late.headers["Retry-After"] == "1"
            else:
                [error] = late.json()["errors"]
                assert late.json()["data"] == {"copyFlow": None}
                assert (error["path"], error["extensions"]) == (["copyFlow"], {"code": "TIMEOUT", "written": "NO"})
            # Whoever has waited in vain waits no more: only the first call is at work.
            assert await soon_true(lambda: waits(first, "transactionid"))
            assert await soon_true(lambda: first.is_at_work(1))
            assert await copies_of(first) == 0
        done = payload_of(await call)
        # The second one's limit may be too short for that on a busy machine.
        assert payload_of(await copying(first)) == {**done, "replayed": True}
        assert await copies_of(first) == 1


async def test_a_client_that_goes_away_while_its_call_waits_leaves_the_key_to_the_first(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with two_servers(databases, loaded_trade) as (first, second):
        async with at_work(first) as call:
            waiting = copying(second)
            assert await soon_true(lambda: waits(second, "advisory"))
            waiting.cancel()
            assert await soon_true(lambda: first.is_at_work(1))
        done = payload_of(await call)
        assert payload_of(await copying(second)) == {**done, "replayed": True}
        assert await copies_of(first) == 1


async def test_whoever_waits_for_a_call_that_is_lost_does_it(databases: Databases, loaded_trade: Loaded) -> None:
    async with two_servers(databases, loaded_trade) as (first, second):
        async with at_work(first) as call:
            waiting = copying(second)
            assert await soon_true(lambda: waits(second, "advisory"))
            assert await first.rows(CUT_OFF) == [(True,)]
            [error] = (await call).json()["errors"]
            assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "written": "NO"}
            assert await soon_true(lambda: waits(second, "transactionid"))
        done = payload_of(await waiting)
        assert (done["errors"], done["replayed"]) == ([], False)
        assert payload_of(await copying(first)) == {**done, "replayed": True}
        assert await copies_of(first) == 1
