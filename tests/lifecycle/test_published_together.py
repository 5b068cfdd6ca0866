"""Drafts that are published together are an applied release (B4), which is undone in one call (R8)."""

from typing import Any

import pytest
from sqlalchemy import select

from app.domain.batch import BatchMode
from app.domain.publish import Published
from app.domain.release import ReleaseOutcome
from app.storage.tables import RELEASE_ITEM, RELEASE_REQUEST
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import THROUGH, edited, lawful, notes_of, refused_for, saved
from tests.lifecycle.test_releases import changed_flows, held, items_of
from tests.lifecycle.test_reviewed_workspaces import reviewed


async def releases_of(firm: Company) -> list[Any]:
    async with firm.database.reading() as connection:
        return [*await connection.rows(select(RELEASE_REQUEST).order_by(RELEASE_REQUEST.c.id))]


async def test_drafts_that_are_published_in_one_call_are_an_applied_release_of_their_workspace(firm: Company) -> None:
    changed, running = await changed_flows(firm, 2)
    new = ((await edited(firm, 50)).flow_id, 1)
    await firm.start(running[0])
    before = await lawful(firm)
    batch = await firm.publish_all(changed, running, new, start=True)
    [release] = await releases_of(firm)
    assert (release.state, release.workspace_id, release.start) == ("APPLIED", firm["development"], True)
    assert (release.requested_by, release.reviewed_by, release.withdrawn_by) == (firm["ada"], None, None)
    assert (release.requested_at, release.closed_at, release.undone_at) == (firm.now, firm.now, None)
    assert release.title == "New flow, New flow, New flow"
    items = await items_of(firm, release.id)
    assert {item.author_id for item in items} == {firm["ada"]}
    assert [(item.flow_id, item.revision) for item in items] == [changed, running, new]
    assert [Published(item.flow_id, item.version_id) for item in items] == [*batch.results]
    assert [item.over_version_id for item in items] == [
        before.flows[flow]["published_version_id"] for flow, _ in (changed, running, new)
    ]
    assert [item.started for item in items] == [True, False, True]


async def test_an_integrator_undoes_it_in_one_call_where_releases_are_not_reviewed(firm: Company) -> None:
    changed, running = await changed_flows(firm, 2)
    new = ((await edited(firm, 50)).flow_id, 1)
    await firm.start(running[0])
    await firm.publish_all(changed, running, new, start=True)
    [release] = await releases_of(firm)
    assert await firm.undo_release(release.id, by="ada") == ReleaseOutcome(release.id)
    after = await lawful(firm)
    flows = [flow for flow, _ in (changed, running, new)]
    assert [notes_of(after, flow) for flow in flows] == [
        ([0, 100, 0], None, []),
        ([1, 101, 1], None, []),
        ([50], None, []),
    ]
    assert [after.flows[flow]["status"] for flow in flows] == ["INACTIVE", "ACTIVE", "INACTIVE"]
    assert (await held(firm, release.id)).state == "UNDONE"
    assert refused_for(await firm.undo_release(release.id, by="ada")) == ({"RELEASE_IS_CLOSED"},)


async def test_drafts_of_two_workspaces_are_two_releases(firm: Company) -> None:
    one, other = (await edited(firm, 1)).flow_id, (await edited(firm, 2, workspace="production")).flow_id
    await firm.publish_all((one, 1), (other, 1))
    releases = {release.workspace_id: release.id for release in await releases_of(firm)}
    items = {workspace: [item.flow_id for item in await items_of(firm, id_)] for workspace, id_ in releases.items()}
    assert items == {firm["development"]: [one], firm["production"]: [other]}


async def test_only_what_was_published_is_in_a_release_of_best_effort(firm: Company) -> None:
    one, moved, other = [((await edited(firm, note)).flow_id, 1) for note in range(3)]
    await saved(firm, moved[0], 9)
    await firm.publish_all(one, moved, other, mode=BatchMode.BEST_EFFORT)
    [release] = await releases_of(firm)
    assert [item.flow_id for item in await items_of(firm, release.id)] == [one[0], other[0]]


@pytest.mark.parametrize("mode", BatchMode)
async def test_a_call_that_publishes_nothing_is_no_release(firm: Company, mode: BatchMode) -> None:
    moved = ((await edited(firm, 1)).flow_id, 7)
    before = await everything_in(firm.database)
    await firm.publish_all(moved, mode=mode)
    assert await everything_in(firm.database) == before


async def test_a_call_that_is_sent_again_is_the_same_release(firm: Company) -> None:
    seen = [((await edited(firm, note)).flow_id, 1) for note in range(2)]
    for _ in range(2):
        batch = await firm.publish_all(*seen, idempotency_key="once")
        assert all(isinstance(result, Published) for result in batch.results)
    assert len(await releases_of(firm)) == 1


async def test_a_draft_that_is_published_by_itself_is_no_release(firm: Company) -> None:
    await firm.publish((await edited(firm, 1)).flow_id)
    assert await releases_of(firm) == []


async def test_an_owner_who_publishes_without_a_review_can_be_undone_by_a_reviewer(firm: Company) -> None:
    [seen] = await changed_flows(firm, 1)
    await reviewed(firm)
    await firm.publish_all(seen, by="ben")
    [release] = await releases_of(firm)
    assert refused_for(await firm.undo_release(release.id, by="ada")) == ({"INSUFFICIENT_PERMISSION"},)
    assert codes_of(await firm.undo_release(release.id)) == THROUGH


async def test_a_title_names_as_many_flows_as_fit_a_list(firm: Company) -> None:
    await firm.publish_all(*[((await edited(firm, note)).flow_id, 1) for note in range(40)])
    [release] = await releases_of(firm)
    assert release.title == ", ".join(["New flow"] * 20) + " and 20 more"
    assert len(release.title) <= 255


async def test_the_items_of_a_release_are_removed_with_its_workspace_alone(firm: Company) -> None:
    """A release outlives its flows (R7)."""
    seen = ((await edited(firm, 1)).flow_id, 1)
    await firm.publish_all(seen)
    await firm.delete(seen[0])
    async with firm.database.reading() as connection:
        assert [item.flow_id for item in await connection.rows(select(RELEASE_ITEM))] == [seen[0]]
