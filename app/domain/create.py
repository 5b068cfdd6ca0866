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
from app.domain.component import Catalogue, Link, Step
from app.domain.errors import Refused, in_order
from app.domain.graph import Bindings, Json, TopicField, canonical, content_hash, links_of, split, steps_of
from app.domain.graph_input import graph_mistakes
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, name_mistakes
from app.domain.nouns import FlowType, ReferenceKind, Target, Workspace, WorkspaceId
from app.domain.quota import QuotaExceeded, quota_exceeded
from app.domain.references import CredentialNotAccessible, Destination, by_position, misplaced_references
from app.domain.topics import TopicNotAccessible, is_pub_sub

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
class Content:
    """A graph apart from its bindings, as it is stored: once, under the hash of its canonical JSON."""

    hash: str
    canonical: str
    steps: tuple[Step, ...]
    links: tuple[Link, ...] = ()


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
    misplaced: tuple[CreateRefusal, ...] = ()
    parted: tuple[Content, Bindings] | None = None
    if facts.workspace is not None and not graph_refused:
        parted = part(wish.graph, topic_fields(facts.catalogue, facts.workspace.workspace))
        misplaced = _misplaced(facts, facts.workspace, *parted)
    errors: tuple[CreateRefusal, ...] = in_order(
        (
            *(() if facts.workspace is not None else (WorkspaceNotFound(wish.workspace_id),)),
            *rights_missing(facts.workspace),
            *contract_suspended(facts.workspace),
            *misplaced,
            *(() if facts.workspace is None else quota_exceeded(facts.workspace.workspace, facts.flows_used)),
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


def part(graph: Json, topic_field: TopicField) -> tuple[Content, Bindings]:
    """A native graph as content ready for storing, and bindings."""
    content, bindings = split(graph, topic_field)
    text = canonical(content)
    return Content(content_hash(text), text, steps_of(content), links_of(content)), bindings


def topic_fields(catalogue: Catalogue, workspace: Workspace) -> TopicField:
    """Where the pub/sub steps of a flow in this workspace name their topic."""

    def topic_field(command: str) -> str | None:
        component = catalogue.resolve(command, workspace.contract.tenant_id)
        return component.topic_field if component is not None and is_pub_sub(component) else None

    return topic_field


def _misplaced(
    facts: CreateFacts, place: Place, content: Content, bindings: Bindings
) -> tuple[TopicNotAccessible | CredentialNotAccessible, ...]:
    """Every reference of the graph that can't be used in this workspace, in the order of the steps."""
    workspace = place.workspace
    there = Destination(workspace, targets=facts.targets, catalogue=facts.catalogue)
    components = resolve_all(content.steps, facts.catalogue, workspace)
    bound = by_position(bindings)
    bound_steps = [step for step in content.steps if step.position in bound]
    topics = [(step.id, bound[step.position].reference(ReferenceKind.TOPIC)) for step in bound_steps]
    return (
        *(
            TopicNotAccessible(topic, workspace, step_id)
            for step_id, topic in topics
            if topic is not None and not there.can_use(ReferenceKind.TOPIC, topic)
        ),
        *misplaced_references(content.steps, bindings, components, there),
    )
