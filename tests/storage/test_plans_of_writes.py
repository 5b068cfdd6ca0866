"""Plans of what is read for writes, where callers differ much in what they see, and documents are long."""

from contextlib import suppress
from datetime import UTC, datetime

from app.domain.access import FLOW_EDIT
from app.storage.connections.connection import compiled
from app.storage.connections.database import Database
from app.storage.facts.locks import LOCKS, Touched
from app.storage.tables import WORKSPACE_ACCESS
from app.storage.tables.record_tables import FEEDS
from app.storage.upkeep.periodic import REMOVE, REMOVED_AT_ONCE
from app.storage.world.world_facts import memberships_of
from tests.storage.large_world import EVERYWHERE, IN_THE_FIRST, nth
from tests.storage.plans import Plan, explained, hold


class Undone(Exception):
    """Rolls a transaction back."""


async def test_flows_are_locked_without_a_look_at_all_workspaces_of_a_caller_who_sees_far_more_than_others(
    large: Database,
) -> None:
    touched = Touched(changed=[nth("flow", IN_THE_FIRST + 50)], kept=[nth("flow", 1)])
    statement, caller = compiled(LOCKS), {"viewer": EVERYWHERE, "permission": FLOW_EDIT, "milliseconds": "5000"}
    plans: list[Plan] = []
    with suppress(Undone):
        async with large.writing() as connection:
            # As if there were thousands of others with a few workspaces each.
            await connection._driver.execute("ALTER TABLE workspace_access ALTER user_id SET (n_distinct = 5000)")
            await connection._driver.execute("ANALYZE workspace_access")
            values = statement.arguments({**caller, **touched.parameters()})
            plans += await explained(connection._driver, statement.text, values)
            raise Undone
    hold(plans, rows=50)


async def test_the_memberships_that_a_document_names_are_joined_not_gone_through_for_each_row(large: Database) -> None:
    statement, numbers = memberships_of("workspaceMembers", WORKSPACE_ACCESS, prunes=False), range(1, 500)
    named = {"places": [nth("workspace", n) for n in numbers], "users": [EVERYWHERE for _ in numbers]}
    values = statement.arguments({**named, "scopes": [nth("tenant", 1)], "tenants": []})
    async with large.writing() as connection:
        plans = await explained(connection._driver, statement.text, values)
    assert [plan.subplans for plan in plans] == [0, 0]


async def test_old_events_are_found_by_their_positions_and_removed_by_their_ids(large: Database) -> None:
    """The oldest 500 are looked at, whatever their age, and each is looked up once more."""
    plans: list[Plan] = []
    for before in (datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)):
        with suppress(Undone):
            async with large.writing() as connection:
                plans += await explained(connection._driver, REMOVE.text, [before])
                raise Undone
    hold(plans, rows=REMOVED_AT_ONCE, sorted_rows=len(FEEDS) * REMOVED_AT_ONCE)
