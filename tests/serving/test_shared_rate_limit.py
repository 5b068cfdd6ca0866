"""A rate limit that several servers count together, in a real Redis that may be away."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from app.http.limits import rate_limit
from app.http.limits.rate_limit import PREFIX, SharedRateLimiter
from app.telemetry.log import with_request
from tests.api.client import Api
from tests.databases import Databases, Loaded
from tests.serving.real import VIEWER, code_of, soon_true
from tests.serving.redis_server import MISSING, PROGRAM, RedisServer, redis_server
from tests.serving.test_rate_limit import LIMIT, eighty, posted

pytestmark = pytest.mark.skipif(PROGRAM is None, reason=MISSING)

ALONE = "\nflowport_processes_counting_alone {number}.0\n"


@pytest.fixture
def counters(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder) as server:
        yield server


@pytest.fixture(autouse=True)
def counters_may_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine they take longer than a server waits for them."""
    monkeypatch.setattr(rate_limit, "ANSWER_SECONDS", 60)


def shared(server: RedisServer) -> dict[str, Any]:
    return {"rate_limit_cost_per_minute": LIMIT, "rate_limit_url": server.url}


def left(response: httpx.Response) -> int:
    found = re.match(r'"cost";r=(\d+);', response.headers["RateLimit"])
    assert found is not None
    return int(found[1])


def come_back_since(began: float) -> float:
    """The most that a bucket has got back since then: the counters have a clock of their own."""
    return LIMIT * (monotonic() - began) / 60 + 1


async def test_what_a_caller_spends_at_one_server_is_missing_at_the_others(
    databases: Databases, loaded_trade: Loaded, counters: RedisServer
) -> None:
    async with (
        databases.serving(loaded_trade, **shared(counters)) as one,
        databases.serving(loaded_trade, **shared(counters)) as other,
    ):
        began = monotonic()
        first = await eighty(one, "ada")
        refused = await eighty(other, "ada")
        cheap = await posted(other, "ada", VIEWER)
        of_another = await eighty(other, "berta")
        back = come_back_since(began)
    assert (first.status_code, 20 <= left(first) <= 20 + back) == (200, True)
    assert code_of(refused) == (429, "RATE_LIMITED")
    assert 36 - (monotonic() - began) <= int(refused.headers["Retry-After"]) <= 36
    assert (cheap.status_code, 19 <= left(cheap) <= 19 + back) == (200, True)
    assert (of_another.status_code, 20 <= left(of_another) <= 20 + back) == (200, True)


async def test_what_was_set_aside_and_not_spent_is_given_back(
    databases: Databases, loaded_trade: Loaded, counters: RedisServer
) -> None:
    async with databases.serving(loaded_trade, **shared(counters)) as api:
        began = monotonic()
        answer = await posted(api, "ada", "{ workspaces(first: 79) { nodes { id } } }")
        there = len(answer.json()["data"]["workspaces"]["nodes"])
        assert LIMIT - there - 1 <= left(answer) <= LIMIT - there - 1 + come_back_since(began)


async def test_a_bucket_goes_on_filling_when_the_clock_of_the_counters_is_set_back(counters: RedisServer) -> None:
    """Also for a caller that is refused meanwhile."""
    limiter = SharedRateLimiter(6000, url=counters.url)
    async with Redis.from_url(counters.url) as redis:
        seconds, _ = await redis.time()
        await redis.hset(PREFIX + "ada", mapping={"left": 0, "at": seconds + 3600})

    async def is_covered() -> bool:
        is_spent, _ = await limiter.spend("ada", back=0, spent=10, covered_only=True)
        assert not limiter.is_alone
        return is_spent

    assert not await is_covered()
    assert await soon_true(is_covered)
    await limiter.close()


async def test_while_the_counters_are_away_each_server_counts_alone_and_then_together_again(
    databases: Databases, loaded_trade: Loaded, counters: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PAUSE_SECONDS", 0.05)
    async with (
        databases.serving(loaded_trade, **shared(counters)) as one,
        databases.serving(loaded_trade, **shared(counters)) as other,
    ):
        assert (await eighty(one, "ada")).status_code == 200
        counters.kill()
        with capture_logs([with_request]) as log:
            alone = [await eighty(api, "ada") for api in (one, other, one, other)]
            for api in (one, other):
                assert ALONE.format(number=1) in (await api.http.get("/metrics")).text
            counters.start()
            assert await soon_true(lambda: count_together(one, other))
        together = [await eighty(one, "gil"), await eighty(other, "gil")]
    assert [response.status_code for response in (*alone, *together)] == [200, 200, 429, 429, 200, 429]
    told = [(line["log_level"], line["event"]) for line in log if line["event"].startswith("rate limit")]
    assert told[:2] == [("warning", "rate limit is counted by each process alone")] * 2
    assert set(told[2:]) == {("info", "rate limit is counted together again")}


async def count_together(*apis: Api) -> bool:
    for api in apis:
        await posted(api, "berta", VIEWER)
    return all([ALONE.format(number=0) in (await api.http.get("/metrics")).text for api in apis])


async def test_counters_without_memory_are_left_until_they_count_again_although_they_answer(
    counters: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PAUSE_SECONDS", 0.01)
    limiter = SharedRateLimiter(LIMIT, url=counters.url)
    async with Redis.from_url(counters.url) as redis:
        assert await counts_for(limiter, "ada")
        await redis.config_set("maxmemory", "1")
        with capture_logs() as log:
            for _ in range(5):
                assert await redis.ping()
                assert not await counts_for(limiter, "ada")
                await asyncio.sleep(0.01)
            await redis.config_set("maxmemory", "0")
            assert await soon_true(lambda: counts_for(limiter, "ada"))
    await limiter.close()
    [left, back] = log
    assert (left["event"], back["event"]) == (
        "rate limit is counted by each process alone",
        "rate limit is counted together again",
    )
    assert left["reason"].startswith("OutOfMemoryError: ")


async def test_of_many_requests_one_tries_in_a_while_whether_the_counters_are_back(
    counters: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = SharedRateLimiter(LIMIT, url=counters.url)
    asked = list[str]()
    ask = limiter._ask

    async def noted(caller: str, **spent: Any) -> tuple[bool, float]:
        asked.append(caller)
        return await ask(caller, **spent)

    monkeypatch.setattr(limiter, "_ask", noted)
    counters.kill()
    for _ in range(3):
        assert not await counts_for(limiter, "ada")
    assert asked == ["ada"]
    limiter._alone_until = monotonic()
    assert not any(await asyncio.gather(*(counts_for(limiter, f"caller {number}") for number in range(10))))
    assert asked == ["ada", "caller 0"]
    await limiter.close()


async def counts_for(limiter: SharedRateLimiter, caller: str) -> bool:
    """Whether the counters counted for a caller."""
    await limiter.spend(caller, back=0, spent=1, covered_only=True)
    return not limiter.is_alone


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """The URL of something that is no Redis, and answers everything alike."""

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(answer_all, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"


@pytest.mark.parametrize(
    "answer", [b"+OK\r\n", b":3\r\n", b"*1\r\n:1\r\n", b"$2\r\n\xff\xff\r\n", b"HTTP/1.1 400\r\n\r\n"]
)
async def test_counters_that_answer_something_else_are_taken_for_away(answer: bytes) -> None:
    async with answering(answer) as url:
        limiter = SharedRateLimiter(LIMIT, url=url)
        with capture_logs() as log:
            assert not await counts_for(limiter, "ada")
        await limiter.close()
    assert [line["event"] for line in log] == ["rate limit is counted by each process alone"]


async def test_counters_that_do_not_answer_hold_up_a_request_for_a_moment_only(
    databases: Databases, loaded_trade: Loaded, counters: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert counters.process is not None
    monkeypatch.setattr(rate_limit, "ANSWER_SECONDS", 0.25)
    async with databases.serving(loaded_trade, **shared(counters)) as api:
        counters.process.send_signal(signal.SIGSTOP)
        with capture_logs() as log:
            answers = [await posted(api, "ada", VIEWER) for _ in range(3)]
        counters.process.send_signal(signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [200] * 3
    assert [line["event"] for line in log if line["log_level"] == "warning"] == [
        "rate limit is counted by each process alone"
    ]
