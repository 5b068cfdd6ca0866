"""Releases are read off indexes: a page costs the same however many there are, or are open, and however large one is."""

from functools import partial

import pytest

from app.domain.release import ReleaseFacts, ReleaseState
from app.storage.connections.database import Database
from app.storage.facts.record_facts import lock_release
from app.storage.pages.lists import ListName, ListRequest
from app.storage.reads.by_id import read_current_releases, read_releases_of_drafts
from tests.storage.large_world import EVERYWHERE, HOMES, nth, read_list
from tests.storage.plans import SIZE, hold, plans_of, plans_of_pages

LARGE = nth("release", 20_000)
ITEMS = 100
NAMED = 40
"""So many items name each draft."""
TABLES = 6
"""Rows that are read for each item, of indexes as well: the item, its request, its flow and its draft."""


@pytest.mark.parametrize("state", [None, ReleaseState.OPEN, ReleaseState.APPLIED])
async def test_a_page_of_the_requests_of_a_workspace_reads_only_that_page(
    large: Database, state: ReleaseState | None
) -> None:
    wanted = ListRequest(ListName.RELEASES, release_state=state)
    hold(
        await plans_of_pages(large, partial(read_list, large, EVERYWHERE, HOMES[EVERYWHERE][0], wanted)), rows=SIZE + 1
    )


async def test_a_page_of_the_items_of_a_request_reads_only_that_page(large: Database) -> None:
    wanted = ListRequest(ListName.RELEASE_ITEMS)
    plans = await plans_of_pages(large, partial(read_list, large, EVERYWHERE, LARGE, wanted))
    hold(plans, rows=TABLES * (SIZE + 1))


async def test_whether_a_request_is_current_and_which_one_names_a_draft_is_found_by_index(large: Database) -> None:
    async with large.reading() as connection:
        hold(
            await plans_of(large, partial(read_current_releases, connection, EVERYWHERE, [LARGE])),
            rows=TABLES * ITEMS,
            sorted_rows=ITEMS,
        )
        drafts = [nth("draft", (2 + 5 * number) * 10 + 1) for number in range(100, 120)]
        hold(
            await plans_of(large, partial(read_releases_of_drafts, connection, EVERYWHERE, drafts)),
            rows=20 * NAMED,
            sorted_rows=20 * NAMED,
        )


async def test_a_decision_reads_the_items_of_its_request_alone(large: Database) -> None:
    async def locked() -> ReleaseFacts | None:
        async with large.writing() as connection:
            return await lock_release(connection, EVERYWHERE, LARGE)

    plans = [plan for plan in await plans_of(large, locked) if "release_item" in plan.sql]
    # Of drafts this world has so few that reading all may be cheaper.
    assert [plan.root for plan in plans if "pk_release_item" not in plan.indexes] == []
    assert {plan.large_tables_scanned <= {"flow_draft"} for plan in plans} == {True}
    assert max(plan.most_rows_sorted for plan in plans) <= ITEMS
