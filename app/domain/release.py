"""Requests for releases (R4): drafts of one workspace, as they were seen, that are published together after a review."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceAccess, writing_refused
from app.domain.batch import Batch, BatchNotApplied, BatchWish, Metered, decide_items
from app.domain.draft import StaleDraft
from app.domain.errors import FLOW, Refused, enumerated, named, printable, refused
from app.domain.facts import Facts
from app.domain.flow import DraftNotFound, Flow
from app.domain.input import IdempotencyKeyReused, InvalidInput, description_mistakes, name_mistakes
from app.domain.model import UserId, Workspace, WorkspaceId
from app.domain.publish import PublishPlan, PublishWish, plan_publishable
from app.domain.readiness import DraftNotReady
from app.domain.running import FlowIsSuspended, suspended_by_platform

LONGEST_TITLE = 200
"""The characters of the names in a title."""


class ReleaseState(StrEnum):
    """A request is open until it is applied, rejected or withdrawn; an applied one may be undone (R6, R8)."""

    OPEN = "OPEN"
    APPLIED = "APPLIED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    UNDONE = "UNDONE"


class ReleaseBasis(StrEnum):
    """A part of a release item that can change after the request."""

    DRAFT = "DRAFT"
    PUBLISHED_VERSION = "PUBLISHED_VERSION"


class ReleaseItem(NamedTuple):
    """A draft of a release as it was when the release was requested, and whether it has moved since."""

    request_id: str
    position: int
    flow_id: str
    flow_name: str
    draft_id: str
    author_id: str | None
    """The user who made the draft, which is gone once it is published."""
    revision: int
    over_version_id: str | None
    """The version that was published then; None: the flow was never published."""
    version_id: str | None
    """The version that the draft was published as."""
    started: bool
    """Whether the release started the flow."""
    is_open: bool
    """Whether the request is open."""
    draft_has_moved: bool
    """Whether the draft was saved, set aside, discarded or published, while the request is open."""
    version_has_moved: bool
    """Whether another version is published than before the release or, of an applied one, than the release published."""

    @property
    def moved_bases(self) -> list[ReleaseBasis]:
        """The bases that have moved; none once the request is closed."""
        bases = {ReleaseBasis.DRAFT: self.draft_has_moved, ReleaseBasis.PUBLISHED_VERSION: self.version_has_moved}
        return [basis for basis, has_moved in bases.items() if self.is_open and has_moved]


RequestRefusal = (
    FlowNotFound
    | DraftNotFound
    | InsufficientPermission
    | ContractSuspended
    | StaleDraft
    | DraftNotReady
    | InvalidInput
    | IdempotencyKeyReused
    | FlowIsSuspended
)


@dataclass(frozen=True, slots=True)
class RequestWish(BatchWish[PublishWish]):
    """The drafts of a release, with what its reviewers read."""

    title: str = ""
    comment: str | None = None
    start: bool = False


class ReleasePlan(NamedTuple):
    """A release that is requested or, of drafts that are published in one call, applied without a request."""

    workspace_id: WorkspaceId
    title: str
    start: bool
    plans: tuple[PublishPlan, ...]
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A request that the caller can see, with its items and their flows as far as they matter."""

    id: str
    title: str
    state: ReleaseState
    start: bool
    requested_by: str
    access: WorkspaceAccess
    actor: UserId
    items: tuple[ReleaseItem, ...] = ()
    drafts: Facts = field(default_factory=Facts)
    """The facts about the drafts, or about the versions before an applied release."""


@dataclass(frozen=True, slots=True)
class ReleaseOutcome:
    """A release that was requested, reviewed, withdrawn or undone."""

    release_id: str
    replayed: bool = False


def applied_releases(plans: Iterable[PublishPlan]) -> list[ReleasePlan]:
    """The releases that drafts are if they are published in one call: one for each workspace, in their order (B4).

    A title names the flows, as far as they fit in 255 characters.
    """
    of_workspaces: dict[WorkspaceId, list[PublishPlan]] = {}
    for plan in plans:
        of_workspaces.setdefault(plan.flow.access.workspace.id, []).append(plan)
    return [
        ReleasePlan(
            workspace_id,
            enumerated(of_workspace, lambda plan: printable(plan.flow.name), LONGEST_TITLE),
            any(plan.starts_flow for plan in of_workspace),
            tuple(of_workspace),
        )
        for workspace_id, of_workspace in of_workspaces.items()
    ]


def plan_request(
    facts: Facts, wish: RequestWish, metered: Metered[PublishWish]
) -> ReleasePlan | Refused[RequestRefusal]:
    """Decide to request a release, or give every reason why its drafts couldn't be published, but for the review (R4).

    Refuses drafts of several workspaces.
    """
    flows = [facts.flows[item.flow_id] for item in wish.remaining.values() if item.flow_id in facts.flows]
    workspace = flows[0].access.workspace if flows else None

    def plan(item: PublishWish) -> PublishPlan | Refused[RequestRefusal]:
        flow = facts.flows.get(item.flow_id)
        if flow is None:
            return Refused((FlowNotFound(item.flow_id, path=FLOW),))
        refusals = (
            *writing_refused(flow.access, FLOW),
            *(suspended_by_platform(flow) if wish.start else ()),
            *_elsewhere(flow, workspace),
        )
        return plan_publishable(facts, flow, item, refusals)

    decided: Batch[PublishPlan, RequestRefusal | BatchNotApplied] = decide_items(
        wish, plan, lambda item: item.flow_id, facts.names, metered
    )
    errors = [
        *decided.refusals,
        *name_mistakes(wish.title, ("title",), of="release"),
        *description_mistakes(wish.comment, ("comment",)),
    ]
    refusal = refused(*(error for error in errors if not isinstance(error, BatchNotApplied)))
    if refusal is not None or workspace is None:
        return refusal or Refused((InvalidInput(wish.list_path, "A release has at least one draft."),))
    return ReleasePlan(workspace.id, wish.title.strip(), wish.start, tuple(decided.accepted), wish.comment)


def _elsewhere(flow: Flow, workspace: Workspace | None) -> tuple[InvalidInput, ...]:
    """Refuse a flow of another workspace than that of the first one."""
    if workspace is None or flow.access.workspace.id == workspace.id:
        return ()
    sentence = f"The flow lives in {named(flow.access.workspace)}, the first one in {named(workspace)}."
    return (InvalidInput(FLOW, f"{sentence} Request a release for each workspace."),)
