"""Releases that are undone (R8): earlier versions come back, and what the release started stops."""

from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.publish import Published
from app.domain.release import ReleaseOutcome
from app.domain.review import CannotUndoRelease
from app.domain.undo import Undone
from tests.api.feed import events_of
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import THROUGH, edited, lawful, notes_of, published, refused_for, saved
from tests.lifecycle.test_releases import changed_flows, held, requested
from tests.lifecycle.test_reviewed_workspaces import reviewed


async def test_an_undone_release_gives_each_flow_its_earlier_content_and_stops_what_it_started(firm: Company) -> None:
    running, stopped = await changed_flows(firm, 2)
    new = ((await edited(firm, 50)).flow_id, 1)
    await firm.start(running[0])
    await reviewed(firm)
    release = await requested(firm, running, stopped, new, start=True)
    await firm.review(release)
    await saved(firm, running[0], 77)
    assert await firm.undo_release(release) == ReleaseOutcome(release)
    after = await lawful(firm)
    assert notes_of(after, running[0]) == ([0, 100, 0], 77, [])
    assert notes_of(after, stopped[0]) == ([1, 101, 1], None, [])
    assert notes_of(after, new[0]) == ([50], None, [])
    assert [after.flows[flow]["status"] for flow, _ in (running, stopped, new)] == ["ACTIVE", "INACTIVE", "INACTIVE"]
    row = await held(firm, release)
    assert (row.state, row.undone_at) == ("UNDONE", firm.now)
    before = await everything_in(firm.database)
    assert refused_for(await firm.undo_release(release)) == ({"RELEASE_IS_CLOSED"},)
    assert await everything_in(firm.database) == before


async def test_a_release_is_not_undone_over_what_was_done_since(firm: Company) -> None:
    again, gone, same = await changed_flows(firm, 3)
    release = await requested(firm, again, gone, same)
    await firm.review(release)
    await saved(firm, again[0], 7)
    assert isinstance(await firm.publish(again[0]), Published)
    await firm.delete(gone[0])
    before = await everything_in(firm.database)
    outcome = await firm.undo_release(release)
    assert isinstance(outcome, Refused)
    [cannot] = outcome.errors
    assert isinstance(cannot, CannotUndoRelease)
    assert [item.flow_id for item in cannot.items] == [again[0], gone[0]]
    assert await everything_in(firm.database) == before


async def test_who_may_undo_a_release(firm: Company) -> None:
    """Integrators in open workspaces, reviewers and releasers in reviewed ones; no second person (R8)."""
    first, second = await changed_flows(firm, 2)
    one, other = await requested(firm, first), await requested(firm, second)
    await firm.review(one)
    await firm.review(other)
    assert codes_of(await firm.undo_release(one, by="ada")) == THROUGH
    await reviewed(firm)
    assert refused_for(await firm.undo_release(other, by="ada")) == ({"INSUFFICIENT_PERMISSION"},)
    assert codes_of(await firm.undo_release(other, by="ben")) == THROUGH
    events = [event for event in await events_of(firm.url) if event["type"] == "FLOW_PUBLISHED"]
    # Ben may release alone (R3); an undo is no such act.
    assert {event["without_review"] for event in events} == {False}


async def test_an_export_that_is_undone_after_a_release_leaves_the_flow_as_it_is_shown(firm: Company) -> None:
    [(flow, _)] = await changed_flows(firm, 1)
    await firm.update(flow, name="Renamed by the release")
    release = await requested(firm, (flow, 3))
    await firm.review(release)
    exported = await firm.export((await published(firm, 9))[0], onto=flow)
    assert isinstance(exported, Exported)
    await firm.undo_release(release)
    shown = (await lawful(firm)).flows[flow]
    assert shown["name"] == "New flow"
    assert isinstance(await firm.undo(exported.export_id), Undone)
    after = (await lawful(firm)).flows[flow]
    assert {name: after[name] for name in ("name", "name_key", "published_version_id")} == {
        name: shown[name] for name in ("name", "name_key", "published_version_id")
    }
