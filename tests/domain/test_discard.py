"""H8: a draft that is discarded is gone, and with the only one of a flow that was never published the flow."""

import pytest

from app.domain.draft import DiscardPlan
from app.domain.flow import Flow, SavedState
from app.domain.model import DraftId, FlowId
from tests.domain.builders import DEVELOPMENT, contract, draft, flow, guest, sends, state, workspace
from tests.domain.lifecycle import codes, discard

PUBLISHED, DRAFT = state(), draft(sends("1"), revision=4)
CLOSED = workspace("Closed", contract("Lapsed Goods", suspended=True))


@pytest.mark.parametrize(
    ("published", "set_aside", "deletes_flow"),
    [(None, False, True), (None, True, False), (PUBLISHED, False, False), (PUBLISHED, True, False)],
)
def test_only_the_only_draft_of_a_flow_never_published_takes_the_flow_with_it(
    published: SavedState | None, set_aside: bool, deletes_flow: bool
) -> None:
    plan = discard(flow(published, DRAFT), set_aside=set_aside)
    assert plan == DiscardPlan(
        FlowId("flow_source"), DraftId("draft_1"), FlowId("flow_source") if deletes_flow else None
    )


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
