"""What a caller may spend: the cost of its operations, by the minute."""

import math
import time
from dataclasses import dataclass, field

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from app.graphql.refused import Refusal, RequestCode

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget for each caller, counted by each server process for itself; None: nobody has one."""

    cost_per_minute: int | None
    _limiter: SlidingWindowCounterRateLimiter = field(
        default_factory=lambda: SlidingWindowCounterRateLimiter(MemoryStorage())
    )

    async def take(self, caller: str, cost: int) -> dict[str, str]:
        """Spend the cost of an operation; the headers that say what is left.

        Refuses, with 429 and when to try again, what the budget of this minute doesn't cover any more.
        """
        if self.cost_per_minute is None:
            return {}
        rate = RateLimitItemPerMinute(self.cost_per_minute)
        is_covered = await self._limiter.hit(rate, caller, cost=min(max(cost, 1), self.cost_per_minute + 1))
        left = await self._limiter.get_window_stats(rate, caller)
        seconds = max(1, math.ceil(left.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"cost";q={self.cost_per_minute};w={WINDOW_SECONDS}',
            "RateLimit": f'"cost";r={left.remaining};t={seconds}',
        }
        if is_covered:
            return headers
        if cost > self.cost_per_minute:
            message = (
                f"The operation costs {cost}, more than your whole budget of {self.cost_per_minute} a minute. "
                "Ask for less at once."
            )
            raise Refusal(429, RequestCode.BUDGET_EXCEEDED, message, headers)
        message = (
            f"The operation costs {cost}, and of your budget of {self.cost_per_minute} a minute {left.remaining} are "
            f"left. Try again in {seconds} seconds, or ask for less."
        )
        raise Refusal(429, RequestCode.BUDGET_EXCEEDED, message, {**headers, "Retry-After": str(seconds)})
