"""Releases of reviewed workspaces (R4, R5, R6, R7, R8): requested by one, applied by another, and undone."""

from typing import Any

import pytest
from sqlalchemy import select, update

from app.domain.batch import MOST_ITEMS
from app.domain.errors import Refused
from app.domain.release import ReleaseBasis, ReleaseOutcome
from app.domain.review import ReleaseIsStale
from app.storage.tables import CONTRACT, FLOW, RELEASE_ITEM, RELEASE_REQUEST
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import THROUGH, edited, lawful, published, refused_for, saved
from tests.lifecycle.test_reviewed_workspaces import reviewed
from tests.lifecycle.test_running import behind_the_rules

GONE = "release_01jgfjjz00fye93kdnsdh9qt8v"
DRAFT, VERSION = ReleaseBasis.DRAFT, ReleaseBasis.PUBLISHED_VERSION


async def changed_flows(firm: Company, number: int) -> list[tuple[str, int]]:
    """Published flows, each with a draft of another content, as they are seen."""
    flows = [(await published(firm, note))[0] for note in range(number)]
    for note, flow in enumerate(flows):
        await saved(firm, flow, 100 + note)
    return [(flow, 2) for flow in flows]


async def requested(firm: Company, *drafts: tuple[str, int], **said: Any) -> str:
    outcome = await firm.request(*drafts, **said)
    assert isinstance(outcome, ReleaseOutcome), outcome
    return outcome.release_id


async def held(firm: Company, release: str) -> Any:
    async with firm.database.reading() as connection:
        return await connection.row(select(RELEASE_REQUEST).where(RELEASE_REQUEST.c.id == release))


async def items_of(firm: Company, release: str) -> list[Any]:
    statement = select(RELEASE_ITEM).where(RELEASE_ITEM.c.request_id == release).order_by(RELEASE_ITEM.c.position)
    async with firm.database.reading() as connection:
        return [*await connection.rows(statement)]


async def test_an_admin_approves_what_an_integrator_requested_and_forty_versions_run_at_once(firm: Company) -> None:
    seen = await changed_flows(firm, 39) + [((await edited(firm, 39)).flow_id, 1)]
    await reviewed(firm)
    release = await requested(firm, *seen, start=True, comment="For Easter")
    before = await lawful(firm)
    assert [len(before.versions_of(flow)) for flow, _ in seen] == [1] * 39 + [0]
    assert await firm.review(release, comment="Looks good") == ReleaseOutcome(release)
    after = await lawful(firm)
    versions = [after.versions_of(flow)[-1] for flow, _ in seen]
    assert {(version["published_by"], version["published_at"]) for version in versions} == {(firm["ben"], firm.now)}
    assert [after.flows[flow]["published_version_id"] for flow, _ in seen] == [version["id"] for version in versions]
    assert {after.flows[flow]["status"] for flow, _ in seen} == {"ACTIVE"}
    row = await held(firm, release)
    assert (row.state, row.title, row.comment, row.review_comment) == ("APPLIED", "Spring", "For Easter", "Looks good")
    assert (row.requested_by, row.reviewed_by, row.closed_at) == (firm["ada"], firm["ben"], firm.now)
    items = await items_of(firm, release)
    assert [item.version_id for item in items] == [version["id"] for version in versions]
    assert {item.started for item in items} == {True}
    assert {item.author_id for item in items} == {firm["ada"]}


async def test_what_runs_already_goes_on_and_is_not_noted_as_started(firm: Company) -> None:
    running, stopped = await changed_flows(firm, 2)
    await firm.start(running[0])
    release = await requested(firm, running, stopped, start=True)
    assert codes_of(await firm.review(release)) == THROUGH
    assert [item.started for item in await items_of(firm, release)] == [False, True]


@pytest.mark.parametrize("number", [0, MOST_ITEMS + 1])
async def test_a_release_has_one_to_a_thousand_drafts(shared_firm: Company, number: int) -> None:
    before = await everything_in(shared_firm.database)
    outcome = await shared_firm.request(*[("flow", 1)] * number)
    assert isinstance(outcome, Refused)
    assert [(error.code.value, error.path) for error in outcome.errors] == [("INVALID_INPUT", ("items",))]
    assert await everything_in(shared_firm.database) == before


async def test_everything_that_is_wrong_with_a_request_is_said_at_once(firm: Company) -> None:
    """As publishing would be refused, but for the review itself (R2, R4)."""
    stale, elsewhere, good = await changed_flows(firm, 3)
    without = (await published(firm, 8))[0]
    there = (await edited(firm, 9, workspace="production")).flow_id
    await reviewed(firm)
    before = await everything_in(firm.database)
    drafts = [(stale[0], 1), good, good, (without, 1), (there, 1), ("no flow", 1)]
    outcome = await firm.request(*drafts, title=" ", comment="c" * 1001, idempotency_key="")
    assert isinstance(outcome, Refused)
    assert [(error.code.value, error.path) for error in outcome.errors] == [
        ("FLOW_NOT_FOUND", ("items", "5", "flowId")),
        ("STALE_DRAFT", ("items", "0", "expectedRevision")),
        ("STALE_DRAFT", ("items", "3", "expectedRevision")),
        ("INVALID_INPUT", ("items", "2", "flowId")),
        ("INVALID_INPUT", ("items", "4", "flowId")),
        ("INVALID_INPUT", ("idempotencyKey",)),
        ("INVALID_INPUT", ("title",)),
        ("INVALID_INPUT", ("comment",)),
    ]
    assert refused_for(await firm.request(elsewhere, by="gus")) == ({"INSUFFICIENT_PERMISSION"},)
    assert refused_for(await firm.request(elsewhere, by="olga")) == ({"FLOW_NOT_FOUND"},)
    assert await everything_in(firm.database) == before


async def test_what_is_not_ready_or_suspended_is_not_requested(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    empty = await firm.create("development", {"nodes": [], "edges": []})
    assert not isinstance(empty, Refused)
    await behind_the_rules(firm, update(FLOW).where(FLOW.c.id == flow[0]).values(status="SUSPENDED"))
    before = await everything_in(firm.database)
    outcome = await firm.request(flow, (empty.flow_id, 1), start=True)
    assert refused_for(outcome) == ({"DRAFT_NOT_READY", "FLOW_IS_SUSPENDED"},)
    await behind_the_rules(firm, update(CONTRACT).values(status="SUSPENDED"))
    assert refused_for(await firm.request(flow)) == ({"CONTRACT_SUSPENDED"},)
    await behind_the_rules(firm, update(CONTRACT).values(status="ACTIVE"))
    assert len(await everything_in(firm.database)) == len(before)


async def test_a_request_with_a_key_is_made_once(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    first = await requested(firm, flow, idempotency_key="one")
    before = await everything_in(firm.database)
    assert await firm.request(flow, idempotency_key="one") == ReleaseOutcome(first, replayed=True)
    assert refused_for(await firm.request(flow, idempotency_key="one", title="Other")) == ({"IDEMPOTENCY_KEY_REUSED"},)
    assert await everything_in(firm.database) == before


async def test_nobody_reviews_what_it_requested_and_nobody_without_the_permission(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow, by="ben")
    before = await everything_in(firm.database)
    assert refused_for(
        await firm.review(release, by="ben"),
        await firm.review(release, by="ada"),
        await firm.review(release, by="gus", reject=True),
        await firm.review(release, by="olga"),
        await firm.review(GONE),
        await firm.review("no id"),
        await firm.withdraw(release, by="gus"),
        await firm.withdraw(GONE),
        await firm.undo_release(release, by="ada"),
        await firm.undo_release(GONE),
    ) == (
        {"CANNOT_REVIEW_OWN_RELEASE"},
        {"INSUFFICIENT_PERMISSION"},
        {"INSUFFICIENT_PERMISSION"},
        {"RELEASE_NOT_FOUND"},
        {"RELEASE_NOT_FOUND"},
        {"RELEASE_NOT_FOUND"},
        {"INSUFFICIENT_PERMISSION"},
        {"RELEASE_NOT_FOUND"},
        {"RELEASE_IS_CLOSED"},
        {"RELEASE_NOT_FOUND"},
    )
    assert await everything_in(firm.database) == before


async def test_what_moved_keeps_all_of_it_from_being_published(firm: Company) -> None:
    first, second, third, fourth = await changed_flows(firm, 4)
    earlier = await requested(firm, second)
    await firm.review(earlier)
    await saved(firm, second[0], 6)
    release = await requested(firm, first, (second[0], 3), third, fourth)
    await saved(firm, first[0], 7)
    await firm.undo_release(earlier)
    await firm.publish(third[0])
    before = await everything_in(firm.database)
    outcome = await firm.review(release)
    assert isinstance(outcome, Refused)
    [stale] = outcome.errors
    assert isinstance(stale, ReleaseIsStale)
    assert [(item.position, item.moved_bases) for item in stale.items] == [
        (0, [DRAFT]),
        (1, [VERSION]),
        (2, [DRAFT, VERSION]),
    ]
    assert await everything_in(firm.database) == before
    assert (await held(firm, release)).state == "OPEN"


async def test_a_restored_draft_with_an_old_id_has_moved(firm: Company) -> None:
    """Its revision has grown."""
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow)
    draft = (await lawful(firm)).active_of(flow[0])
    assert draft is not None
    version = (await lawful(firm)).versions_of(flow[0])[0]["id"]
    await firm.revert(flow[0], version)
    await firm.restore(draft["id"])
    assert refused_for(await firm.review(release)) == ({"RELEASE_IS_STALE"},)


async def test_readiness_is_judged_again(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow, start=True)
    await behind_the_rules(firm, update(FLOW).where(FLOW.c.id == flow[0]).values(status="SUSPENDED"))
    assert refused_for(await firm.review(release)) == ({"FLOW_IS_SUSPENDED"},)
    await behind_the_rules(firm, update(CONTRACT).values(status="SUSPENDED"))
    assert refused_for(await firm.review(release)) == ({"CONTRACT_SUSPENDED"},)
    assert codes_of(await firm.review(release, reject=True)) == THROUGH


async def test_a_closed_request_stays_as_it_is(firm: Company) -> None:
    """Of two decisions one counts (R6)."""
    drafts = await changed_flows(firm, 3)
    rejected, withdrawn, applied = [await requested(firm, draft) for draft in drafts]
    await firm.review(rejected, reject=True)
    await firm.withdraw(withdrawn)
    await firm.review(applied)
    assert [(await held(firm, each)).state for each in (rejected, withdrawn, applied)] == [
        "REJECTED",
        "WITHDRAWN",
        "APPLIED",
    ]
    before = await everything_in(firm.database)
    for release in (rejected, withdrawn, applied):
        outcomes = (await firm.review(release), await firm.review(release, reject=True), await firm.withdraw(release))
        assert refused_for(*outcomes) == ({"RELEASE_IS_CLOSED"},) * 3
    assert (
        refused_for(await firm.undo_release(rejected), await firm.undo_release(withdrawn))
        == ({"RELEASE_IS_CLOSED"},) * 2
    )
    assert await everything_in(firm.database) == before


async def test_a_request_outlives_its_flows(firm: Company) -> None:
    [flow] = await changed_flows(firm, 1)
    release = await requested(firm, flow)
    await firm.delete(flow[0])
    [item] = await items_of(firm, release)
    assert item.flow_name == "New flow"
    assert refused_for(await firm.review(release)) == ({"RELEASE_IS_STALE"},)
    assert codes_of(await firm.withdraw(release)) == THROUGH
