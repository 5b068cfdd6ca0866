"""Token buckets that all servers share, in Valkey or Redis; while it is away, each server process counts alone."""

import asyncio
import math
import time
from contextlib import nullcontext
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.telemetry.log import current_span, log

PREFIX = "flowport:rate-limit:"
ANSWER_SECONDS = 0.25
"""Seconds to wait for an answer before this process counts alone."""
PAUSE_SECONDS = 5.0
"""How long this process counts alone, before the next request tries whether the buckets can be shared again."""
FAILURES = (RedisError, OSError, TypeError, ValueError)
"""Exceptions for a Redis that is away, and for another program that answers."""

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
"""Gives back and spends in one step, by the clock of Redis, which forgets a bucket when it is full again.

The script notes the level even if nothing is spent, so that a bucket goes on filling after that clock was set back.
"""


class RedisUnavailable(Exception):
    """Redis can't count just now."""


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
        self.is_alone = False
        """Whether this process counts alone, since Redis is away."""
        self._alone_until = -math.inf

    async def spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        """Give back and spend; whether it was spent, and what is left. Raises RedisUnavailable."""
        now = time.monotonic()
        if now < self._alone_until:
            raise RedisUnavailable
        if self.is_alone:
            # One request tries; the others don't wait for it.
            self._alone_until = now + PAUSE_SECONDS
        try:
            answer = await self._ask(caller, back=back, spent=spent, covered_only=covered_only)
        except FAILURES as error:
            self._leave(error)
            raise RedisUnavailable from None
        if self.is_alone:
            self.is_alone, self._alone_until = False, -math.inf
            log().info("rate limit is counted together again")
        return answer

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        arguments = [self._size, self._window, back, spent, int(covered_only)]
        span = current_span()
        with nullcontext() if span is None else span.command("redis", "EVALSHA", {}):
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                is_spent, left = await cast("Any", self._spend(keys=[PREFIX + caller], args=arguments))
            return bool(is_spent), float(left)

    def _leave(self, error: Exception) -> None:
        self._alone_until = time.monotonic() + PAUSE_SECONDS
        if not self.is_alone:
            self.is_alone = True
            reason = f"{type(error).__name__}: {error}"
            log().warning("rate limit is counted by each process alone", reason=reason)
