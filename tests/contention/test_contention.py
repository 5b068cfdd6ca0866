"""No deadlock reaches a caller; the long form is `scripts/benchmarks/contention.py`."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.contention.colliding_calls import ODDS, world_of_few_flows
from tests.contention.contention import Contention, ContentionTally, contend, deadlocks
from tests.databases import Databases, connected
from tests.ports import free_port
from tests.serving.real import soon_true

CALLS = 240


@pytest.fixture(scope="module")
async def tally(databases: Databases, session_folder: Path) -> ContentionTally:
    folder = session_folder / "contention"
    folder.mkdir(mode=0o755)
    return await contend(databases, folder, calls=CALLS)


async def test_no_deadlock_comes_of_mutations_of_all_kinds_that_meet_at_few_flows(tally: ContentionTally) -> None:
    assert (tally.deadlocks, tally.gave_way, tally.failures, tally.wrong) == (0, 0, [], [])


async def test_a_call_without_an_answer_is_a_failure_and_the_others_go_on(databases: Databases) -> None:
    tally = ContentionTally(most_waiting=2)
    async with databases.loaded(world_of_few_flows()) as loaded:
        await Contention(f"http://127.0.0.1:{free_port()}", loaded, tally, calls=30, seed=1).run()
    assert {answer for _, answer in tally.answers} == {"no answer"}
    assert len(tally.failures) == tally.operations >= 30
    assert all("ConnectError" in failure for failure in tally.failures)


async def test_calls_of_every_kind_go_through_and_many_wait_for_others(tally: ContentionTally) -> None:
    assert tally.operations >= CALLS
    assert set(tally.went_through) == set(ODDS)
    assert tally.most_waiting > 1


async def test_a_deadlock_would_be_counted(database_url: str) -> None:
    async with connected(database_url) as one, connected(database_url) as other:
        await one.execute("set deadlock_timeout = '1h'; begin; select pg_advisory_xact_lock(1)")
        await other.execute("set deadlock_timeout = '10ms'; begin; select pg_advisory_xact_lock(2)")
        waiting = asyncio.create_task(one.execute("select pg_advisory_xact_lock(2)"))
        with pytest.raises(asyncpg.DeadlockDetectedError):
            await other.execute("select pg_advisory_xact_lock(1)")
        await other.execute("rollback")
        await waiting

    async def is_counted() -> bool:
        return await deadlocks(database_url) >= 1

    assert await soon_true(is_counted)
