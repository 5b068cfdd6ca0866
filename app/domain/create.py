"""Creating a flow from a native graph (C6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.access import (
    ContractSuspended,
    InsufficientPermission,
    QuotaExceeded,
    WorkspaceAccess,
    WorkspaceNotFound,
    new_flow_refused,
)
from app.domain.component import Catalogue
from app.domain.content import Content, misplaced
from app.domain.errors import Refused, refused
from app.domain.flow import FlowState
from app.domain.graph import Json
from app.domain.graph_input import GraphMistakes, graph_mistakes
from app.domain.input import (
    IdempotencyKeyReused,
    InvalidInput,
    cron_mistakes,
    description_mistakes,
    key_mistakes,
    name_mistakes,
)
from app.domain.model import FlowType, Target, WorkspaceId
from app.domain.paths import WORKSPACE
from app.domain.references import CredentialNotAccessible, Destination
from app.domain.source_graph import SourceGraph
from app.domain.topics import TopicNotAccessible

CreateRefusal = (
    WorkspaceNotFound
    | InsufficientPermission
    | ContractSuspended
    | TopicNotAccessible
    | CredentialNotAccessible
    | QuotaExceeded
    | InvalidInput
    | IdempotencyKeyReused
)


@dataclass(frozen=True, slots=True)
class CreateWish:
    workspace_id: str
    name: str
    graph: Json
    type: FlowType = FlowType.ORDINARY
    description: str | None = None
    cron: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class CreateFacts:
    """The facts about a creation in a workspace that the caller can see."""

    access: WorkspaceAccess
    graph: Content | GraphMistakes
    """The graph that was sent."""
    catalogue: Catalogue = field(default_factory=Catalogue)
    targets: Mapping[str, Target] = field(default_factory=dict)
    """The references of the graph that the caller can see in this workspace."""
    flows_used: int = 0

    @property
    def size(self) -> int:
        """How much there is to decide about, in characters."""
        return len(self.graph.canonical) if isinstance(self.graph, Content) else 0


@dataclass(frozen=True, slots=True)
class CreatePlan:
    workspace_id: WorkspaceId
    type: FlowType
    state: FlowState
    content: Content


def plan_create(facts: CreateFacts | None, wish: CreateWish) -> CreatePlan | Refused[CreateRefusal]:
    """Decide the creation of a flow: a draft, however unfinished (C6), or every refusal at once (X11).

    Without facts the caller can't see the workspace.
    """
    if facts is None:
        unseen = WorkspaceNotFound(wish.workspace_id, path=WORKSPACE)
        return Refused((unseen, *_mistakes(wish), *graph_mistakes(wish.graph)))
    content, workspace = facts.graph, facts.access.workspace
    refusals: tuple[CreateRefusal, ...] = (
        *new_flow_refused(facts.access, facts.flows_used, WORKSPACE),
        *_mistakes(wish),
    )
    if not isinstance(content, Content):
        return Refused((*refusals, *content))
    sent = SourceGraph(content.graph, facts.catalogue, workspace)
    destination = Destination(workspace, facts.targets, facts.catalogue)
    errors = (*refusals, *misplaced(sent, content.graph.bindings, destination))
    state = FlowState(wish.name.strip(), wish.description, wish.cron, content.hash, content.graph)
    return refused(*errors) or CreatePlan(workspace.id, wish.type, state, content)


def _mistakes(wish: CreateWish) -> tuple[InvalidInput, ...]:
    """Find mistakes in the input besides the graph."""
    texts = (*name_mistakes(wish.name), *description_mistakes(wish.description), *cron_mistakes(wish.cron))
    return (*texts, *key_mistakes(wish.idempotency_key))
