"""The rate limit: each caller spends the cost of its operations from a token bucket that fills within a minute."""

import math
import time
from contextlib import suppress

from cachetools import TLRUCache

from app.http.limits.shared_buckets import RedisUnavailable, SharedBuckets
from app.http.refused_requests import RequestCode, RequestError

WINDOW_SECONDS = 60
MOST_CALLERS = 100_000


class OwnBuckets:
    """The buckets of all callers of this process."""

    def __init__(self, size: int) -> None:
        self._size = size
        # When each bucket is full again, by the clock of this process; a full bucket is forgotten.
        self._full_at: TLRUCache[str, float] = TLRUCache(MOST_CALLERS, lambda _, at, __: at, timer=time.monotonic)

    def spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
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


class RateLimiter:
    """A token bucket for each caller.

    With a URL all servers share the buckets. Without one, or while it can't be reached, each process has its own.
    """

    def __init__(self, cost_per_minute: int, *, url: str | None = None) -> None:
        self._size = cost_per_minute
        self._own = OwnBuckets(cost_per_minute)
        self._shared = None if url is None else SharedBuckets(url, size=cost_per_minute, window=WINDOW_SECONDS)

    async def take(self, caller: str, cost: int) -> None:
        """Reserve the highest possible cost of an operation, at least 1, until `settle` charges the real one.

        Refuses an operation that the bucket doesn't cover, with 429 and the seconds until it does in `Retry-After`; the
        bucket stays as it is.
        """
        is_covered, level = await self._spend(caller, back=0, spent=max(cost, 1), covered_only=True)
        if not is_covered:
            raise _not_covered(max(cost, 1), level, self._size)

    async def settle(self, caller: str, *, taken: int, done: int) -> dict[str, str]:
        """Charge the work that an operation did, at least 1, instead of its reserve; returns the headers with the rest.

        An operation that did more than its reserve leaves the caller in debt.
        """
        _, level = await self._spend(caller, back=max(taken, 1), spent=max(done, 1), covered_only=False)
        return _headers(level, self._size)

    @property
    def is_alone(self) -> bool:
        """Whether this process counts alone because the shared buckets are away."""
        return self._shared is not None and self._shared.is_alone

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()

    async def _spend(self, caller: str, *, back: int, spent: int, covered_only: bool) -> tuple[bool, float]:
        if self._shared is not None:
            with suppress(RedisUnavailable):
                return await self._shared.spend(caller, back=back, spent=spent, covered_only=covered_only)
        return self._own.spend(caller, back=back, spent=spent, covered_only=covered_only)


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
