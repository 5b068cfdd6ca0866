"""H8: a draft that was set aside is restored in exchange for the present one."""

import pytest

from app.domain.draft import RestorePlan
from app.domain.errors import Refused
from app.domain.flow import DraftNotFound, Flow, SavedState
from app.domain.input import InvalidInput
from app.domain.model import DraftId
from tests.domain.builders import contract, draft, flow, guest, sends, state, workspace
from tests.domain.lifecycle import agreed, codes, reasons, restore

PUBLISHED, DRAFT = state(), draft(sends("1"), revision=4)
ASIDE = draft(sends("2"), state_id="draft_0", name="Before", revision=2)
CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))


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
    assert restore(its_flow, ASIDE) == RestorePlan(its_flow, ASIDE)
    assert (its_flow.draft_id, its_flow.shows_draft) == (sets_aside, renames)


def test_the_draft_that_is_being_edited_was_not_set_aside() -> None:
    (refusal,) = reasons(restore(flow(PUBLISHED, DRAFT), DRAFT))
    assert refusal == InvalidInput(
        ("draftId",),
        "This draft of the flow Orders was not set aside: it is the one that is being edited. "
        "Choose a draft that was set aside.",
    )


@pytest.mark.parametrize(("its_flow", "its_draft"), [(None, None), (None, ASIDE), (flow(PUBLISHED, DRAFT), None)])
def test_a_draft_that_isnt_there_is_not_found(its_flow: Flow | None, its_draft: SavedState | None) -> None:
    draft_id = "draft_wanted" if its_draft is None else its_draft.id
    assert restore(its_flow, its_draft) == Refused((DraftNotFound(None, None, draft_id),))


@pytest.mark.parametrize(
    ("its_draft", "expected"),
    [
        (ASIDE, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"]),
        (DRAFT, ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "INVALID_INPUT"]),
        (None, ["DRAFT_NOT_FOUND", "INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED"]),
    ],
)
def test_everything_that_stands_in_the_way_of_a_restore_is_said_at_once_in_order(
    its_draft: SavedState | None, expected: list[str]
) -> None:
    refused = restore(flow(PUBLISHED, DRAFT, at=guest(CLOSED)), its_draft)
    assert codes(refused) == expected


def test_restoring_changes_nothing_of_the_draft() -> None:
    assert agreed(restore(flow(PUBLISHED, DRAFT), ASIDE)).draft is ASIDE
