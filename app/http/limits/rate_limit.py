"""The rate limit: each caller spends the cost of its operations from a token bucket that fills within a minute.

All servers may share the buckets, in Valkey or Redis. While it is away, each server process counts alone.
"""

import asyncio
import math
import time
from contextlib import nullcontext
from typing import Any, cast

from cachetools import TLRUCache
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.http.responses import RequestCode, RequestError
from app.telemetry.log import current_span, log

WINDOW_SECONDS = 60
MOST_CALLERS = 100_000

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


class RateLimiter:
    """A token bucket for each caller of this process."""

    is_alone = False
    """Whether this process counts alone because the shared buckets are away."""

    def __init__(self, cost_per_minute: int) -> None:
        self._size = cost_per_minute
        # When each bucket is full again, by the clock of this process; a full bucket is forgotten.
        self._full_at: TLRUCache[str, float] = TLRUCache(MOST_CALLERS, lambda _, at, __: at, timer=time.monotonic)

    async def take(self, caller: str, cost: int) -> None:
        """Reserve the highest possible cost of an operation, at least 1, until `settle` charges the real one.

        Refuses an operation that the bucket doesn't cover, with 429 and the seconds until it does in `Retry-After`; the
        bucket stays as it is.
        """
        is_covered, level = await self.spend(caller, back=0, spent=max(cost, 1), covered_only=True)
        if not is_covered:
            raise _not_covered(max(cost, 1), level, self._size)

    async def settle(self, caller: str, *, taken: int, done: int) -> dict[str, str]:
        """Charge the work that an operation did, at least 1, instead of its reserve; returns the headers with the rest.

        An operation that did more than its reserve leaves the caller in debt.
        """
        _, level = await self.spend(caller, back=max(taken, 1), spent=max(done, 1), covered_only=False)
        return _headers(level, self._size)

    async def spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        """Give back and spend; whether it was spent, and what is left."""
        now, seconds_of_one = time.monotonic(), WINDOW_SECONDS / self._size
        # Rounded, since the rest may be a fraction below a whole number.
        missing = round(max(0.0, self._full_at.get(caller, now) - now) / seconds_of_one, 6)
        level = self._size - max(0.0, missing - back)
        if covered_only and spent > level:
            return False, level
        level -= spent
        self._full_at[caller] = now + (self._size - level) * seconds_of_one
        return True, level

    async def close(self) -> None:
        """Close the connections to shared buckets."""


class SharedRateLimiter(RateLimiter):
    """A token bucket for each caller of all servers, in Redis. While it is away, this process counts alone."""

    def __init__(self, cost_per_minute: int, *, url: str) -> None:
        """The URL begins with redis://, rediss:// (TLS) or unix://; nothing is connected before the first use."""
        super().__init__(cost_per_minute)
        self._redis = Redis.from_url(
            url,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            # A connection that was closed at rest is made anew once.
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._script = self._redis.register_script(SPEND)
        self._alone_until = -math.inf

    async def spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        now = time.monotonic()
        if now >= self._alone_until:
            if self.is_alone:
                # One request tries; the others don't wait for it.
                self._alone_until = now + PAUSE_SECONDS
            try:
                answer = await self._ask(caller, back=back, spent=spent, covered_only=covered_only)
            except FAILURES as error:
                self._leave(error)
            else:
                if self.is_alone:
                    self.is_alone, self._alone_until = False, -math.inf
                    log().info("rate limit is counted together again")
                return answer
        return await super().spend(caller, back=back, spent=spent, covered_only=covered_only)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        arguments = [self._size, WINDOW_SECONDS, back, spent, int(covered_only)]
        span = current_span()
        with nullcontext() if span is None else span.command("redis", "EVALSHA", {}):
            async with asyncio.timeout(2 * ANSWER_SECONDS):
                is_spent, left = await cast("Any", self._script(keys=[PREFIX + caller], args=arguments))
            return bool(is_spent), float(left)

    def _leave(self, error: Exception) -> None:
        self._alone_until = time.monotonic() + PAUSE_SECONDS
        if not self.is_alone:
            self.is_alone = True
            reason = f"{type(error).__name__}: {error}"
            log().warning("rate limit is counted by each process alone", reason=reason)


def _headers(level: float, size: int) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"cost";q={size};w={WINDOW_SECONDS}',
        "RateLimit": f'"cost";r={max(0, math.floor(level))};t={_seconds_to(size, level, size)}',
    }


def _seconds_to(target: float, level: float, size: int) -> int:
    """The time until a bucket of this size has filled up to a level."""
    return math.ceil((target - level) * WINDOW_SECONDS / size)


def _not_covered(cost: int, level: float, size: int) -> RequestError:
    headers = _headers(level, size)
    if cost > size:
        message = f"The operation costs {cost}, more than your rate limit of {size} a minute. Ask for less at once."
        return RequestError(429, RequestCode.RATE_LIMITED, message, headers)
    seconds = _seconds_to(cost, level, size)
    message = (
        f"The operation costs {cost}, and of your rate limit of {size} a minute {max(0, math.floor(level))} are left. "
        f"Try again in {seconds} seconds, or ask for less."
    )
    return RequestError(429, RequestCode.RATE_LIMITED, message, {**headers, "Retry-After": str(seconds)})
