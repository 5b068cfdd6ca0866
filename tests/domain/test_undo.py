"""Undoing a copy or export (P6): what comes back, and what stands in the way."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.access import WorkspaceAccess
from app.domain.flow import ShownFlow
from app.domain.model import DraftId, ExportId, FlowId
from app.domain.undo import (
    CannotUndo,
    ChangeSinceExport,
    DraftState,
    ExportedDraft,
    FlowSince,
    Instead,
    UndoFacts,
    UndoPlan,
    plan_undo,
)
from tests.domain.builders import PRODUCTION, contract, guest, integrator, workspace
from tests.domain.lifecycle import agreed, codes, reasons

CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))
THIS, FLOW, DRAFT, ASIDE = ExportId("export_1"), FlowId("flow_1"), DraftId("draft_1"), DraftId("draft_0")
OF_NEW_FLOW = ExportedDraft(DRAFT, FLOW)
OVER_A_DRAFT = ExportedDraft(DRAFT, FLOW, ASIDE, other_states=1)
OVER_A_VERSION = ExportedDraft(DRAFT, FLOW, other_states=1)
OVER_THE_ONLY_DRAFT = ExportedDraft(DRAFT, FLOW, ASIDE)
OVER_EXPIRED = ExportedDraft(DRAFT, FLOW, ASIDE, is_kept=False, other_states=1)
UNTOUCHED = FlowSince()
EARLIER, EXPORTED, LATER = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
BEFORE = ShownFlow("Orders", "Takes orders", "0 4 * * *", EARLIER)
AS_EXPORTED = ShownFlow("Orders", "Takes all orders", None, EXPORTED)


def facts(
    made: ExportedDraft | None,
    since: ChangeSinceExport | None = None,
    *,
    at: WorkspaceAccess | None = None,
    shows: ShownFlow | None = AS_EXPORTED,
    before: ShownFlow | None = BEFORE,
    flow: FlowSince = UNTOUCHED,
    revision: int = 7,
) -> UndoFacts:
    overridden_at = LATER if since is ChangeSinceExport.OVERRIDDEN_AGAIN else None
    access = at or integrator(PRODUCTION)
    return UndoFacts(THIS, access, EXPORTED, shows, before, since, overridden_at, made, flow, revision)


@pytest.mark.parametrize(
    ("made", "deletes_flow", "revision"),
    [
        (OF_NEW_FLOW, True, 7),
        (OVER_A_DRAFT, False, 8),  # H1: what comes back is counted on
        (OVER_A_VERSION, False, 7),
        (OVER_THE_ONLY_DRAFT, False, 8),
    ],
)
def test_the_new_flow_goes_or_what_was_there_comes_back(made: ExportedDraft, deletes_flow: bool, revision: int) -> None:
    undone = plan_undo(facts(made), THIS)
    assert agreed(undone) == UndoPlan(THIS, EXPORTED, made, deletes_flow, revision, BEFORE)


@pytest.mark.parametrize(
    ("now", "before", "afterwards"),
    [
        (AS_EXPORTED, BEFORE, BEFORE),
        (replace(AS_EXPORTED, updated_at=LATER), BEFORE, replace(BEFORE, updated_at=LATER)),  # started since
        (AS_EXPORTED, None, AS_EXPORTED),  # the record doesn't say it
    ],
)
def test_the_flow_shows_what_it_did_but_for_a_start_or_stop_since(
    now: ShownFlow, before: ShownFlow | None, afterwards: ShownFlow
) -> None:
    assert agreed(plan_undo(facts(OVER_A_VERSION, shows=now, before=before), THIS)).shows == afterwards


def test_a_published_flow_shows_what_it_does_now() -> None:
    """Undoing a release publishes the version before it again, whatever the record says (R8, X5)."""
    undone = agreed(plan_undo(replace(facts(OVER_A_VERSION), is_published=True), THIS))
    assert undone.shows == replace(AS_EXPORTED, updated_at=EARLIER)


@pytest.mark.parametrize("made", [None, OF_NEW_FLOW, OVER_A_DRAFT, OVER_EXPIRED])
@pytest.mark.parametrize("since", ChangeSinceExport)
def test_what_was_done_first_since_stands_in_the_way(made: ExportedDraft | None, since: ChangeSinceExport) -> None:
    assert reasons(plan_undo(facts(made, since), THIS)) == (CannotUndo("Orders", since, Instead.NOTHING),)


def test_nothing_is_undone_of_which_nothing_is_left() -> None:
    assert reasons(plan_undo(facts(None), THIS)) == (CannotUndo("Orders", DISCARDED, Instead.NOTHING),)


def test_what_was_set_aside_and_is_no_longer_kept_can_not_be_restored() -> None:
    assert reasons(plan_undo(facts(OVER_EXPIRED), THIS)) == (CannotUndo("Orders", EXPIRED, Instead.NOTHING),)


ACTIVE, IS_ASIDE = DraftState.ACTIVE, DraftState.ASIDE
EDITED, PUBLISHED, OVERRIDDEN = (
    ChangeSinceExport.EDITED,
    ChangeSinceExport.PUBLISHED,
    ChangeSinceExport.OVERRIDDEN_AGAIN,
)
DISCARDED, EXPIRED = ChangeSinceExport.DISCARDED, ChangeSinceExport.EXPIRED


@pytest.mark.parametrize(
    ("made", "since", "flow", "instead"),
    [
        # its draft is still the one that is being edited
        (OF_NEW_FLOW, EDITED, FlowSince(ACTIVE, has_draft=True, is_new=True), Instead.DELETE),
        (OVER_A_VERSION, EDITED, FlowSince(ACTIVE, has_draft=True, had_version=True), Instead.DISCARD_DRAFT),
        (OVER_A_DRAFT, EDITED, FlowSince(ACTIVE, IS_ASIDE, has_draft=True), Instead.RESTORE_DRAFT),
        (OVER_EXPIRED, EXPIRED, FlowSince(ACTIVE, has_draft=True, had_version=True), Instead.DISCARD_DRAFT),
        (OVER_THE_ONLY_DRAFT, EXPIRED, FlowSince(ACTIVE, has_draft=True), Instead.DELETE),
        (
            OVER_A_VERSION,
            OVERRIDDEN,
            FlowSince(ACTIVE, has_draft=True, had_version=True, was_published=True),
            Instead.DISCARD_DRAFT,
        ),
        # it was published
        (None, PUBLISHED, FlowSince(had_version=True, was_published=True), Instead.REVERT),
        (None, EDITED, FlowSince(set_aside=IS_ASIDE, had_version=True, was_published=True), Instead.REVERT),
        (None, PUBLISHED, FlowSince(set_aside=IS_ASIDE, was_published=True), Instead.RESTORE_DRAFT),
        (None, PUBLISHED, FlowSince(is_new=True, was_published=True), Instead.DELETE),
        (None, PUBLISHED, FlowSince(is_new=True, was_published=True, is_running=True), Instead.STOP_AND_DELETE),
        (None, PUBLISHED, FlowSince(was_published=True, is_running=True), Instead.NOTHING),
        # another draft took its place
        (
            OVER_A_VERSION,
            OVERRIDDEN,
            FlowSince(IS_ASIDE, has_draft=True, had_version=True, has_later_export=True),
            Instead.UNDO_LATER_EXPORT,
        ),
        (OVER_A_VERSION, OVERRIDDEN, FlowSince(IS_ASIDE, has_draft=True, had_version=True), Instead.DISCARD_DRAFT),
        (OVER_A_VERSION, OVERRIDDEN, FlowSince(IS_ASIDE, had_version=True), Instead.NOTHING),
        (OVER_A_DRAFT, OVERRIDDEN, FlowSince(IS_ASIDE, IS_ASIDE, has_draft=True), Instead.RESTORE_DRAFT),
        (OVER_A_DRAFT, OVERRIDDEN, FlowSince(IS_ASIDE, ACTIVE, has_draft=True), Instead.NOTHING),
        (OF_NEW_FLOW, OVERRIDDEN, FlowSince(IS_ASIDE, has_draft=True, is_new=True), Instead.DELETE),
        # it was discarded
        (None, DISCARDED, FlowSince(set_aside=IS_ASIDE, had_version=True), Instead.RESTORE_DRAFT),
        (None, DISCARDED, FlowSince(has_draft=True, had_version=True), Instead.NOTHING),
        (None, EDITED, FlowSince(had_version=True), Instead.NOTHING),
    ],
)
def test_what_helps_instead_is_possible_as_the_flow_is_now(
    made: ExportedDraft | None, since: ChangeSinceExport, flow: FlowSince, instead: Instead
) -> None:
    assert reasons(plan_undo(facts(made, since, flow=flow), THIS)) == (CannotUndo("Orders", since, instead),)
    gone = plan_undo(facts(None, since, shows=None), THIS)
    assert reasons(gone) == (CannotUndo(None, since, Instead.NOTHING),)
    already = plan_undo(facts(made, ChangeSinceExport.ALREADY_UNDONE, flow=flow), THIS)
    assert reasons(already) == (CannotUndo("Orders", ChangeSinceExport.ALREADY_UNDONE, Instead.NOTHING),)
    [*_, refused] = reasons(plan_undo(facts(made, since, flow=flow, at=guest(PRODUCTION)), THIS))
    assert refused == CannotUndo("Orders", since)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ["EXPORT_NOT_FOUND"]),
        (facts(OF_NEW_FLOW, at=guest(PRODUCTION)), ["INSUFFICIENT_PERMISSION"]),
        (facts(OF_NEW_FLOW, at=integrator(CLOSED)), ["CONTRACT_SUSPENDED"]),
        (
            facts(OF_NEW_FLOW, ChangeSinceExport.EDITED, at=guest(CLOSED)),
            ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "CANNOT_UNDO"],
        ),
    ],
)
def test_everything_that_stands_in_the_way_is_said_at_once_in_order(
    given: UndoFacts | None, expected: list[str]
) -> None:
    outcome = plan_undo(given, THIS)
    assert codes(outcome) == expected
    assert {error.path for error in reasons(outcome)} == {("exportId",)}
