"""A database of two hosts: the one that takes writes is found, also when that is another one than before."""

import asyncio
import socket
from contextlib import suppress

import httpx
import pytest
from structlog.testing import capture_logs

from app.settings.validators import async_url
from app.storage.connections import driver
from app.storage.connections.database import Database
from app.storage.migrations.migrate import has_usable_schema, upgrade
from tests.databases import Loaded
from tests.replication.pair import Pair
from tests.replication.positions import caught_up, connections_to
from tests.serving.real import Real, code_of, real_server_on, soon_true
from tests.serving.test_outages import warnings


async def is_ready(real: Real) -> bool:
    return (await real.api.http.get("/ready")).status_code == httpx.codes.OK


async def test_a_server_goes_on_with_the_standby_when_the_primary_was_killed_and_the_standby_promoted(
    pair: Pair, loaded: Loaded
) -> None:
    """The standby is named first, and never taken while it takes no writes."""
    url = async_url(pair.url(pair.standby, pair.primary))
    async with real_server_on(url, loaded, pool_size=4) as real:
        made = [f"Before {number}" for number in range(8)]
        answers = await asyncio.gather(*(real.copying(name=name) for name in made))
        assert [answer.json()["data"]["copyFlow"]["errors"] for answer in answers] == [[]] * 8
        assert await connections_to(pair.standby) == set()
        await caught_up(pair)

        pair.primary.kill()
        lost = await real.copying(name="Lost")
        assert code_of(lost) == (503, "SERVICE_UNAVAILABLE")
        assert not await is_ready(real)

        pair.standby.promote()
        assert await soon_true(lambda: is_ready(real))
        after = await asyncio.gather(*(real.copying(name=f"After {number}") for number in range(8)))
        assert [answer.status_code for answer in after] == [200] * 8
        names = {name for name in await real.names() if name.startswith(("Before", "Lost", "After"))}
    assert names == {*made, *(f"After {number}" for number in range(8))}


async def test_a_server_comes_back_to_a_host_that_was_stopped_and_follows_the_other_now(
    pair: Pair, loaded: Loaded
) -> None:
    """A switch-over and back, and each time what was acknowledged is there."""
    async with real_server_on(async_url(pair.url()), loaded, pool_size=4) as real:
        assert (await real.copying(name="First")).status_code == httpx.codes.OK
        await caught_up(pair)
        pair.primary.stop()
        pair.standby.promote()
        pair.primary.follow_again(pair.standby)
        assert await soon_true(lambda: is_ready(real))
        assert (await real.copying(name="Second")).status_code == httpx.codes.OK
        assert await connections_to(pair.primary) == set()
        names = await real.names()
    assert {"First", "Second"} <= set(names)


async def test_connections_that_lead_to_a_server_without_writes_are_thrown_away(pair: Pair, loaded: Loaded) -> None:
    """So they lead to whichever takes them as soon as there is one, whatever the URL names."""
    url = async_url(pair.url(pair.standby) + "?target_session_attrs=any")
    async with real_server_on(url, loaded, pool_size=4) as real:
        assert not await is_ready(real)
        await asyncio.gather(*(real.posting("{ viewer { id } }") for _ in range(4)))
        before = await connections_to(pair.standby)
        with capture_logs() as log:
            refused = await real.copying(name="Refused")
        assert code_of(refused) == (503, "SERVICE_UNAVAILABLE")
        assert warnings(log) == [("database unavailable", "the server is a standby")]
        assert await soon_true(lambda: are_gone(pair, before))
        ready = await real.api.http.get("/ready")
        assert (ready.status_code, ready.json()["errors"][0]["message"]) == (503, "The database is read-only.")
        pair.standby.promote()
        assert await is_ready(real)
        assert (await real.copying(name="Done")).json()["data"]["copyFlow"]["errors"] == []


async def are_gone(pair: Pair, before: set[int]) -> bool:
    return not before & await connections_to(pair.standby)


async def test_a_start_waits_for_a_standby_to_be_promoted(pair: Pair, loaded: Loaded) -> None:
    assert loaded.name == "postgres"
    pair.primary.kill()
    starting = asyncio.create_task(upgrade(async_url(pair.url())))
    await asyncio.wait({starting}, timeout=0.5)
    assert not starting.done()
    pair.standby.promote()
    await starting


async def test_a_host_that_is_silent_keeps_nobody_from_the_next(
    pair: Pair, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a command nor a server, whose next connection begins with the host that let it in."""
    monkeypatch.setattr(driver, "HOST_SECONDS", 0.3)
    assert loaded.name == "postgres"
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        there = f"postgresql://flowport@127.0.0.1:{silent.getsockname()[1]},127.0.0.1:{pair.primary.port}/postgres"
        await upgrade(async_url(there))
        database = Database(async_url(there))
        assert await has_usable_schema(database)
        forget_connections(silent)
        async with database.reading():
            pass
        assert forget_connections(silent) == 0
        await database.close()


def forget_connections(listening: socket.socket) -> int:
    """How many have come since this was asked."""
    listening.settimeout(0)
    number = 0
    with suppress(BlockingIOError):
        while True:
            listening.accept()[0].close()
            number += 1
    return number
