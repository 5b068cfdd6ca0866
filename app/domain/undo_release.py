"""Undoing an applied release (R8)."""

from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.access import (
    FLOW_EDIT,
    FLOW_RELEASE,
    FLOW_REVIEW,
    ContractSuspended,
    InsufficientPermission,
    WorkspaceAccess,
    contract_suspended,
    is_reviewed,
    rights_missing,
)
from app.domain.errors import Refusal, Refused, refused
from app.domain.flow import FlowState
from app.domain.input import InvalidInput
from app.domain.model import FlowId, FlowStatus, WorkspaceId
from app.domain.publish import reverted
from app.domain.readiness import DraftNotReady, not_ready
from app.domain.release import ReleaseItem, ReleaseState
from app.domain.review import (
    RELEASE,
    Count,
    ReleaseFacts,
    ReleaseIsClosed,
    ReleaseNotFound,
    about_flow,
    closed,
    have_changed,
)


@dataclass(frozen=True, slots=True)
class CannotUndoRelease(Refusal):
    """Flows were published again, reverted or deleted since the release (R8)."""

    items: tuple[ReleaseItem, ...] = field(hash=False)

    @property
    def message(self) -> str:
        return (
            f"{have_changed(self.items)} since the release was applied, so the release can't be undone. "
            "Revert each flow of it on its own."
        )


class RestoredFlow(NamedTuple):
    """A flow of a release that is undone."""

    flow_id: FlowId
    state: FlowState | None
    """The state of the version before the release, which becomes the next version; None where there was none."""
    stops: bool


@dataclass(frozen=True, slots=True)
class UndoReleasePlan:
    release_id: str
    workspace_id: WorkspaceId
    flows: tuple[RestoredFlow, ...]


UndoReleaseRefusal = (
    ReleaseNotFound
    | InsufficientPermission
    | ContractSuspended
    | ReleaseIsClosed
    | DraftNotReady
    | InvalidInput
    | CannotUndoRelease
)


def plan_undo_release(
    facts: ReleaseFacts | None, release_id: str, count: Count = iter
) -> UndoReleasePlan | Refused[UndoReleaseRefusal]:
    """Decide to undo an applied release: each flow gets its earlier version again, and flows that it started stop (R8).

    Refuses a release of which a flow was published again, reverted or deleted since, and an earlier version that isn't
    ready any more. Without facts the caller can't see the request.
    """
    if facts is None:
        return Refused((ReleaseNotFound(release_id, path=RELEASE),))
    if errors := undo_refused(facts):
        return Refused(errors)
    moved = tuple(item for item in facts.items if item.version_has_moved)
    refusals: list[UndoReleaseRefusal] = [CannotUndoRelease(moved, path=RELEASE)] if moved else []
    restored: list[RestoredFlow] = []
    for item in count(facts.items):
        flow = facts.drafts.flows.get(item.flow_id)
        before = facts.drafts.version(item.flow_id, item.over_version_id)
        if item.version_has_moved or flow is None:
            continue
        state = None if before is None else reverted(facts.drafts, flow, before)[0]
        if state is not None:
            refusals += about_flow(not_ready(facts.drafts, flow, state, RELEASE, is_restored=True), flow)
        runs_only_since = item.started or state is None
        restored.append(RestoredFlow(flow.id, state, runs_only_since and flow.status is FlowStatus.ACTIVE))
    return refused(*refusals) or UndoReleasePlan(facts.id, facts.workspace_id, tuple(restored))


def undo_refused(facts: ReleaseFacts) -> tuple[UndoReleaseRefusal, ...]:
    """The refusals of undoing a release that don't depend on its items."""
    return (
        *rights_missing(facts.access, RELEASE, permission=undo_permission(facts.access)),
        *contract_suspended(facts.access, RELEASE),
        *closed(facts, ReleaseState.APPLIED),
    )


def undo_permission(access: WorkspaceAccess) -> str:
    """The permission that undoing a release needs: in a reviewed workspace to review or to release (R8)."""
    if not is_reviewed(access):
        return FLOW_EDIT
    return FLOW_RELEASE if FLOW_RELEASE in access.permissions else FLOW_REVIEW
