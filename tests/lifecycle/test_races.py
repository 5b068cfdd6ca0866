"""Two at the same draft at the same moment: the result is that of one after the other."""

import pytest

from app.domain.draft import DiscardPlan
from app.domain.export import Exported
from app.domain.publish import Published
from tests.lifecycle.company import Company
from tests.lifecycle.racing import (
    ROUNDS,
    THROUGH,
    at_once,
    edited,
    lawful,
    noted,
    notes_of,
    published,
    refused_for,
    saved,
    with_two_aside,
)

pytestmark = pytest.mark.parametrize("after", ROUNDS)


async def test_a_publish_and_a_save_that_state_the_same_revision_exclude_each_other(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    outcomes = await at_once(
        shared_firm.publish(flow, expected=1),
        shared_firm.update(flow, by="ben", expected_revision=1, graph=noted(2)),
        after,
    )
    held = await lawful(shared_firm)
    assert (refused_for(*outcomes), notes_of(held, flow)) in [
        ((THROUGH, {"STALE_DRAFT"}), ([1], None, [])),
        (({"STALE_DRAFT"}, THROUGH), ([], 2, [])),
    ]


async def test_a_publish_and_a_save_without_a_revision_both_go_through_one_after_the_other(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    outcomes = await at_once(shared_firm.publish(flow), shared_firm.update(flow, by="ben", graph=noted(2)), after)
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    assert notes_of(await lawful(shared_firm), flow) in [([1], 2, []), ([2], None, [])]


@pytest.mark.parametrize(("expected", "refusal"), [(None, "DRAFT_NOT_FOUND"), (1, "STALE_DRAFT")])
async def test_two_publishes_make_one_version(
    shared_firm: Company, after: int, expected: int | None, refusal: str
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    outcomes = await at_once(
        shared_firm.publish(flow, expected=expected), shared_firm.publish(flow, by="ben", expected=expected), after
    )
    assert refused_for(*outcomes) in [(THROUGH, {refusal}), ({refusal}, THROUGH)]
    assert notes_of(await lawful(shared_firm), flow) == ([1], None, [])


async def test_an_export_from_a_flow_that_is_published_takes_the_draft_or_the_version(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    exported, done = await at_once(
        shared_firm.export(flow, to="production"), shared_firm.publish(flow, by="ben"), after
    )
    assert isinstance(exported, Exported)
    assert isinstance(done, Published)
    held = await lawful(shared_firm)
    assert exported.copied_from in {"DRAFT", "PUBLISHED_VERSION"}
    assert notes_of(held, flow) == ([1], None, [])
    assert notes_of(held, exported.flow_id) == ([], 1, [])


async def test_an_export_onto_a_flow_that_is_published_comes_before_or_after_it(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(shared_firm.export(source, onto=flow), shared_firm.publish(flow, by="ben"), after)
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    assert notes_of(await lawful(shared_firm), flow) in [([1], 9, []), ([9], None, [1])]


async def test_a_publish_that_states_its_revision_never_publishes_what_was_exported_meanwhile(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(
        shared_firm.export(source, onto=flow), shared_firm.publish(flow, by="ben", expected=1), after
    )
    assert (refused_for(*outcomes), notes_of(await lawful(shared_firm), flow)) in [
        ((THROUGH, THROUGH), ([1], 9, [])),
        ((THROUGH, {"STALE_DRAFT"}), ([], 9, [1])),
    ]


async def test_two_restores_of_two_drafts_leave_one_active_and_lose_none(shared_firm: Company, after: int) -> None:
    flow, present, first, second = await with_two_aside(shared_firm)
    outcomes = await at_once(shared_firm.restore(first), shared_firm.restore(second, by="ben"), after)
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    held = await lawful(shared_firm)
    active = held.active_of(flow)
    assert active is not None
    assert active["id"] in {first, second}
    assert {draft["id"] for draft in held.drafts_of(flow)} == {present, first, second}
    assert held.flows[flow]["draft_revision"] == 6


async def test_two_restores_of_one_draft_restore_it_once(shared_firm: Company, after: int) -> None:
    flow, present, first, second = await with_two_aside(shared_firm)
    outcomes = await at_once(shared_firm.restore(first), shared_firm.restore(first, by="ben"), after)
    assert refused_for(*outcomes) in [(THROUGH, {"INVALID_INPUT"}), ({"INVALID_INPUT"}, THROUGH)]
    held = await lawful(shared_firm)
    assert [draft["id"] for draft in held.drafts_of(flow)] == [second, present, first]
    assert held.flows[flow]["draft_revision"] == 5


async def test_a_revert_and_an_export_onto_the_flow_both_make_their_draft_and_lose_none(
    shared_firm: Company, after: int
) -> None:
    flow, version = await published(shared_firm, 1)
    await saved(shared_firm, flow, 2)
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(shared_firm.revert(flow, version), shared_firm.export(source, onto=flow, by="ben"), after)
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    assert notes_of(await lawful(shared_firm), flow) in [([1], 9, [2, 1]), ([1], 1, [2, 9])]


async def test_a_revert_and_an_export_that_both_would_rather_be_refused_make_one_draft(
    shared_firm: Company, after: int
) -> None:
    flow, version = await published(shared_firm, 1)
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(
        shared_firm.revert(flow, version, refuse=True),
        shared_firm.export(source, onto=flow, by="ben", refuse=True),
        after,
    )
    assert (refused_for(*outcomes), notes_of(await lawful(shared_firm), flow)) in [
        ((THROUGH, {"DRAFT_ALREADY_EXISTS"}), ([1], 1, [])),
        (({"DRAFT_ALREADY_EXISTS"}, THROUGH), ([1], 9, [])),
    ]


async def test_a_revert_that_publishes_at_once_and_an_export_onto_the_flow_lose_no_draft(
    shared_firm: Company, after: int
) -> None:
    flow, version = await published(shared_firm, 1)
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(
        shared_firm.revert(flow, version, publish=True), shared_firm.export(source, onto=flow, by="ben"), after
    )
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    assert notes_of(await lawful(shared_firm), flow) in [([1, 1], 9, []), ([1, 1], None, [9])]


async def test_a_flow_that_is_discarded_while_it_is_exported_was_exported_or_not_found(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    exported, discarded = await at_once(
        shared_firm.export(flow, to="production"), shared_firm.discard(flow, by="ben"), after
    )
    assert isinstance(discarded, DiscardPlan)
    held = await lawful(shared_firm)
    assert flow not in held.flows
    if isinstance(exported, Exported):
        assert notes_of(held, exported.flow_id) == ([], 1, [])
    else:
        assert refused_for(exported) == ({"FLOW_NOT_FOUND"},)


async def test_a_flow_that_is_discarded_while_it_is_copied_was_copied_or_not_found(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    discarded, copied = await at_once(shared_firm.discard(flow, by="ben"), shared_firm.copy(flow), after)
    assert isinstance(discarded, DiscardPlan)
    held = await lawful(shared_firm)
    assert flow not in held.flows
    if isinstance(copied, Exported):
        assert notes_of(held, copied.flow_id) == ([], 1, [])
    else:
        assert refused_for(copied) == ({"FLOW_NOT_FOUND"},)


async def test_a_flow_that_is_discarded_while_it_is_exported_onto_is_gone_or_keeps_what_was_there(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(shared_firm.export(source, onto=flow), shared_firm.discard(flow, by="ben"), after)
    held = await lawful(shared_firm)
    notes = notes_of(held, flow) if flow in held.flows else None
    assert (refused_for(*outcomes), notes) in [
        (({"FLOW_NOT_FOUND"}, THROUGH), None),
        ((THROUGH, THROUGH), ([], None, [1])),
    ]


async def test_a_discard_that_states_its_revision_never_discards_what_was_exported_meanwhile(
    shared_firm: Company, after: int
) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    source, _ = await published(shared_firm, 9)
    outcomes = await at_once(
        shared_firm.export(source, onto=flow), shared_firm.discard(flow, by="ben", expected=1), after
    )
    held = await lawful(shared_firm)
    notes = notes_of(held, flow) if flow in held.flows else None
    assert (refused_for(*outcomes), notes) in [
        (({"FLOW_NOT_FOUND"}, THROUGH), None),
        ((THROUGH, {"STALE_DRAFT"}), ([], 9, [1])),
    ]


async def test_two_discards_of_one_draft_discard_it_once(shared_firm: Company, after: int) -> None:
    flow = (await edited(shared_firm, 1)).flow_id
    outcomes = await at_once(shared_firm.discard(flow), shared_firm.discard(flow, by="ben"), after)
    assert refused_for(*outcomes) in [(THROUGH, {"FLOW_NOT_FOUND"}), ({"FLOW_NOT_FOUND"}, THROUGH)]
    assert flow not in (await lawful(shared_firm)).flows


async def test_two_flows_that_are_exported_onto_each_other_at_once_wait_for_neither(
    shared_firm: Company, after: int
) -> None:
    one, _ = await published(shared_firm, 1)
    other, _ = await published(shared_firm, 2)
    outcomes = await at_once(shared_firm.export(one, onto=other), shared_firm.export(other, onto=one, by="ben"), after)
    assert refused_for(*outcomes) == (THROUGH, THROUGH)
    held = await lawful(shared_firm)
    assert (notes_of(held, one), notes_of(held, other)) == (([1], 2, []), ([2], 1, []))
