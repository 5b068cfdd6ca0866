"""Token buckets that all servers share, in Valkey or Redis; while it is away, each server process counts alone."""

import asyncio
from contextlib import suppress
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.telemetry.log import log
from app.telemetry.metrics import COUNTING_ALONE

PREFIX = "flowport:rate-limit:"
ANSWER_SECONDS = 0.25
"""How long an answer is waited for, before this process counts alone."""
RETRY_SECONDS = 1.0
FAILURES = (RedisError, OSError, TypeError, ValueError)
"""What is raised where it is away, or where something else answers than what is meant."""

SPEND = """
local size, window, back, spent, covered_only = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = tonumber(size)
if bucket[1] then
  left = math.min(left, bucket[1] + math.max(0, now - bucket[2]) * size / window)
end
left = math.min(tonumber(size), left + back)
local is_spent = covered_only == '0' or tonumber(spent) <= left
if is_spent then
  left = left - spent
end
redis.call('HSET', KEYS[1], 'left', string.format('%.6f', left), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], math.ceil((size - left) * window / size) + 1)
return {is_spent and 1 or 0, tostring(left)}
"""
"""One step to all who send it, by the clock of the server. A bucket that is full again is forgotten there.

What is left is noted even where nothing is spent, so that a bucket goes on filling when that clock was set back.
"""


class CountersAway(Exception):
    """Nobody can count there just now."""


class SharedBuckets:
    """The buckets of all callers, each of `size` and full after `window` seconds."""

    def __init__(self, url: str, *, size: int, window: int) -> None:
        """The URL begins with redis://, rediss:// (TLS) or unix://; nothing is connected before the first use."""
        self._size = size
        self._window = window
        self._redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            # A connection that was closed at rest is made anew once.
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._spend = self._redis.register_script(SPEND)
        self._coming_back: asyncio.Task[None] | None = None

    async def spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        """Give back and spend; whether it was spent, and what is left. Raises CountersAway."""
        if self._coming_back is not None:
            raise CountersAway
        arguments = [self._size, self._window, back, spent, int(covered_only)]
        try:
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                is_spent, left = await cast("Any", self._spend(keys=[PREFIX + caller], args=arguments))
            return bool(is_spent), float(left)
        except FAILURES as error:
            self._leave(error)
            raise CountersAway from None

    async def close(self) -> None:
        if self._coming_back is not None:
            self._coming_back.cancel()
            with suppress(asyncio.CancelledError):
                await self._coming_back
            COUNTING_ALONE.dec()
        await self._redis.aclose()

    def _leave(self, error: Exception) -> None:
        if self._coming_back is None:
            log().warning("rate limit is counted by each process alone", reason=f"{type(error).__name__}: {error}")
            COUNTING_ALONE.inc()
            self._coming_back = asyncio.create_task(self._come_back())

    async def _come_back(self) -> None:
        is_there = False
        while not is_there:
            await asyncio.sleep(RETRY_SECONDS)
            with suppress(*FAILURES):
                async with asyncio.timeout(2 * ANSWER_SECONDS):
                    await cast("Any", self._redis.ping())
                is_there = True
        self._coming_back = None
        COUNTING_ALONE.dec()
        log().info("rate limit is counted together again")
