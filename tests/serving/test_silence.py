"""The database falls silent: requests end at their time limit, however many there are, and go on when it speaks again."""

import asyncio
from collections.abc import Callable

import httpx

from tests.databases import Databases, Loaded
from tests.serving.real import VIEWER, Real, real_server_on, soon_true
from tests.serving.silent_database import falling_silent

LIMIT_SECONDS = 2
ONE_AT_A_TIME = {"max_running_requests": 2, "max_wait_seconds": 60}
"""Of one caller; so that those that are queued would end one after the other if their time began only then."""
AT_ONCE = 20
PATIENCE_SECONDS = AT_ONCE * LIMIT_SECONDS / 2


async def test_requests_end_at_their_limit(databases: Databases, loaded_trade: Loaded) -> None:
    """Reading, locking, writing and committing: all at once, since each takes as long as the limit."""
    silences = (
        (lambda real: real.posting(VIEWER), None, AT_ONCE),
        (lambda real: real.copying(), None, AT_ONCE),
        *((lambda real: real.copying(name="Silenced"), at, 1) for at in ("plain", "Silenced", "COMMIT")),
    )
    await asyncio.gather(*(fall_silent(databases, loaded_trade, *silence) for silence in silences))


async def fall_silent(
    databases: Databases,
    loaded: Loaded,
    ask: Callable[[Real], "asyncio.Task[httpx.Response]"],
    silent_at: str | None,
    number: int,
) -> None:
    async with (
        databases.copy(loaded.name) as url,
        falling_silent(url) as database,
        real_server_on(database.address, loaded, request_timeout_seconds=LIMIT_SECONDS, **ONE_AT_A_TIME) as real,
    ):

        async def is_well(name: str) -> bool:
            return (await real.copying(name=name)).status_code == 200

        # On a busy machine the first one may take longer than the limit.
        assert await soon_true(lambda: is_well("Before"))
        # The flow is named first by the statement that locks it, and the copy by the one that inserts it.
        database.silence(None if silent_at is None else real.api.ids.get(silent_at, silent_at).encode())
        async with asyncio.timeout(PATIENCE_SECONDS):
            answers = await asyncio.gather(*(ask(real) for _ in range(number)))
        assert {answer.status_code for answer in answers} == {503}
        database.speak()
        assert await soon_true(lambda: is_well("After"))
