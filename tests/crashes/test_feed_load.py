"""Sixteen writers and two readers, while processes are killed that number the events (E3).

The long form is `scripts/benchmarks/events.py`.
"""

import asyncio
from pathlib import Path

import pytest

from tests.crashes.feed_load import open_feed_load
from tests.databases import Databases, connected
from tests.serving.real import soon_true

WRITE = "insert into pending_event (id, at, type, tenant_id) values ('event_' || random(), now(), 'WORLD_APPLIED', 'tenant')"
IS_WAITING = """
    select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%INSERT INTO event%'
"""
CHANGES = 300
KILLS_EVERY = 100


@pytest.mark.parametrize("workers", [2, 4])
async def test_readers_have_every_event_once_in_one_order_while_processes_are_killed(
    databases: Databases, folder: Path, workers: int
) -> None:
    async with open_feed_load(databases, folder, workers=workers) as load:
        mistakes = await load.run(lambda: load.changes >= CHANGES, load.server.kill_one_worker, KILLS_EVERY)
        assert mistakes == []
        assert len(load.readers[0].events) >= CHANGES
        assert load.server.errors() == []


async def test_a_process_that_is_killed_while_it_numbers_leaves_that_to_the_next(
    databases: Databases, folder: Path
) -> None:
    async with open_feed_load(databases, folder, workers=2) as load, connected(load.url) as watching:

        async def is_numbering() -> bool:
            return bool(await watching.fetchval(IS_WAITING))

        async with connected(load.url) as holding, holding.transaction():
            await holding.execute("lock table event in share mode")
            await holding.execute(WRITE)
            async with connected(load.url) as other:
                await other.execute(WRITE)
                assert await soon_true(is_numbering)
            load.server.kill_workers()
            await asyncio.to_thread(load.server.start)

        async def is_numbered() -> bool:
            return [row[0] for row in await watching.fetch("select position from event order by 1")] == [1, 2]

        assert await soon_true(is_numbered)
        assert load.server.errors() == []
