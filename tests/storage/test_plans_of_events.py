"""Events are read off indexes, page by page: among ten million a page costs what it costs among a thousand."""

from functools import partial

import pytest

from app.domain.model import EventType, UserId
from app.storage.connections.database import Database
from app.storage.pages.events import OF_TENANT, OF_WORKSPACE, FeedRequest, read_feeds
from app.storage.pages.paging import Page, PageRequest
from app.storage.reads.rows import EventView
from tests.storage.large_world import EVERYWHERE, HOMES, IN_A_FEW, nth
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages

READ = 101
"""Of an index, for each end of a feed and each type: one more than the largest page has."""
READ_FOR_FEW = 11
"""The same for a page of up to 10 events, so that many small pages don't cost what large ones do."""
ENDS = 2
FLOW = nth("flow", 1)
RARE, COMMON = frozenset({"FLOW_DELETED", "FLOW_CREATED"}), frozenset({"FLOW_EXPORTED", "FLOW_STARTED"})
ALL = FeedRequest(OF_WORKSPACE, PageRequest(SIZE))


async def read_feed(
    database: Database, viewer: str, request: FeedRequest, ids: list[str], page: PageRequest
) -> Page[EventView]:
    """The page of the first of the feeds, read with those of the others."""
    async with database.reading() as connection:
        pages = await read_feeds(connection, viewer, request._replace(page=page), ids)
    return pages[ids[0]].page


def walks(request: FeedRequest) -> int:
    """How many parts of an index are read for each end: one for each type; of a flow's events, for all types there are."""
    return 1 if request.types is None and request.flow_id is None else len(request.types or EventType)


@pytest.mark.parametrize("types", [None, RARE, COMMON], ids=["all", "rare", "common"])
@pytest.mark.parametrize("flow_id", [None, FLOW], ids=["workspace", "flow"])
@pytest.mark.parametrize("viewer", [EVERYWHERE, IN_A_FEW], ids=["everywhere", "in-a-few"])
async def test_a_page_of_events_of_a_workspace_reads_only_a_page(
    large: Database, viewer: UserId, flow_id: str | None, types: frozenset[str] | None
) -> None:
    request = ALL._replace(types=types, flow_id=flow_id)
    plans = await plans_of_pages(large, partial(read_feed, large, viewer, request, [HOMES[viewer][0]]))
    hold(plans, rows=walks(request) * READ, sorted_rows=walks(request) * READ * ENDS)


@pytest.mark.parametrize("types", [None, RARE, COMMON], ids=["all", "rare", "common"])
async def test_a_page_of_events_of_a_tenant_reads_only_a_page(large: Database, types: frozenset[str] | None) -> None:
    request = ALL._replace(feed=OF_TENANT, types=types)
    plans = await plans_of_pages(large, partial(read_feed, large, EVERYWHERE, request, [nth("tenant", 1)]))
    hold(plans, rows=walks(request) * READ, sorted_rows=walks(request) * READ * ENDS)


async def test_events_of_many_workspaces_are_read_at_once_without_any_of_the_rest(large: Database) -> None:
    homes = [nth("workspace", number) for number in range(1, 51)]
    plans = await plans_of_pages(large, partial(read_feed, large, EVERYWHERE, ALL, homes))
    hold(plans, rows=READ * len(homes), sorted_rows=READ * ENDS * len(homes))


async def test_a_short_page_reads_a_tenth_of_that(large: Database) -> None:
    request = ALL._replace(types=COMMON)

    async def read() -> None:
        page = await read_feed(large, EVERYWHERE, request, [HOMES[EVERYWHERE][0]], PageRequest(10))
        assert len(page.rows) == 10

    hold(await plans_of(large, read), rows=walks(request) * READ_FOR_FEW, sorted_rows=walks(request) * READ_FOR_FEW * 2)
