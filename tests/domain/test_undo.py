"""Undoing a copy or export (P6): what comes back, and what stands in the way."""

import pytest

from app.domain.access import WorkspaceAccess
from app.domain.model import DraftId, ExportId, FlowId
from app.domain.undo import CannotUndo, ChangeSinceExport, ExportedDraft, UndoFacts, UndoPlan, plan_undo
from tests.domain.builders import PRODUCTION, contract, guest, integrator, workspace
from tests.domain.lifecycle import agreed, codes, reasons

CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))
THIS, FLOW, DRAFT, ASIDE = ExportId("export_1"), FlowId("flow_1"), DraftId("draft_1"), DraftId("draft_0")
OF_NEW_FLOW = ExportedDraft(DRAFT, FLOW, is_all_of_flow=True)
OVER_A_DRAFT = ExportedDraft(DRAFT, FLOW, ASIDE)
OVER_A_VERSION = ExportedDraft(DRAFT, FLOW)
OVER_THE_ONLY_DRAFT = ExportedDraft(DRAFT, FLOW, ASIDE, is_all_of_flow=True)
OVER_EXPIRED = ExportedDraft(DRAFT, FLOW, ASIDE, is_kept=False)


def facts(
    made: ExportedDraft | None, since: ChangeSinceExport | None = None, *, at: WorkspaceAccess | None = None
) -> UndoFacts:
    return UndoFacts(THIS, at or integrator(PRODUCTION), "Orders", since, made)


@pytest.mark.parametrize(
    ("made", "deletes_flow"),
    [(OF_NEW_FLOW, True), (OVER_A_DRAFT, False), (OVER_A_VERSION, False), (OVER_THE_ONLY_DRAFT, False)],
)
def test_the_new_flow_goes_or_what_was_there_comes_back(made: ExportedDraft, deletes_flow: bool) -> None:
    assert agreed(plan_undo(facts(made), THIS)) == UndoPlan(THIS, made, deletes_flow)


@pytest.mark.parametrize("made", [None, OF_NEW_FLOW, OVER_A_DRAFT, OVER_EXPIRED])
@pytest.mark.parametrize("since", ChangeSinceExport)
def test_what_was_done_first_since_stands_in_the_way(made: ExportedDraft | None, since: ChangeSinceExport) -> None:
    assert reasons(plan_undo(facts(made, since), THIS)) == (CannotUndo("Orders", since),)


def test_nothing_is_undone_of_which_nothing_is_left() -> None:
    assert reasons(plan_undo(facts(None), THIS)) == (CannotUndo("Orders", ChangeSinceExport.DISCARDED),)


def test_what_was_set_aside_and_is_no_longer_kept_can_not_be_restored() -> None:
    assert reasons(plan_undo(facts(OVER_EXPIRED), THIS)) == (CannotUndo("Orders", ChangeSinceExport.EXPIRED),)


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
