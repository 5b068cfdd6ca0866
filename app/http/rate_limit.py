"""The rate limit: each caller spends the cost of its operations from a token bucket that fills within a minute."""

import math
import time
from dataclasses import dataclass

from cachetools import TTLCache

from app.http.refused_requests import RequestCode, RequestError

WINDOW_SECONDS = 60
MOST_CALLERS = 100_000


@dataclass(frozen=True, slots=True)
class Bucket:
    left: float
    at: float
    """When that was left, by the clock of this process."""


class RateLimiter:
    """A token bucket for each caller, kept by each server process for itself; None: nobody has one."""

    def __init__(self, cost_per_minute: int | None) -> None:
        self._size = cost_per_minute
        # One that wasn't asked for a minute is full again, and needn't be remembered.
        self._buckets: TTLCache[str, Bucket] = TTLCache(MOST_CALLERS, WINDOW_SECONDS, timer=time.monotonic)

    def take(self, caller: str, cost: int) -> None:
        """Set aside what an operation may cost at most, at least 1, until `settle` says what it did cost.

        Refuses, with 429, what isn't covered: of that nothing is taken. `Retry-After` says in how many seconds it will be.
        """
        if self._size is None:
            return
        left = self._left(caller, self._size)
        if max(cost, 1) > left:
            raise _not_covered(max(cost, 1), left, self._size)
        self._buckets[caller] = Bucket(left - max(cost, 1), time.monotonic())

    def settle(self, caller: str, *, taken: int, done: int) -> dict[str, str]:
        """Charge an operation for what it did instead, at least 1; the headers that say what is left.

        What it did beyond what was taken for it, since nobody could foresee it, is owed.
        """
        if self._size is None:
            return {}
        left = min(self._size, self._left(caller, self._size) + max(taken, 1)) - max(done, 1)
        self._buckets[caller] = Bucket(left, time.monotonic())
        return _headers(left, self._size)

    def _left(self, caller: str, size: int) -> float:
        bucket = self._buckets.get(caller)
        if bucket is None:
            return size
        return min(size, bucket.left + (time.monotonic() - bucket.at) * size / WINDOW_SECONDS)


def _headers(left: float, size: int) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"cost";q={size};w={WINDOW_SECONDS}',
        "RateLimit": f'"cost";r={max(0, math.floor(left))};t={_seconds_to(size, left, size)}',
    }


def _seconds_to(wanted: float, left: float, size: int) -> int:
    """How long a bucket of this size fills until so much is in it."""
    return math.ceil((wanted - left) * WINDOW_SECONDS / size)


def _not_covered(cost: int, left: float, size: int) -> RequestError:
    headers = _headers(left, size)
    if cost > size:
        message = f"The operation costs {cost}, more than your rate limit of {size} a minute. Ask for less at once."
        return RequestError(429, RequestCode.RATE_LIMITED, message, headers)
    seconds = _seconds_to(cost, left, size)
    message = (
        f"The operation costs {cost}, and of your rate limit of {size} a minute {max(0, math.floor(left))} are left. "
        f"Try again in {seconds} seconds, or ask for less."
    )
    return RequestError(429, RequestCode.RATE_LIMITED, message, {**headers, "Retry-After": str(seconds)})
