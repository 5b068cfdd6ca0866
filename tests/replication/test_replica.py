"""Queries read from a standby: never less than their caller has written, and from the primary while it lags or is away."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from app.settings.validators import async_url
from app.storage.connections.database import Database
from app.storage.connections.failures import DatabaseUnavailable
from app.storage.connections.replicas import replica
from app.storage.migrations.migrate import has_usable_schema_on
from tests.crashes.faulty_wire import Cut, FaultyWire
from tests.databases import Loaded
from tests.replication.pair import Pair
from tests.replication.positions import asked, caught_up
from tests.serving.real import Real, error_of, real_server_on, soon_true
from tests.serving.silent_database import falling_silent

FLOWS = "query($id: ID!) { workspace(id: $id) { flows(first: 100) { nodes { name } } } }"
PAUSE, RESUME = "select pg_wal_replay_pause()", "select pg_wal_replay_resume()"
IS_PAUSED = "select pg_get_wal_replay_pause_state() = 'paused'"
IN_USE = "flowport_processes_reading_from_replica"
IS_STANDBY = select(func.pg_is_in_recovery())
POSITIONS = "select position from caller_position"
ANSWERED = "flowport_replica_queries_total"


@pytest.fixture(autouse=True)
def looking_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "LOOK_SECONDS", 0.05)


@asynccontextmanager
async def reading_from_the_standby(
    pair: Pair, loaded: Loaded, *, lag_seconds: float = 3600, primary: str | None = None
) -> AsyncIterator[Real]:
    settings = {"replica_url": async_url(pair.url(pair.standby)), "replica_max_lag_seconds": lag_seconds}
    async with real_server_on(primary or async_url(pair.url(pair.primary)), loaded, **settings) as real:
        # Several servers of this process count together: only an answer says which of them reads from the standby.
        assert await soon_true(lambda: is_answered_from_the_standby(real, "berta"))
        yield real


async def number_of(real: Real, metric: str) -> float:
    told = (await real.api.http.get("/metrics")).text
    [line] = [line for line in told.splitlines() if line.startswith(f"{metric} ")]
    return float(line.split()[1])


async def is_in_use(real: Real, processes: float = 1) -> bool:
    return await number_of(real, IN_USE) == processes


async def pause(pair: Pair) -> None:
    await asked(pair.standby, PAUSE)

    async def is_paused() -> bool:
        return await asked(pair.standby, IS_PAUSED) == [True]

    assert await soon_true(is_paused)


async def names(real: Real, user: str) -> set[str]:
    response = await real.posting(FLOWS, user=user, id=real.api.id("workshop"))
    assert response.status_code == httpx.codes.OK, response.text
    assert "errors" not in response.json()
    return {node["name"] for node in response.json()["data"]["workspace"]["flows"]["nodes"]}


async def copied(real: Real, name: str) -> None:
    response = await real.copying(name=name)
    assert response.json()["data"]["copyFlow"]["errors"] == []


async def test_callers_read_what_they_have_written_through_any_server_and_others_what_the_standby_has(
    pair: Pair, loaded: Loaded
) -> None:
    async with reading_from_the_standby(pair, loaded) as one, reading_from_the_standby(pair, loaded) as other:
        await pause(pair)
        await copied(one, "Written")
        answered = await number_of(one, ANSWERED)
        for server in (one, other):
            assert "Written" in await names(server, "ada")
        assert await number_of(one, ANSWERED) == answered
        for server in (one, other):
            assert "Written" not in await names(server, "berta")
        assert await number_of(one, ANSWERED) == answered + 2
        await asked(pair.standby, RESUME)
        await caught_up(pair)

        assert await soon_true(lambda: is_answered_from_the_standby(other, "ada"))
        assert "Written" in await names(other, "ada")
        assert "Written" in await names(other, "berta")


async def test_callers_who_could_not_be_told_of_a_commit_read_it_through_any_server(pair: Pair, loaded: Loaded) -> None:
    """They are told to look whether it was written, so that no server may show them an older state."""
    async with (
        FaultyWire(async_url(pair.url(pair.primary))).open() as wire,
        reading_from_the_standby(pair, loaded, primary=wire.address) as one,
        reading_from_the_standby(pair, loaded) as other,
    ):
        await pause(pair)
        wire.cut_at(Cut.BEFORE_ANSWER)
        response = await one.copying(name="Written")
        assert "it isn't known whether it was written" in error_of(response)["message"]
        assert "Written" in await names(other, "ada")
        assert "Written" not in await names(other, "berta")
        await asked(pair.standby, RESUME)
        await caught_up(pair)
        assert await soon_true(lambda: is_answered_from_the_standby(other, "ada"))
        assert "Written" in await names(other, "ada")


async def test_what_was_written_before_the_primary_crashed_is_read_although_nobody_has_noticed_the_crash(
    pair: Pair, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the crash, what was noted of callers is lost."""
    async with reading_from_the_standby(pair, loaded) as real:
        looked = asyncio.Event()

        async def look_away(*_: object) -> None:
            looked.set()

        with monkeypatch.context() as patched:
            patched.setattr(replica.Replica, "look", look_away)
            await looked.wait()
            await pause(pair)
            await copied(real, "Written")
            pair.primary.kill()
            pair.primary.start()
            assert await soon_true(lambda: is_answering(real))
            for user in ("ada", "berta"):
                assert "Written" in await names(real, user)
            assert await is_in_use(real)
        await asked(pair.standby, RESUME)
        await caught_up(pair)
        assert await soon_true(lambda: is_answered_from_the_standby(real, "ada"))


async def is_answering(real: Real) -> bool:
    return (await real.posting(FLOWS, id=real.api.id("workshop"))).status_code == httpx.codes.OK


async def is_answered_from_the_standby(real: Real, user: str) -> bool:
    before = await number_of(real, ANSWERED)
    await names(real, user)
    return await number_of(real, ANSWERED) == before + 1


async def test_the_answer_to_a_mutation_shows_what_it_has_written(pair: Pair, loaded: Loaded) -> None:
    async with reading_from_the_standby(pair, loaded) as real:
        await pause(pair)
        response = await real.copying(name="Shown")
        assert response.json()["data"]["copyFlow"]["flow"]["name"] == "Shown"
        await asked(pair.standby, RESUME)


async def test_a_standby_that_lags_is_left_out_until_it_has_caught_up(pair: Pair, loaded: Loaded) -> None:
    async with reading_from_the_standby(pair, loaded, lag_seconds=0.3) as real:
        with capture_logs() as log:
            await pause(pair)
            await copied(real, "Written")
            assert await soon_true(lambda: is_in_use(real, 0))
            assert "Written" in await names(real, "berta")
            await asked(pair.standby, RESUME)
            assert await soon_true(lambda: is_answered_from_the_standby(real, "berta"))
            assert "Written" in await names(real, "berta")
    # On a busy machine it may be left out more than once.
    *_, back = lines = [line for line in log if line["event"].startswith("replica")]
    left = [line for line in lines if line["event"] == "replica left out"]
    assert {(line["log_level"], line["event"]) for line in left} == {("warning", "replica left out")}
    assert all(re.fullmatch(r"it is [0-9.]+ seconds behind", line["reason"]) for line in left)
    assert (back["log_level"], back["event"]) == ("info", "replica in use")


async def test_a_standby_that_dies_is_left_out_and_no_query_fails(pair: Pair, loaded: Loaded) -> None:
    async with reading_from_the_standby(pair, loaded) as real:
        before = await names(real, "berta")
        pair.standby.kill()
        for _ in range(5):
            assert await names(real, "berta") == before
        assert await soon_true(lambda: is_in_use(real, 0))
        await copied(real, "Written")
        pair.standby.start()
        assert await soon_true(lambda: is_in_use(real))
        await caught_up(pair)
        assert await soon_true(lambda: is_read_by(real, "berta", "Written"))


async def test_a_standby_whose_connections_are_all_at_work_is_not_left_out(pair: Pair, loaded: Loaded) -> None:
    primary, standby = (async_url(pair.url(server)) for server in (pair.primary, pair.standby))
    database = Database(primary, pool_size=1, pool_wait_seconds=0.01, replica_url=standby)
    assert database.replica is not None
    assert loaded.name == "postgres"
    replica = database.replica

    async def is_taken_in() -> bool:
        # On a busy machine a connection may take longer than anybody waits here.
        await replica.look(database.probing, has_usable_schema_on)
        return database.for_query(None) is not database

    assert await soon_true(is_taken_in)
    reading = database.for_query(None)
    async with reading.reading() as connection:
        await replica.look(database.probing, has_usable_schema_on)
        assert database.for_query(None) is not database
        assert await connection.value(IS_STANDBY)
    replica.leave_out("nobody reads any more")
    await database.close()


async def test_a_standby_is_left_out_once_a_connection_leads_to_another_server(pair: Pair, loaded: Loaded) -> None:
    """Of the other one it isn't known how far it has come."""
    assert loaded.name == "postgres"
    primary, standby = (async_url(pair.url(server)) for server in (pair.primary, pair.standby))
    async with falling_silent(standby) as proxy:
        there = f"{proxy.address}&target_session_attrs=any"
        database = Database(primary, pool_size=4, replica_url=there)
        assert await soon_true(partial(is_read_from, database))
        on_standby = database.for_query(None)
        async with on_standby.reading() as connection:
            assert await connection.value(IS_STANDBY)
            proxy.lead_to(primary)
            with pytest.raises(DatabaseUnavailable, match=r"^that is another server$"):
                async with on_standby.reading():
                    pass
        assert database.for_query(None) is database
        await database.close()


async def is_read_from(database: Database) -> bool:
    """Whether the standby has come far enough for it."""
    assert database.replica is not None
    await database.replica.look(database.probing, has_usable_schema_on)
    return database.for_query(None) is not database


async def test_a_standby_is_left_out_while_the_primary_is_down(pair: Pair, loaded: Loaded) -> None:
    """A primary that crashes forgets what callers have written."""
    async with reading_from_the_standby(pair, loaded) as real:
        with capture_logs() as log:
            pair.primary.kill()
            assert await soon_true(lambda: is_in_use(real, 0))
            pair.primary.start()
            assert await soon_true(lambda: is_in_use(real))
    reasons = [line["reason"] for line in log if line["event"] == "replica left out"]
    assert any(reason.startswith("the primary is lost: ") for reason in reasons)


async def is_read_by(real: Real, user: str, name: str) -> bool:
    return name in await names(real, user)


async def test_a_standby_that_was_promoted_is_left_out(pair: Pair, loaded: Loaded) -> None:
    """What is written to one of two primaries is not what the other one shows."""
    async with reading_from_the_standby(pair, loaded) as real:
        await copied(real, "Written")
        with capture_logs() as log:
            pair.standby.promote()
            assert await soon_true(lambda: is_in_use(real, 0))
    # There nobody knows up to where callers have written: a server that comes there asks no standby before it does.
    assert await asked(pair.primary, POSITIONS) != []
    assert await asked(pair.standby, POSITIONS) == []
    reasons = [line["reason"] for line in log if line["event"] == "replica left out"]
    assert reasons == ["it is no standby"]
