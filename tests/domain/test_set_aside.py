"""H8: a draft that is discarded may go; one that was set aside comes back in exchange for the present one."""

import pytest

from app.domain.errors import Refused
from app.domain.flow import Flow, SavedState
from app.domain.input import InvalidInput
from app.domain.model import DraftId, FlowId
from app.domain.set_aside import DiscardPlan, RestorePlan
from app.domain.source import DraftNotFound
from tests.domain.builders import DEVELOPMENT, contract, draft, flow, guest, sends, state, workspace
from tests.domain.lifecycle import agreed, codes, discard, reasons, restore

PUBLISHED, DRAFT = state(), draft(sends("1"), revision=4)
ASIDE = draft(sends("2"), state_id="draft_0", name="Before", revision=2)
CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))


@pytest.mark.parametrize(
    ("published", "set_aside", "deletes_flow"),
    [(None, False, True), (None, True, False), (PUBLISHED, False, False), (PUBLISHED, True, False)],
)
def test_only_the_only_draft_of_a_flow_never_published_takes_the_flow_with_it(
    published: SavedState | None, set_aside: bool, deletes_flow: bool
) -> None:
    plan = discard(flow(published, DRAFT), set_aside=set_aside)
    assert plan == DiscardPlan(FlowId("flow_source"), DraftId("draft_1"), deletes_flow)


@pytest.mark.parametrize(
    ("its_flow", "expecting", "expected"),
    [
        (None, None, ["FLOW_NOT_FOUND"]),
        (flow(PUBLISHED), None, ["DRAFT_NOT_FOUND"]),
        (flow(PUBLISHED, DRAFT), 3, ["STALE_DRAFT"]),
        (flow(PUBLISHED, DRAFT, at=guest(DEVELOPMENT)), 4, ["INSUFFICIENT_PERMISSION"]),
        (flow(PUBLISHED, DRAFT, at=CLOSED), None, ["CONTRACT_SUSPENDED"]),
        (flow(None, DRAFT, at=guest(CLOSED)), 3, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "STALE_DRAFT"]),
        (flow(None, None, at=guest(CLOSED)), 4, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "STALE_DRAFT"]),
        (
            flow(None, None, at=guest(CLOSED)),
            None,
            ["DRAFT_NOT_FOUND", "INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"],
        ),
    ],
)
def test_everything_that_stands_in_the_way_of_a_discard_is_said_at_once_in_order(
    its_flow: Flow | None, expecting: int | None, expected: list[str]
) -> None:
    assert codes(discard(its_flow, expecting=expecting)) == expected


@pytest.mark.parametrize(
    ("its_flow", "sets_aside", "renames"),
    [
        (flow(PUBLISHED, DRAFT), DraftId("draft_1"), False),
        (flow(PUBLISHED), None, False),
        (flow(None, DRAFT), DraftId("draft_1"), True),
        (flow(None, None), None, True),
    ],
)
def test_a_draft_that_was_set_aside_comes_back_as_it_was_in_exchange_for_the_present_one(
    its_flow: Flow, sets_aside: DraftId | None, renames: bool
) -> None:
    assert restore(its_flow, ASIDE) == RestorePlan(FlowId("flow_source"), ASIDE, sets_aside, renames)


def test_the_draft_that_is_being_edited_was_not_set_aside() -> None:
    (refusal,) = reasons(restore(flow(PUBLISHED, DRAFT), DRAFT, is_set_aside=False))
    assert refusal == InvalidInput(
        ("draftId",),
        "This draft of the flow Orders was not set aside: it is the one that is being edited. "
        "Choose a draft that was set aside.",
    )


@pytest.mark.parametrize(("its_flow", "its_draft"), [(None, None), (None, ASIDE), (flow(PUBLISHED, DRAFT), None)])
def test_a_draft_that_isnt_there_is_not_found(its_flow: Flow | None, its_draft: SavedState | None) -> None:
    draft_id = "draft_wanted" if its_draft is None else its_draft.id
    assert restore(its_flow, its_draft, is_set_aside=False) == Refused((DraftNotFound(None, None, draft_id),))


@pytest.mark.parametrize(
    ("its_draft", "is_set_aside", "expected"),
    [
        (ASIDE, True, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"]),
        (DRAFT, False, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "INVALID_INPUT"]),
        (None, False, ["DRAFT_NOT_FOUND", "INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"]),
    ],
)
def test_everything_that_stands_in_the_way_of_a_restore_is_said_at_once_in_order(
    its_draft: SavedState | None, is_set_aside: bool, expected: list[str]
) -> None:
    refused = restore(flow(PUBLISHED, DRAFT, at=guest(CLOSED)), its_draft, is_set_aside=is_set_aside)
    assert codes(refused) == expected


def test_restoring_changes_nothing_of_the_draft() -> None:
    assert agreed(restore(flow(PUBLISHED, DRAFT), ASIDE)).draft is ASIDE
