"""Filters of flows: of what few have no others are looked at; what many have is met along the order of the list."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from app.domain.drift import DriftStatus
from app.domain.model import FlowStatus, FlowType
from app.storage.connections.database import Database
from app.storage.pages.flow_filters import FlowFilter, FlowOrder
from app.storage.pages.lists import ListName, WantedList
from app.storage.pages.paging import FEW, PageRequest
from tests.storage.large_world import EVERYWHERE, HOMES, IN_A_FEW, IN_THE_FIRST, nth, read_list, read_lists
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages

CHANGED = datetime(2026, 3, 1, tzinfo=UTC)
"""The first flow was changed a minute before, each other one a minute before the one before it."""


@pytest.mark.parametrize("order", FlowOrder)
@pytest.mark.parametrize(
    ("wanted", "fraction"),
    [
        (FlowFilter(component_id=nth("component", 25)), 0),
        (FlowFilter(component_id=nth("component", 24)), 1000),
        (FlowFilter(component_id=nth("component", 24), status=FlowStatus.ACTIVE, has_draft=True), 1000),
        (FlowFilter(component_id="component_of-nobody"), 0),
        (FlowFilter(status=FlowStatus.SUSPENDED), 1000),
        (FlowFilter(status=FlowStatus.SUSPENDED, type=FlowType.ORDINARY), 1000),
        (FlowFilter(created_by=nth("user", 60)), 0),
        (FlowFilter(is_published=False), 1000),
        (FlowFilter(uses_id=nth("topic", 2)), 0),
        (FlowFilter(uses_id=nth("secret", 1)), 1000),
        (FlowFilter(updated_since=CHANGED + timedelta(minutes=-3)), 1000),
        (FlowFilter(updated_since=CHANGED + timedelta(minutes=-3), is_published=True), 1000),
    ],
    ids=[
        "component-of-none",
        "component-of-few",
        "of-few-by-more",
        "no-component",
        "status",
        "status-and-type",
        "created-by",
        "not-published",
        "used-by-none",
        "used-by-few",
        "changed-late",
        "changed-late-and-published",
    ],
)
async def test_of_what_few_flows_have_no_others_are_looked_at(
    large: Database, wanted: FlowFilter, fraction: int, order: FlowOrder
) -> None:
    """However many live in the workspace: those few are collected and sorted, by a plan for any values too."""
    few = IN_THE_FIRST // fraction + 1 if fraction else 0
    listing = WantedList(ListName.FLOWS, flow_filter=wanted, flow_order=order)
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing))
    hold(plans, rows=max(few, 1), sorted_rows=few)
    homes = [HOMES[EVERYWHERE][0], nth("workspace", 2)]
    hold(
        await plans_of_pages(large, partial(read_lists, large, EVERYWHERE, homes, listing)),
        rows=few + SIZE,
        sorted_rows=few + SIZE,
    )


@pytest.mark.parametrize("order", FlowOrder)
@pytest.mark.parametrize(
    "wanted",
    [
        FlowFilter(status=FlowStatus.ACTIVE),
        FlowFilter(type=FlowType.REAL_TIME),
        FlowFilter(has_draft=True),
        FlowFilter(has_draft=False),
        FlowFilter(is_published=True),
        FlowFilter(updated_since=CHANGED - timedelta(minutes=IN_THE_FIRST - 100)),
        FlowFilter(component_id=nth("component", 12)),
        FlowFilter(component_id=nth("component", 13)),
        FlowFilter(uses_id=nth("agent", 1)),
        FlowFilter(drift=DriftStatus.SOURCE_AHEAD),
    ],
    ids=[
        "active",
        "real-time",
        "draft",
        "no-draft",
        "published",
        "changed",
        "component-of-all",
        "component-of-a-tenth",
        "used-by-most",
        "source-ahead",
    ],
)
async def test_filters_are_asked_along_the_order_of_the_list(
    large: Database, wanted: FlowFilter, order: FlowOrder
) -> None:
    """As many flows are passed over as don't match, but of what matches no more than FEW are collected and sorted."""
    listing = WantedList(ListName.FLOWS, flow_filter=wanted, flow_order=order)
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], listing))
    hold(plans, rows=FEW + 1, sorted_rows=FEW)


@pytest.mark.parametrize("order", FlowOrder)
async def test_where_little_came_in_no_other_flows_are_looked_at_for_their_drift(
    large: Database, order: FlowOrder
) -> None:
    """D6: and of those that came in each is looked up by keys."""
    listing = WantedList(ListName.FLOWS, flow_filter=FlowFilter(drift=DriftStatus.SOURCE_AHEAD), flow_order=order)
    hold(
        await plans_of_pages(large, partial(read_list, large, IN_A_FEW, HOMES[IN_A_FEW][0], listing)),
        rows=1,
        sorted_rows=0,
    )


async def test_the_drifts_of_a_workspace_are_counted_by_keys(large: Database) -> None:
    listing = WantedList(ListName.FLOWS, flow_filter=FlowFilter(drift=DriftStatus.DESTINATION_AHEAD))

    async def count() -> None:
        async with large.reading() as connection:
            counts = await listing.listing().counts(connection, [HOMES[EVERYWHERE][0]], listing.values(EVERYWHERE))
            assert counts == [sum(n % 1000 == 700 for n in range(1, min(3000, IN_THE_FIRST)))]

    hold(await plans_of(large, count), rows=IN_THE_FIRST)


async def test_the_flows_of_a_component_are_those_whose_commands_mean_it(large: Database) -> None:
    wanted = FlowFilter(component_id=nth("component", 13))
    page = await read_list(
        large, EVERYWHERE, HOMES[EVERYWHERE][0], WantedList(ListName.FLOWS, flow_filter=wanted), PageRequest(1000)
    )
    expected = {nth("flow", number) for number in range(1, IN_THE_FIRST + 1) if (1 + number % 1000) % 10 == 3}
    found = {flow.id for _, flow in page.elements}
    assert (found <= expected, len(found)) == (True, min(1000, len(expected)))
