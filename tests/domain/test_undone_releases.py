"""Undoing a release (R8): what is restored, and what keeps it from that."""

import pytest

from app.domain.errors import Refusal, Refused
from app.domain.facts import Facts
from app.domain.flow import SavedState
from app.domain.model import UserId
from app.domain.readiness import DraftNotReady
from app.domain.release import ReleaseFacts, ReleaseItem, ReleaseState
from app.domain.review import CannotUndoRelease, plan_undo_release
from tests.domain.builders import DEVELOPMENT, STANDARD, catalogue, flow, integrator, publishes, sends, state

ADA = UserId("user_2")
ORDERS = flow(state(sends("1"), state_id="version_2"))
ITEM = ReleaseItem("release_1", 1, ORDERS.id, ORDERS.name, "draft_1", None, 1, "version_1", "version_2", False, False, False, False)  # fmt: skip
READY, WITHOUT_TOPIC = state(sends("1")), state(publishes("1"))
MOVED = ITEM._replace(version_has_moved=True)


@pytest.mark.parametrize(
    ("item", "earlier", "refusals"),
    [
        (ITEM, READY, []),
        (ITEM, WITHOUT_TOPIC, [DraftNotReady]),
        (MOVED, READY, [CannotUndoRelease]),
        (MOVED, WITHOUT_TOPIC, [CannotUndoRelease]),  # A flow that isn't restored need not be ready.
    ],
)
def test_what_keeps_a_release_from_being_undone(
    item: ReleaseItem, earlier: SavedState, refusals: list[type[Refusal]]
) -> None:
    drafts = Facts({ORDERS.id: ORDERS}, {ORDERS.id: {earlier.id: earlier}}, catalogue=catalogue(*STANDARD))
    access = integrator(DEVELOPMENT)
    facts = ReleaseFacts("release_1", "Spring", ReleaseState.APPLIED, False, "user_1", access, ADA, (item,), drafts)
    outcome = plan_undo_release(facts, "release_1")
    assert [type(error) for error in (outcome.errors if isinstance(outcome, Refused) else ())] == refusals
