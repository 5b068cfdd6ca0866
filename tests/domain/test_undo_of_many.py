"""Undoing several copies or exports in one call, those onto one flow the latest first (B2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from app.domain.batch import BatchMode, BatchNotApplied, UndosWish
from app.domain.errors import Refused
from app.domain.flow import ShownFlow
from app.domain.input import InvalidInput
from app.domain.model import DraftId, ExportId, FlowId
from app.domain.undo import (
    CannotUndo,
    ChangeSinceExport,
    DraftState,
    ExportedDraft,
    ExportNotFound,
    FlowSince,
    Instead,
    UndoFacts,
    UndoPlan,
    earliest_of_flows,
    plan_undos,
)
from tests.domain.builders import PRODUCTION, guest, integrator

FLOW = FlowId("flow_1")
BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
ATOMIC, BEST_EFFORT = BatchMode.ATOMIC, BatchMode.BEST_EFFORT
OVERRIDDEN, EDITED = ChangeSinceExport.OVERRIDDEN_AGAIN, ChangeSinceExport.EDITED


def at(number: int) -> datetime:
    return BEGINNING + timedelta(days=number)


def shown(number: int) -> ShownFlow:
    """The flow as the export of that number left it."""
    return ShownFlow("Orders", f"Export {number}", None, at(number))


def chain(length: int, *, flow: str = FLOW, over_a_draft: bool = True, others: int = 0) -> dict[str, UndoFacts]:
    """Exports onto one flow, each of which set aside the draft of the one before it; the first that of a person."""
    facts = {}
    for number in range(1, length + 1):
        is_latest = number == length
        draft = ExportedDraft(
            DraftId(f"{flow} draft {number}"),
            FlowId(flow),
            DraftId(f"{flow} draft {number - 1}") if over_a_draft or number > 1 else None,
            other_states=length - 1 + over_a_draft + others,
        )
        facts[f"{flow} export {number}"] = UndoFacts(
            export_id=ExportId(f"{flow} export {number}"),
            access=integrator(PRODUCTION),
            created_at=at(number),
            shows=shown(length),
            before=shown(number - 1),
            since=None if is_latest else OVERRIDDEN,
            overridden_at=None if is_latest else at(number + 1),
            draft=draft,
            flow=FlowSince(
                draft=DraftState.ACTIVE if is_latest else DraftState.ASIDE,
                set_aside=DraftState.ASIDE,
                has_draft=True,
                has_later_export=number == length - 1,
            ),
            draft_revision=length + 1,
        )
    return facts


@pytest.mark.parametrize("order", list(permutations([1, 2, 3])))
def test_the_latest_is_undone_first_whatever_the_order_of_the_input(order: tuple[int, ...]) -> None:
    facts = chain(3)
    ids = [f"{FLOW} export {number}" for number in order]
    decided = plan_undos(facts, UndosWish(tuple(ids)))
    assert [plan.export_id for plan in decided.accepted] == ids
    by_number = {plan.export_id: plan for plan in decided.accepted}
    plans = [by_number[ExportId(f"{FLOW} export {number}")] for number in (3, 2, 1)]
    # Each restored draft is counted on (H1), and the flow shows what it showed before the first.
    assert [(plan.revision, plan.shows, plan.draft.other_states) for plan in plans] == [
        (5, shown(2), 3),
        (6, shown(1), 2),
        (7, shown(0), 1),
    ]
    assert not any(plan.deletes_flow for plan in plans)
    assert earliest_of_flows(decided.accepted) == {FLOW: plans[-1]}


@pytest.mark.parametrize(("others", "deletes_flow"), [(0, True), (1, False)])
def test_a_flow_that_the_first_export_made_goes_with_it_if_nothing_else_is_there(
    others: int, deletes_flow: bool
) -> None:
    facts = chain(3, over_a_draft=False, others=others)
    decided = plan_undos(facts, UndosWish(tuple(facts)))
    assert [plan.deletes_flow for plan in decided.accepted] == [deletes_flow, False, False]
    assert earliest_of_flows(decided.accepted) == {FLOW: decided.accepted[0]}


def test_flows_are_undone_independently_of_each_other() -> None:
    first, second = chain(2), chain(3, flow="flow_2", over_a_draft=False)
    alone = [
        *plan_undos(first, UndosWish(tuple(first))).accepted,
        *plan_undos(second, UndosWish(tuple(second))).accepted,
    ]
    assert plan_undos({**second, **first}, UndosWish((*first, *second))).accepted == alone


def test_an_earlier_export_is_refused_without_the_later_one() -> None:
    facts = chain(3)
    first, second, third = facts
    alone = {export_id: facts[export_id] for export_id in (first, second)}
    decided = plan_undos(alone, UndosWish((first, second)))
    refused = [decision.errors for decision in decided.results if isinstance(decision, Refused)]
    assert refused == [
        (CannotUndo("Orders", OVERRIDDEN, Instead.RESTORE_DRAFT),),
        (CannotUndo("Orders", OVERRIDDEN, Instead.UNDO_LATER_EXPORT),),
    ]
    assert [error.path for errors in refused for error in errors] == [("exportIds", "0"), ("exportIds", "1")]
    skipped = plan_undos({first: facts[first], third: facts[third]}, UndosWish((first, third), BEST_EFFORT))
    assert [type(decision) for decision in skipped.results] == [Refused, UndoPlan]


@pytest.mark.parametrize("mode", BatchMode)
def test_where_a_later_export_is_refused_the_earlier_ones_are_as_well(mode: BatchMode) -> None:
    facts, other = chain(3), chain(1, flow="flow_2")
    first, second, third = facts
    facts[third] = replace(facts[third], since=EDITED)
    decided = plan_undos({**facts, **other}, UndosWish((first, *other, third, second), mode))
    told = [
        [(type(error), getattr(error, "since", None)) for error in decision.errors]
        if isinstance(decision, Refused)
        else decision.export_id
        for decision in decided.results
    ]
    applied = [(BatchNotApplied, None)] if mode is ATOMIC else "flow_2 export 1"
    assert told == [[(CannotUndo, OVERRIDDEN)], applied, [(CannotUndo, EDITED)], [(CannotUndo, OVERRIDDEN)]]


def test_a_draft_that_was_changed_before_it_was_set_aside_stays() -> None:
    facts = chain(3)
    first, second, third = facts
    facts[second] = replace(facts[second], since=EDITED, overridden_at=None)
    decided = plan_undos(facts, UndosWish((first, second, third), BEST_EFFORT))
    assert [type(decision) for decision in decided.results] == [Refused, Refused, UndoPlan]


def test_a_draft_that_was_set_aside_once_more_stays() -> None:
    """Restored by hand after the export that set it aside, and set aside by another one."""
    facts = chain(2)
    first, second = facts
    facts[first] = replace(facts[first], overridden_at=at(1))
    decided = plan_undos(facts, UndosWish((second, first), BEST_EFFORT))
    assert [type(decision) for decision in decided.results] == [UndoPlan, Refused]


def test_a_draft_that_is_no_longer_kept_is_not_restored_though_the_later_export_is_undone() -> None:
    facts = chain(2)
    first, second = facts
    draft = facts[first].draft
    assert draft is not None
    facts[first] = replace(facts[first], draft=replace(draft, is_kept=False), flow=FlowSince(has_draft=True))
    decided = plan_undos(facts, UndosWish((first, second), BEST_EFFORT))
    [refused, plan] = decided.results
    assert isinstance(plan, UndoPlan)
    assert isinstance(refused, Refused)
    assert refused.errors == (CannotUndo("Orders", ChangeSinceExport.EXPIRED, Instead.DISCARD_DRAFT),)


def test_a_record_that_is_named_twice_is_refused_at_the_later_item() -> None:
    facts = chain(2)
    first, second = facts
    decided = plan_undos(facts, UndosWish((first, second, first), BEST_EFFORT))
    assert [type(decision) for decision in decided.results] == [UndoPlan, UndoPlan, Refused]
    refused = decided.results[2]
    assert isinstance(refused, Refused)
    [error] = refused.errors
    assert isinstance(error, InvalidInput)
    assert (error.path, error.full_message) == (
        ("exportIds", "2"),
        "Orders: An earlier item of this call names the record already. Name it once.",
    )


def test_each_item_is_refused_as_a_single_call_is() -> None:
    facts = chain(1)
    [only] = facts
    facts[only] = replace(facts[only], access=guest(PRODUCTION))
    decided = plan_undos(facts, UndosWish((only, "export_unknown")))
    codes = [
        [error.code.value for error in decision.errors] if isinstance(decision, Refused) else []
        for decision in decided.results
    ]
    assert codes == [["INSUFFICIENT_PERMISSION"], ["EXPORT_NOT_FOUND"]]
    unknown = decided.results[1]
    assert isinstance(unknown, Refused)
    assert unknown.errors == (ExportNotFound("export_unknown"),)
