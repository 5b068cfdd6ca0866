"""The database falls silent: requests end at their time limit, however many there are, and go on when it speaks again."""

import asyncio
import time
from collections.abc import Callable

import httpx
import pytest

from tests.databases import Databases, Loaded
from tests.serving.real import VIEWER, Real, real_server_on, soon_true
from tests.serving.silent_database import falling_silent

LIMIT_SECONDS = 2
NO_LATER_SECONDS = 1.8
"""On a busy machine; the event loop does little else."""


async def seconds_of(request: "asyncio.Task[httpx.Response]") -> float:
    """How long it takes to say that it can't be done."""
    begun = time.monotonic()
    assert (await request).status_code == 503
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("ask", "silent_at", "number"),
    [
        (lambda real: real.posting(VIEWER), None, 20),
        (lambda real: real.copying(), None, 20),
        (lambda real: real.copying(), b"COMMIT", 1),
    ],
    ids=["reading", "writing", "committing"],
)
async def test_requests_end_at_their_limit(
    databases: Databases,
    loaded_trade: Loaded,
    ask: Callable[[Real], "asyncio.Task[httpx.Response]"],
    silent_at: bytes | None,
    number: int,
) -> None:
    async with (
        databases.copy(loaded_trade.name) as url,
        falling_silent(url) as database,
        real_server_on(database.address, loaded_trade, request_timeout_seconds=LIMIT_SECONDS) as real,
    ):
        assert (await real.copying(name="Before")).status_code == 200
        database.silence(silent_at)
        seconds = await asyncio.gather(*(seconds_of(ask(real)) for _ in range(number)))
        assert max(seconds) < LIMIT_SECONDS + NO_LATER_SECONDS
        database.speak()

        async def is_well() -> bool:
            return (await real.copying(name="After")).status_code == 200

        assert await soon_true(is_well)
