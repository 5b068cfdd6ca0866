"""Reviewing and withdrawing a release that was requested (R5, R6), and undoing an applied one (R8)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from app.domain.access import (
    FLOW_EDIT,
    FLOW_RELEASE,
    FLOW_REVIEW,
    FLOW_TOGGLE_STATUS,
    ContractSuspended,
    InsufficientPermission,
    WorkspaceAccess,
    contract_suspended,
    is_reviewed,
    rights_missing,
)
from app.domain.batch import Metered
from app.domain.component import Step
from app.domain.errors import NotFound, Path, Refusal, Refused, Some, counted, enumerated, printable, refused
from app.domain.flow import Flow, FlowState
from app.domain.input import InvalidInput, description_mistakes
from app.domain.model import FlowId, FlowStatus, Kind, ReferenceKind, WorkspaceId
from app.domain.publish import PublishPlan, restored_state
from app.domain.readiness import DraftNotReady, not_ready
from app.domain.references import ReferenceAction, ReferenceOutcome
from app.domain.release import ReleaseFacts, ReleaseItem, ReleaseState
from app.domain.running import FlowIsSuspended, suspended_by_platform

RELEASE: Path = ("releaseId",)
COMMENT: Path = ("comment",)


class ReviewDecision(StrEnum):
    APPROVE = "APPROVE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class ReleaseNotFound(NotFound):
    kind = Kind.RELEASE


@dataclass(frozen=True, slots=True)
class CannotReviewOwnRelease(Refusal):
    title: str

    @property
    def message(self) -> str:
        return f"You requested the release {printable(self.title)} yourself. Ask another reviewer of the workspace."


@dataclass(frozen=True, slots=True)
class ReleaseIsClosed(Refusal):
    """The request isn't open any more or, of an undo, wasn't applied or is undone already (R6, R8)."""

    release_id: str
    title: str
    state: ReleaseState

    @property
    def message(self) -> str:
        release = f"The release {printable(self.title)}"
        if self.state is ReleaseState.OPEN:
            return f"{release} was never applied, so there is nothing to undo. Withdraw the request instead."
        return f"{release} is {self.state.lower()} already. Look at the release again."


@dataclass(frozen=True, slots=True)
class ReleaseIsStale(Refusal):
    """Items have moved since the release was requested (R5)."""

    items: tuple[ReleaseItem, ...] = field(hash=False)

    @property
    def message(self) -> str:
        return (
            f"{have_changed(self.items)} since the release was requested. "
            "Look at the changes, withdraw the request and request the release again."
        )


@dataclass(frozen=True, slots=True)
class CannotUndoRelease(Refusal):
    """Flows were published again, reverted or deleted since the release, or an earlier version used what is gone (R8)."""

    items: tuple[ReleaseItem, ...] = field(hash=False)
    gone: tuple[tuple[ReferenceKind, Step], ...] = ()
    """The references that the earlier version of the only item had and that are gone, with their steps."""

    @property
    def message(self) -> str:
        if self.gone:
            return (
                "The release can't be undone, since the earlier version of the flow "
                f"{printable(self.items[0].flow_name)} used what is gone: "
                f"{enumerated(self.gone, lambda each: f'the {each[0].lower()} of the step {each[1].label}')}. "
                "To restore the flow without that, use `revertFlow` with `publish`."
            )
        return (
            f"{have_changed(self.items)} since the release was applied, so the release can't be undone. "
            "Revert each flow of it on its own."
        )


def have_changed(items: Sequence[ReleaseItem]) -> str:
    flows = counted("flow", items, lambda item: printable(item.flow_name))
    return f"The {flows} {'has' if len(items) == 1 else 'have'} changed"


@dataclass(frozen=True, slots=True)
class ReviewWish:
    release_id: str
    decision: ReviewDecision
    comment: str | None = None


class RestoredFlow(NamedTuple):
    """A flow of a release that is undone."""

    flow_id: FlowId
    state: FlowState | None
    """The state of the version before the release, which becomes the next version; None where there was none."""
    stops: bool


@dataclass(frozen=True, slots=True)
class ReleaseTransition:
    """The end of a request or of an applied release: withdrawn, undone, or the decision of the reviewer.

    An approval publishes drafts, and may start their flows.
    """

    release_id: str
    workspace_id: WorkspaceId
    state: ReleaseState
    comment: str | None = None
    publishes: tuple[PublishPlan, ...] = ()
    """In the order of the items."""
    restores: tuple[RestoredFlow, ...] = ()
    """The flows of a release that is undone."""


ReviewRefusal = (
    ReleaseNotFound
    | InsufficientPermission
    | CannotReviewOwnRelease
    | ContractSuspended
    | ReleaseIsClosed
    | ReleaseIsStale
    | DraftNotReady
    | InvalidInput
    | FlowIsSuspended
)
WithdrawRefusal = ReleaseNotFound | InsufficientPermission | ReleaseIsClosed | InvalidInput
UndoReleaseRefusal = (
    ReleaseNotFound
    | InsufficientPermission
    | ContractSuspended
    | ReleaseIsClosed
    | DraftNotReady
    | InvalidInput
    | CannotUndoRelease
)


def plan_review(
    facts: ReleaseFacts | None, wish: ReviewWish, metered: Metered[ReleaseItem] = iter
) -> ReleaseTransition | Refused[ReviewRefusal]:
    """Decide a review by somebody else than the requester; an approval publishes all drafts as they were requested (R5).

    Refuses an approval of what has moved, or isn't ready. Without facts the caller can't see the request.
    """
    if facts is None:
        return Refused((ReleaseNotFound(wish.release_id, path=RELEASE),))
    errors = review_refused(facts, wish)
    if errors or wish.decision is ReviewDecision.REJECT:
        return refused(*errors) or ReleaseTransition(
            facts.id, facts.access.workspace.id, ReleaseState.REJECTED, wish.comment
        )
    plans, refusals = _publish_plans(facts, metered)
    return refused(*refusals) or ReleaseTransition(
        facts.id, facts.access.workspace.id, ReleaseState.APPLIED, wish.comment, tuple(plans)
    )


def review_refused(facts: ReleaseFacts, wish: ReviewWish) -> tuple[ReviewRefusal, ...]:
    """The refusals of a review, whatever its items are."""
    approves = wish.decision is ReviewDecision.APPROVE
    return (
        *rights_missing(facts.access, RELEASE, permission=FLOW_REVIEW),
        *(rights_missing(facts.access, RELEASE, permission=FLOW_TOGGLE_STATUS) if approves and facts.start else ()),
        *((CannotReviewOwnRelease(facts.title, path=RELEASE),) if facts.requested_by == facts.actor else ()),
        *(contract_suspended(facts.access, RELEASE) if approves else ()),
        *not_in_state(facts, ReleaseState.OPEN),
        *description_mistakes(wish.comment, COMMENT),
    )


def _publish_plans(facts: ReleaseFacts, metered: Metered[ReleaseItem]) -> tuple[list[PublishPlan], list[ReviewRefusal]]:
    """The plans of what is as it was requested, and the refusals of the rest."""
    plans: list[PublishPlan] = []
    stale_items = tuple(item for item in facts.items if item.moved_bases)
    refusals: list[ReviewRefusal] = [ReleaseIsStale(stale_items, path=RELEASE)] if stale_items else []
    for item in metered(facts.items):
        flow = facts.drafts.flows.get(item.flow_id)
        draft = None if flow is None else flow.draft
        if item.moved_bases or flow is None or draft is None:
            continue
        refusals += [
            *about_flow(not_ready(facts.drafts, flow, draft.state, RELEASE), flow),
            *(about_flow(suspended_by_platform(flow, RELEASE), flow) if facts.start else ()),
        ]
        plans.append(PublishPlan(flow, draft, facts.start and flow.status is not FlowStatus.ACTIVE))
    return plans, refusals


def plan_withdrawal(facts: ReleaseFacts | None, release_id: str) -> ReleaseTransition | Refused[WithdrawRefusal]:
    """Decide to withdraw an open request, for anybody who may edit flows there (R6).

    Without facts the caller can't see the request.
    """
    if facts is None:
        return Refused((ReleaseNotFound(release_id, path=RELEASE),))
    errors: tuple[WithdrawRefusal, ...] = (
        *rights_missing(facts.access, RELEASE, permission=FLOW_EDIT),
        *not_in_state(facts, ReleaseState.OPEN),
    )
    return refused(*errors) or ReleaseTransition(facts.id, facts.access.workspace.id, ReleaseState.WITHDRAWN)


def plan_undo_release(
    facts: ReleaseFacts | None, release_id: str, metered: Metered[ReleaseItem] = iter
) -> ReleaseTransition | Refused[UndoReleaseRefusal]:
    """Decide to undo an applied release: each flow gets its earlier version again, and flows that it started stop (R8).

    Refuses a release of which a flow was published again, reverted or deleted since, and an earlier version that isn't
    ready any more or used what is gone. Without facts the caller can't see the request.
    """
    if facts is None:
        return Refused((ReleaseNotFound(release_id, path=RELEASE),))
    if errors := undo_refused(facts):
        return Refused(errors)
    changed_items = tuple(item for item in facts.items if item.version_has_moved)
    refusals: list[UndoReleaseRefusal] = [CannotUndoRelease(changed_items, path=RELEASE)] if changed_items else []
    restored: list[RestoredFlow] = []
    for item in metered(facts.items):
        flow = facts.drafts.flows.get(item.flow_id)
        before = facts.drafts.version(item.flow_id, item.over_version_id)
        if item.version_has_moved or flow is None:
            continue
        state, references = (None, ()) if before is None else restored_state(facts.drafts, flow, before)
        if state is not None:
            blocked = about_flow(not_ready(facts.drafts, flow, state, RELEASE, is_restored=True), flow)
            refusals += blocked or references_gone(item, state, references)
        runs_only_since = item.started or state is None
        restored.append(RestoredFlow(flow.id, state, runs_only_since and flow.status is FlowStatus.ACTIVE))
    return refused(*refusals) or ReleaseTransition(
        facts.id, facts.access.workspace.id, ReleaseState.UNDONE, restores=tuple(restored)
    )


def undo_refused(facts: ReleaseFacts) -> tuple[UndoReleaseRefusal, ...]:
    """The refusals of undoing a release that don't depend on its items."""
    return (
        *rights_missing(facts.access, RELEASE, permission=undo_permission(facts.access)),
        *contract_suspended(facts.access, RELEASE),
        *not_in_state(facts, ReleaseState.APPLIED),
    )


def references_gone(
    item: ReleaseItem, state: FlowState, references: Iterable[ReferenceOutcome]
) -> tuple[CannotUndoRelease, ...]:
    """Refuse an earlier version that would be published without a reference that it had (R8)."""
    steps = {step.id: step for step in state.graph.steps}
    gone = tuple((each.kind, steps[each.step_id]) for each in references if each.action is ReferenceAction.CLEARED)
    return (CannotUndoRelease((item,), gone, path=RELEASE),) if gone else ()


def undo_permission(access: WorkspaceAccess) -> str:
    """The permission that undoing a release needs: in a reviewed workspace to review or to release (R8)."""
    if not is_reviewed(access):
        return FLOW_EDIT
    return FLOW_RELEASE if FLOW_RELEASE in access.permissions else FLOW_REVIEW


def not_in_state(facts: ReleaseFacts, expected: ReleaseState) -> tuple[ReleaseIsClosed, ...]:
    """Refuse a request that isn't in the expected state."""
    if facts.state is expected:
        return ()
    return (ReleaseIsClosed(facts.id, facts.title, facts.state, path=RELEASE),)


def about_flow(refusals: Iterable[Some], flow: Flow) -> tuple[Some, ...]:
    """The refusals, which name the flow: the path is that of the release."""
    return tuple(replace(refusal, about=flow.name) for refusal in refusals)
