"""A database that a test gets is like its template, whatever the test before has done to it."""

from contextlib import AsyncExitStack

import pytest

from tests import reused_connections
from tests.databases import Databases, Loaded, connected, contents, run
from tests.reused_connections import ReusableConnections


async def test_a_copy_that_was_written_in_is_used_again_with_the_rows_of_its_template(
    databases: Databases, loaded_trade: Loaded
) -> None:
    before = await contents(databases.url_of(loaded_trade.name))
    async with databases.copy(loaded_trade.name) as first:
        await run(first, "delete from flow_export; update flow set name = 'Other'; delete from credential")
        assert await contents(first) != before
    async with databases.copy(loaded_trade.name) as second:
        assert await contents(second) == before
    assert first == second


async def test_who_is_still_connected_to_a_copy_keeps_nobody_waiting(databases: Databases) -> None:
    async with AsyncExitStack() as stack:
        async with databases.copy() as first:
            forgotten = await stack.enter_async_context(connected(first))
            await forgotten.execute("begin; lock table flow")
        async with databases.copy() as second:
            assert second == first


@pytest.mark.parametrize(
    "change",
    [
        "alter table flow add column other text",
        "alter table flow alter column name drop not null",
        "alter table flow add constraint odd check (name <> 'Odd') not valid",
        "alter table flow rename to elsewhere",
        "create table other (number int)",
        "drop index ix_flow_workspace_id_name_key_id",
        "create function one() returns int language sql as 'select 1'",
        "create schema other",
    ],
)
async def test_a_copy_whose_schema_was_changed_is_not_used_again(databases: Databases, change: str) -> None:
    async with databases.copy() as first:
        await run(first, change)
    async with databases.copy() as second:
        assert second != first


async def test_two_copies_at_once_are_two_databases(databases: Databases) -> None:
    async with databases.copy() as one, databases.copy() as other:
        assert one != other


async def test_a_server_takes_over_the_connections_of_the_one_before_it(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade) as api:
        await api.caller("ada").ask("{ viewer { id } }")
    kept = {*databases.reusable.pids(api.database_url)}
    async with databases.serving(loaded_trade) as next_api, connected(next_api.database_url) as connection:
        await next_api.caller("ada").ask("{ viewer { id } }")
        left = {*databases.reusable.pids(next_api.database_url)}
        at_work = {row["pid"] for row in await connection.fetch("select pid from pg_stat_activity")}
    assert next_api.database_url == api.database_url
    assert left < kept <= at_work


async def test_the_connections_that_were_kept_longest_make_room_for_those_of_the_next_database(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reused_connections, "MOST", 1)
    monkeypatch.setattr(databases, "reusable", kept := ReusableConnections())
    async with databases.serving(loaded_trade) as api, databases.serving(loaded_trade) as other:
        await api.caller("ada").ask("{ viewer { id } }")
        await other.caller("ada").ask("{ viewer { id } }")
    assert [len(kept.pids(each.database_url)) for each in (api, other)] == [1, 0]
    kept.forget(api.database_url)
