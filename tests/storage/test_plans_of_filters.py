"""Filters of flows: of what few have no others are looked at; what many have is met along the order of the list."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

import pytest

from app.domain.drift import DriftStatus
from app.domain.model import FlowStatus, FlowType
from app.storage.connections.database import Database
from app.storage.pages.flow_filters import FlowFilter, FlowOrder
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.paging import FEW, PageRequest
from tests.property_settings import EVERY
from tests.storage.large_world import EVERYWHERE, HOMES, IN_A_FEW, IN_THE_FIRST, nth, read_list, read_lists
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages

CHANGED = datetime(2026, 3, 1, tzinfo=UTC)
"""The first flow was changed a minute before, each other one a minute before the one before it."""

FEW_FLOWS: dict[str, tuple[FlowFilter, int]] = {
    "component-of-none": (FlowFilter(component_id=nth("component", 25)), 0),
    "component-of-few": (FlowFilter(component_id=nth("component", 24)), 1000),
    "of-few-by-more": (FlowFilter(component_id=nth("component", 24), status=FlowStatus.ACTIVE, has_draft=True), 1000),
    "no-component": (FlowFilter(component_id="component_of-nobody"), 0),
    "status": (FlowFilter(status=FlowStatus.SUSPENDED), 1000),
    "status-and-type": (FlowFilter(status=FlowStatus.SUSPENDED, type=FlowType.ORDINARY), 1000),
    "created-by": (FlowFilter(created_by=nth("user", 60)), 0),
    "not-published": (FlowFilter(is_published=False), 1000),
    "used-by-none": (FlowFilter(uses_id=nth("topic", 2)), 0),
    "used-by-few": (FlowFilter(uses_id=nth("secret", 1)), 1000),
    "changed-late": (FlowFilter(updated_since=CHANGED + timedelta(minutes=-3)), 1000),
    "changed-late-and-published": (FlowFilter(updated_since=CHANGED + timedelta(minutes=-3), is_published=True), 1000),
}
"""Filters that few flows pass, and of how many flows each lets one pass; 0: none passes."""
MANY_FLOWS = {
    "active": FlowFilter(status=FlowStatus.ACTIVE),
    "real-time": FlowFilter(type=FlowType.REAL_TIME),
    "draft": FlowFilter(has_draft=True),
    "no-draft": FlowFilter(has_draft=False),
    "published": FlowFilter(is_published=True),
    "changed": FlowFilter(updated_since=CHANGED - timedelta(minutes=IN_THE_FIRST - 100)),
    "component-of-all": FlowFilter(component_id=nth("component", 12)),
    "component-of-a-tenth": FlowFilter(component_id=nth("component", 13)),
    "used-by-most": FlowFilter(uses_id=nth("agent", 1)),
    "source-ahead": FlowFilter(drift=DriftStatus.SOURCE_AHEAD),
}
"""Filters that many flows pass."""


def each_in_some_orders(filters: Iterable[str]) -> list[tuple[str, FlowOrder]]:
    """Each filter in every order in CI, otherwise in one or two."""
    return [*product(filters, FlowOrder)][::EVERY]


@pytest.mark.parametrize(("name", "order"), each_in_some_orders(FEW_FLOWS))
async def test_of_what_few_flows_have_no_others_are_looked_at(large: Database, name: str, order: FlowOrder) -> None:
    """However many live in the workspace: those few are collected and sorted, by a plan for any values too."""
    wanted, fraction = FEW_FLOWS[name]
    few = IN_THE_FIRST // fraction + 1 if fraction else 0
    listing = ListRequest(ListName.FLOWS, flow_filter=wanted, flow_order=order)
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing))
    hold(plans, rows=max(few, 1), sorted_rows=few)
    homes = [HOMES[EVERYWHERE][0], nth("workspace", 2)]
    hold(
        await plans_of_pages(large, partial(read_lists, large, EVERYWHERE, homes, listing)),
        rows=few + SIZE,
        sorted_rows=few + SIZE,
    )


@pytest.mark.parametrize("name", ["status", "status-and-type", "not-published", "changed-late", "created-by"])
async def test_few_flows_are_found_by_their_addresses(large: Database, name: str) -> None:
    """An index of the whole list has some eighty pages; a plan for any values expects a list that is as short as most."""
    listing = ListRequest(ListName.FLOWS, flow_filter=FEW_FLOWS[name][0])
    read = partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing)
    assert [plan.pages_read for plan in await plans_of_pages(large, read) if plan.pages_read > 20] == []


@pytest.mark.parametrize(("name", "order"), each_in_some_orders(MANY_FLOWS))
async def test_filters_are_asked_along_the_order_of_the_list(large: Database, name: str, order: FlowOrder) -> None:
    """As many flows are passed over as don't match, but of what matches no more than FEW are collected and sorted."""
    listing = ListRequest(ListName.FLOWS, flow_filter=MANY_FLOWS[name], flow_order=order)
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing))
    hold(plans, rows=FEW + 1, sorted_rows=FEW)


@pytest.mark.parametrize("order", FlowOrder)
async def test_where_little_came_in_no_other_flows_are_looked_at_for_their_drift(
    large: Database, order: FlowOrder
) -> None:
    """D6: and of those that came in each is looked up by keys."""
    listing = ListRequest(ListName.FLOWS, flow_filter=FlowFilter(drift=DriftStatus.SOURCE_AHEAD), flow_order=order)
    hold(
        await plans_of_pages(large, partial(read_list, large, IN_A_FEW, HOMES[IN_A_FEW][0], listing)),
        rows=1,
        sorted_rows=0,
    )


async def test_the_drifts_of_a_workspace_are_counted_by_keys(large: Database) -> None:
    listing = ListRequest(ListName.FLOWS, flow_filter=FlowFilter(drift=DriftStatus.DESTINATION_AHEAD))

    async def count() -> None:
        async with large.reading() as connection:
            counts = await listing.listing().counts(connection, [HOMES[EVERYWHERE][0]], listing.values(EVERYWHERE))
            assert counts == [sum(n % 1000 == 700 for n in range(1, min(3000, IN_THE_FIRST)))]

    hold(await plans_of(large, count), rows=IN_THE_FIRST)


async def test_the_flows_of_a_component_are_those_whose_commands_mean_it(large: Database) -> None:
    wanted = FlowFilter(component_id=nth("component", 13))
    page = await read_list(
        large, EVERYWHERE, HOMES[EVERYWHERE][0], ListRequest(ListName.FLOWS, flow_filter=wanted), PageRequest(1000)
    )
    expected = {nth("flow", number) for number in range(1, IN_THE_FIRST + 1) if (1 + number % 1000) % 10 == 3}
    found = {flow.id for _, flow in page.elements}
    assert (found <= expected, len(found)) == (True, min(1000, len(expected)))
