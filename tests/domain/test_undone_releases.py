"""Undoing a release (R8): what is restored, and what keeps it from that."""

from collections.abc import Mapping, Sequence

import pytest

from app.domain.errors import Refusal, Refused
from app.domain.facts import Facts
from app.domain.flow import SavedState
from app.domain.model import ReferenceKind, UserId
from app.domain.readiness import DraftNotReady
from app.domain.release import ReleaseFacts, ReleaseItem, ReleaseState
from app.domain.review import CannotUndoRelease, plan_undo_release
from tests.domain.builders import (
    DEVELOPMENT,
    STANDARD,
    catalogue,
    flow,
    integrator,
    known,
    publishes,
    sends,
    state,
    step,
    target,
)

ADA = UserId("user_2")
ORDERS = flow(state(sends("1"), state_id="version_2"))
ITEM = ReleaseItem("release_1", 1, ORDERS.id, ORDERS.name, "draft_1", None, 1, "version_1", "version_2", False, False, False, False)  # fmt: skip
READY, WITHOUT_TOPIC = state(sends("1")), state(publishes("1"))
AGENT = target(ReferenceKind.AGENT, "Cellar", DEVELOPMENT)
WITH_AGENT = state(sends("1", agent=AGENT.id))
GONE = state(sends("1", agent="agent_gone", credential="credential_gone").named("Send"))
GONE_WITHOUT_TOPIC = state(step("1", "acme/pub-sub:pub", agent="agent_gone"))
MOVED = ITEM._replace(version_has_moved=True)


@pytest.mark.parametrize(
    ("item", "earlier", "refusals"),
    [
        (ITEM, READY, []),
        (ITEM, WITHOUT_TOPIC, [DraftNotReady]),
        (ITEM, WITH_AGENT, []),
        (ITEM, GONE, [CannotUndoRelease]),
        (ITEM, GONE_WITHOUT_TOPIC, [DraftNotReady]),  # Reverting with `publish` would be refused, too.
        (MOVED, READY, [CannotUndoRelease]),
        (MOVED, GONE, [CannotUndoRelease]),
        (MOVED, WITHOUT_TOPIC, [CannotUndoRelease]),  # A flow that isn't restored need not be ready.
    ],
)
def test_what_keeps_a_release_from_being_undone(
    item: ReleaseItem, earlier: SavedState, refusals: list[type[Refusal]]
) -> None:
    assert [type(error) for error in errors_of_undo(item, earlier)] == refusals


def errors_of_undo(item: ReleaseItem, earlier: SavedState) -> Sequence[Refusal]:
    versions: Mapping[str, Mapping[str, SavedState]] = {ORDERS.id: {earlier.id: earlier}}
    drafts = Facts({ORDERS.id: ORDERS}, versions, catalogue=catalogue(*STANDARD), targets=known(AGENT))
    access = integrator(DEVELOPMENT)
    facts = ReleaseFacts("release_1", "Spring", ReleaseState.APPLIED, False, "user_1", access, ADA, (item,), drafts)
    outcome = plan_undo_release(facts, "release_1")
    return outcome.errors if isinstance(outcome, Refused) else ()


def test_references_that_are_gone_are_named_with_their_steps() -> None:
    [refusal] = errors_of_undo(ITEM, GONE)
    assert isinstance(refusal, CannotUndoRelease)
    assert (refusal.items, refusal.path) == ((ITEM,), ("releaseId",))
    assert "used what is gone: the credential of the step Send, the agent of the step Send." in refusal.message
