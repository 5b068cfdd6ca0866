"""Restoring an old version, as the new draft or published at once (H5)."""

from dataclasses import dataclass, replace

from app.domain.access import (
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    contract_suspended,
    rights_missing,
)
from app.domain.bindings import Rebinding, resolve_all
from app.domain.draft import DraftFacts, flow_not_found
from app.domain.errors import Refused, at, in_order
from app.domain.model import DraftId, FlowId, VersionId, VersionOrigin
from app.domain.override import DraftAlreadyExists, ExistingDraft, draft_in_the_way
from app.domain.paths import FLOW, VERSION
from app.domain.publish import not_ready
from app.domain.readiness import DraftNotReady
from app.domain.references import Destination, ReferenceOutcome
from app.domain.source import Flow, State, VersionNotFound

RevertRefusal = (
    FlowNotFound | VersionNotFound | InsufficientPermission | ContractSuspended | DraftAlreadyExists | DraftNotReady
)


@dataclass(frozen=True, slots=True)
class RevertWish:
    flow_id: str
    version_id: str
    publish: bool = False
    existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE


@dataclass(frozen=True, slots=True)
class RevertPlan:
    flow_id: FlowId
    state: State
    """What the new draft holds; its id is that of no draft yet."""
    sets_aside: DraftId | None
    references: tuple[ReferenceOutcome, ...]
    publish: bool


def plan_revert(facts: DraftFacts, wish: RevertWish) -> RevertPlan | Refused[RevertRefusal]:
    """Decide a revert, or give every reason against it. A binding that has disappeared is cleared and reported (H5)."""
    flow, version = facts.flow, facts.named_version
    reverted, references = (None, ()) if flow is None or version is None else _reverted(flow, version, facts)
    errors = in_order(
        (
            *flow_not_found(flow, wish.flow_id),
            *(
                (VersionNotFound(flow.id, flow.name, wish.version_id, VERSION),)
                if flow is not None and version is None
                else ()
            ),
            *at(FLOW, rights_missing(facts.place)),
            *at(FLOW, contract_suspended(facts.place)),
            *at(FLOW, draft_in_the_way(flow, wish.existing_draft)),
            *at(
                VERSION,
                not_ready(flow, reverted, facts) if flow is not None and reverted is not None and wish.publish else (),
            ),
        )
    )
    if errors or flow is None or reverted is None:
        return Refused(errors)
    sets_aside = None if flow.draft is None else DraftId(flow.draft.id)
    return RevertPlan(flow.id, reverted, sets_aside, references, wish.publish)


def _reverted(flow: Flow, version: State, facts: DraftFacts) -> tuple[State, tuple[ReferenceOutcome, ...]]:
    workspace = flow.place.workspace
    bound = Rebinding(
        components=resolve_all(version.steps, facts.catalogue, workspace),
        there=Destination(workspace, targets=facts.targets, catalogue=facts.catalogue),
        inside=True,
        given_topic=None,
        targets=facts.targets,
    ).bind(version)
    origin, revert_of = VersionOrigin.REVERT, VersionId(version.id)
    return replace(version, bindings=bound.bindings, origin=origin, revert_of=revert_of), bound.references
