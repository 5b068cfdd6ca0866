"""Where things are used: the flows are read off one index, page by page, however many there are."""

from functools import partial

import pytest

from app.storage.connections.database import Database
from app.storage.pages.flow_filters import flows_using, place_of_use
from app.storage.pages.lists import ListName, ListRequest
from tests.storage.large_world import EVERYWHERE, HOMES, IN_THE_FIRST, nth, read_list, read_lists
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages


@pytest.mark.parametrize("used", [nth("agent", 1), nth("secret", 1)], ids=["by-most", "by-few"])
@pytest.mark.parametrize("search", [None, "a", "flow 00"])
async def test_a_page_of_the_flows_that_use_something_reads_only_that_page(
    large: Database, used: str, search: str | None
) -> None:
    """However many do, and however many flows there are: with a search, no more than those that it passes over."""
    listing, home = ListRequest(ListName.FLOWS_USING, search), HOMES[EVERYWHERE][0]
    rows = SIZE + 1 if search is None else 60 if search == "a" else IN_THE_FIRST
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, place_of_use(home, used), listing))
    hold(plans, rows=rows)
    assert all("ix_flow_reference_by_name" in plan.indexes for plan in plans)
    places = [place_of_use(home, used), place_of_use(home, nth("topic", 1))]
    hold(await plans_of_pages(large, partial(read_lists, large, EVERYWHERE, places, listing)), rows=2 * rows)


async def test_which_flows_use_some_things_is_read_off_an_index(large: Database) -> None:
    home = HOMES[EVERYWHERE][0]

    async def read() -> None:
        async with large.reading() as connection:
            await flows_using(connection, {nth("secret", number): home for number in range(1, 4)})

    users = IN_THE_FIRST // 1000 + 1
    hold(await plans_of(large, read), rows=users, sorted_rows=max(users, SIZE))
