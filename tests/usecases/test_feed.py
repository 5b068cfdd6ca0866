"""Events get their positions once they are committed, from one process at a time, and go when they are old (E3, E4)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from app.domain.model import EventType
from app.storage.connections.connection import WriteConnection
from app.storage.connections.row_changes import write_rows
from app.storage.event_writes import FlowEvent, flow_events, world_events
from app.storage.upkeep import periodic
from app.usecases import upkeep
from app.usecases.upkeep import number_events, number_events_periodically
from tests.databases import connected, contents
from tests.serving.real import soon_true
from tests.usecases.company_database import NOW, CompanyDatabase

WRITE = "insert into pending_event (id, at, type, tenant_id, flow_id) values ($1, now(), 'FLOW_STOPPED', 'tenant', $1)"
CUT = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
READ = "select position, flow_id from event where position > $1 order by position"


async def write(world: CompanyDatabase, connection: WriteConnection, *flows: str, age: timedelta = timedelta()) -> None:
    events = [
        FlowEvent(EventType.FLOW_STOPPED, flow, flow.capitalize(), world["development"], world["production"])
        for flow in flows
    ]
    await write_rows(connection, flow_events(events), by=world["ada"], now=NOW - age)


async def commit(world: CompanyDatabase, *flows: str, age: timedelta = timedelta()) -> None:
    async with world.database.writing() as connection:
        await write(world, connection, *flows, age=age)


async def read(world: CompanyDatabase, after: int = 0) -> list[tuple[int, str]]:
    async with connected(world.url) as connection:
        return [(row["position"], row["flow_id"]) for row in await connection.fetch(READ, after)]


async def test_a_reader_who_goes_on_from_its_cursor_has_also_what_was_written_before_and_committed_later(
    world: CompanyDatabase,
) -> None:
    async with world.database.writing() as slow:
        await write(world, slow, "slow")
        await commit(world, "quick")
        await number_events(world.work)
        first = await read(world)
    await number_events(world.work)
    assert (first, await read(world, after=first[-1][0])) == ([(1, "quick")], [(2, "slow")])


async def test_positions_follow_each_other_in_the_order_of_writing_whatever_the_ids(world: CompanyDatabase) -> None:
    """The ids are of several servers' clocks; changes of one flow are written one after the other."""
    for flow in ("first", "second", "third"):
        await commit(world, flow)
    async with connected(world.url) as connection:
        await connection.execute("update pending_event set id = 'event_' || (9 - place % 10)")
    await number_events(world.work)
    assert await read(world) == [(1, "first"), (2, "second"), (3, "third")]


async def test_more_events_than_one_batch_holds_are_all_numbered_at_once(
    world: CompanyDatabase,
) -> None:
    many = [str(number) for number in range(periodic.NUMBERED_AT_ONCE + 3)]
    await commit(world, *many)
    await number_events(world.work)
    assert [flow for _, flow in await read(world)] == many
    assert await counts(world) == {"pending_event": 0, "event": len(many)}


async def test_a_process_leaves_numbering_to_the_one_that_is_at_it(world: CompanyDatabase) -> None:
    await commit(world, "one")
    async with connected(world.url) as connection, connection.transaction():
        await connection.fetch("select from feed for update")
        before = await contents(world.url)
        async with asyncio.timeout(30):
            await number_events(world.work)
        assert (await read(world), await contents(world.url)) == ([], before)
    await number_events(world.work)
    assert await read(world) == [(1, "one")]


async def test_a_process_that_stops_while_it_numbers_does_not_keep_others_from_it_for_good(
    world: CompanyDatabase,
) -> None:
    await commit(world, "one")
    async with world.database.writing() as connection:
        assert await periodic.number_events(connection) == 1
        [row] = await connection.execute("show idle_in_transaction_session_timeout")
    assert row[0] == "5s"


async def test_several_processes_that_number_at_once_give_each_event_one_position(world: CompanyDatabase) -> None:
    async def writer(name: str) -> None:
        for number in range(20):
            await commit(world, f"{name}-{number}")

    writing = asyncio.gather(*(writer(name) for name in "abcd"))
    while not writing.done():
        await asyncio.gather(*(number_events(world.work) for _ in range(4)))
        await asyncio.sleep(0)
    await writing
    await number_events(world.work)
    events = await read(world)
    assert [position for position, _ in events] == [*range(1, 81)]
    for name in "abcd":
        assert [flow for _, flow in events if flow.startswith(name)] == [f"{name}-{n}" for n in range(20)]


async def test_nothing_is_written_while_nothing_happens(world: CompanyDatabase) -> None:
    await commit(world, "one")
    await number_events(world.work)
    async with connected(world.url) as connection:
        before = await connection.fetchval("select xmin from feed")
        await number_events(world.work)
        assert await connection.fetchval("select xmin from feed") == before


@asynccontextmanager
async def numbering(world: CompanyDatabase) -> AsyncIterator["asyncio.Task[None]"]:
    task = asyncio.create_task(number_events_periodically(world.work))
    yield task
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_numbering_goes_on_when_the_database_has_cut_all_connections(world: CompanyDatabase) -> None:
    async with numbering(world) as task, connected(world.url) as connection:
        for number in range(1, 4):
            await connection.execute(WRITE, str(number))
            assert await soon_true(partial(has_read, world, number))
            await connection.execute(CUT)
        assert not task.done()


async def has_read(world: CompanyDatabase, number: int) -> bool:
    return len(await read(world)) == number


async def test_old_events_go_and_each_feed_knows_up_to_where(
    world: CompanyDatabase,
) -> None:
    day = timedelta(days=1)
    await commit(world, *(str(number) for number in range(periodic.REMOVED_AT_ONCE + 1)), age=400 * day)
    async with world.database.writing() as connection:
        await write_rows(connection, world_events([world["home"]]), by="", now=NOW - 400 * day)
        await write_rows(connection, world_events([world["home"]]), by="", now=NOW - 399 * day)
    await commit(world, "new", age=399 * day)
    await number_events(world.work)
    last = periodic.REMOVED_AT_ONCE + 2
    assert await upkeep.expire(world.work, upkeep.remove_events, 399.5 * day) == last
    assert [position for position, _ in await read(world)] == [last + 1, last + 2]
    of_flows = dict.fromkeys((world["development"], world["production"]), last - 1)
    assert await removals(world) == {**of_flows, world["home"]: last}
    assert await counts(world) == {"pending_event": 0, "event": 2}


async def removals(world: CompanyDatabase) -> dict[str, int]:
    async with connected(world.url) as connection:
        return {row["feed"]: row["position"] for row in await connection.fetch("select * from event_removal")}


async def counts(world: CompanyDatabase) -> dict[str, Any]:
    async with connected(world.url) as connection:
        tables: Sequence[str] = ("pending_event", "event")
        return {table: await connection.fetchval(f"select count(*) from {table}") for table in tables}  # noqa: S608
