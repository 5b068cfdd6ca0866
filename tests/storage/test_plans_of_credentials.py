"""Which credentials fit the steps of a flow is read off indexes: of each component the first ones, however many it has."""

from functools import partial
from typing import Any

import pytest

from app.domain.model import ReferenceKind, UserId
from app.storage.connections.database import Database
from app.storage.pages.candidates import count_each, read_exported_flows, read_first
from tests.storage.large_world import EVERYWHERE, HOMES, IN_A_FEW, nth
from tests.storage.plans import SIZE, Plan, hold, plans_of

KINDS = pytest.mark.parametrize("kind", [ReferenceKind.CREDENTIAL, ReferenceKind.SECRET])
COMPONENTS = [nth("component", 13), nth("component", 14)]
OF_EACH = 100
"""So many of a component live in the first workspace, among a thousand of all."""


@KINDS
@pytest.mark.parametrize(("search", "rows"), [(None, SIZE), ("a", SIZE + 5), ("no such name", OF_EACH)])
async def test_the_first_of_each_component_are_read_in_the_order_of_their_names(
    large: Database, kind: ReferenceKind, search: str | None, rows: int
) -> None:
    ids = [nth(kind.value.lower(), number) for number in (3, 4, 500, 3500)]
    names = ["a name", "another name"]
    plans = await plans_of(large, partial(first, large, EVERYWHERE, kind, ids=ids, name_keys=names, search=search))
    hold_for_these_values(plans, kind, rows)


@KINDS
async def test_where_hardly_any_live_no_more_are_read(large: Database, kind: ReferenceKind) -> None:
    plans = await plans_of(large, partial(first, large, IN_A_FEW, kind, ids=[], name_keys=[], search=None))
    hold(plans, rows=len(COMPONENTS), sorted_rows=0)


async def first(database: Database, viewer: UserId, kind: ReferenceKind, **named: Any) -> None:
    async with database.reading() as connection:
        await read_first(connection, viewer, HOMES[viewer][0], kind, components=COMPONENTS, first=SIZE, **named)


@KINDS
async def test_only_what_fits_is_counted(large: Database, kind: ReferenceKind) -> None:
    async def count() -> None:
        async with large.reading() as connection:
            numbers = await count_each(connection, EVERYWHERE, HOMES[EVERYWHERE][0], kind, COMPONENTS)
            assert numbers == dict.fromkeys(COMPONENTS, OF_EACH)

    hold_for_these_values(await plans_of(large, count), kind, OF_EACH)


def hold_for_these_values(plans: list[Plan], kind: ReferenceKind, rows: int) -> None:
    """So many rows of each component, off its index. The plan for any values may look at all of one workspace."""
    for_these_values = [plan for plan in plans if not plan.for_any_values]
    hold(for_these_values, rows=len(COMPONENTS) * rows, sorted_rows=len(COMPONENTS) * SIZE)
    index = f"ix_{kind.value.lower()}_workspace_id_component_id_name_key_id"
    assert [plan.root for plan in for_these_values if index not in plan.indexes] == []
    hold(plans, rows=2 * 1000, sorted_rows=len(COMPONENTS) * OF_EACH)


async def test_where_a_flow_was_exported_to_is_read_from_its_own_records(large: Database) -> None:
    async def read() -> None:
        async with large.reading() as connection:
            assert len(await read_exported_flows(connection, nth("flow", 1), nth("workspace", 1))) == SIZE

    hold(await plans_of(large, read), rows=SIZE)
