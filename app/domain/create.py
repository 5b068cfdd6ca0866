"""Creating a flow from a native graph (C6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.access import (
    ContractSuspended,
    InsufficientPermission,
    Place,
    WorkspaceNotFound,
    contract_suspended,
    rights_missing,
)
from app.domain.bindings import resolve_all
from app.domain.component import Catalogue
from app.domain.content import Content, misplaced, part, topic_fields
from app.domain.errors import Refused, at, in_order
from app.domain.graph import Bindings, Json
from app.domain.graph_input import graph_mistakes
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, name_mistakes
from app.domain.model import FlowType, Target, Workspace, WorkspaceId
from app.domain.paths import WORKSPACE
from app.domain.quota import QuotaExceeded, quota_exceeded
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.topics import TopicNotAccessible

CreateRefusal = (
    WorkspaceNotFound
    | InsufficientPermission
    | ContractSuspended
    | TopicNotAccessible
    | CredentialNotAccessible
    | QuotaExceeded
    | InvalidInput
)


@dataclass(frozen=True, slots=True)
class CreateWish:
    workspace_id: str
    name: str
    graph: Json
    type: FlowType = FlowType.ORDINARY
    description: str | None = None
    cron: str | None = None


@dataclass(frozen=True, slots=True)
class CreateFacts:
    workspace: Place | None
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """What the graph names and the caller may see in this workspace."""
    flows_used: int = 0


@dataclass(frozen=True, slots=True)
class CreatePlan:
    workspace_id: WorkspaceId
    name: str
    description: str | None
    cron: str | None
    type: FlowType
    content: Content
    bindings: Bindings


def plan_create(facts: CreateFacts, wish: CreateWish) -> CreatePlan | Refused[CreateRefusal]:
    """Decide the creation of a flow: a draft, however unfinished (C6), or every refusal at once (X11)."""
    graph_refused = graph_mistakes(wish.graph)
    wrong: tuple[CreateRefusal, ...] = ()
    parted: tuple[Content, Bindings] | None = None
    if facts.workspace is not None and not graph_refused:
        parted = part(wish.graph, topic_fields(facts.catalogue, facts.workspace.workspace))
        wrong = _misplaced(facts, facts.workspace.workspace, *parted)
    errors: tuple[CreateRefusal, ...] = in_order(
        (
            *(() if facts.workspace is not None else (WorkspaceNotFound(wish.workspace_id, WORKSPACE),)),
            *at(WORKSPACE, rights_missing(facts.workspace)),
            *at(WORKSPACE, contract_suspended(facts.workspace)),
            *wrong,
            *at(WORKSPACE, () if facts.workspace is None else quota_exceeded(facts.workspace, facts.flows_used)),
            *name_mistakes(wish.name),
            *description_mistakes(wish.description),
            *cron_mistakes(wish.cron),
            *graph_refused,
        )
    )
    if errors or facts.workspace is None or parted is None:
        return Refused(errors)
    content, bindings = parted
    workspace_id, name = facts.workspace.workspace.id, wish.name.strip()
    return CreatePlan(workspace_id, name, wish.description, wish.cron, wish.type, content, bindings)


def _misplaced(
    facts: CreateFacts, workspace: Workspace, content: Content, bindings: Bindings
) -> tuple[TopicNotAccessible | CredentialNotAccessible, ...]:
    here = Destination(workspace, targets=facts.targets, catalogue=facts.catalogue)
    return misplaced(content.steps, bindings, resolve_all(content.steps, facts.catalogue, workspace), here)
