"""Components, and what steps are bound to: credentials, secrets, agents and topics."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Self

import orjson
import strawberry

from app.domain.access import WorkspaceAccess
from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.model import ReferenceKind
from app.graphql.describe import about
from app.graphql.loaders import BoundView, Reference
from app.graphql.relations import Field, one
from app.graphql.scalars import JSON
from app.graphql.types.node import Node
from app.storage.reads.rows import AgentView, ComponentView, CredentialView, SecretView, TopicView

if TYPE_CHECKING:
    from app.graphql.types.workspace import Workspace

SomeWorkspace = Annotated["Workspace", strawberry.lazy("app.graphql.types.workspace")]


def workspace_of(place: WorkspaceAccess) -> "Workspace":
    """The workspace that something visible lives in."""
    from app.graphql.types.workspace import Workspace

    return Workspace.of(place)


def in_workspace(description: str) -> Field:
    """The relation to the workspace of something that has a `workspace_id`."""
    return one(lambda loaders: loaders.workspaces, lambda thing: thing.workspace_id, workspace_of, description)


@strawberry.type(description="A connector: what a step runs.")
class Component(Node):
    name: str = about("The name; with the team's it is what commands call the component: `team/name`.")
    team_name: str = about("The name of the team that made it.")
    title: str = about("The name that people read.")
    access: ComponentAccess = about("Who may use it.")
    requires: ComponentRequirement = about("What a step of it needs before it can be published.")
    is_pub_sub: bool = about("Whether its steps publish to a topic or subscribe to one.")

    @classmethod
    def of(cls, view: ComponentView) -> Self:
        return cls(
            id=strawberry.ID(view.id),
            name=view.name,
            team_name=view.team_name,
            title=view.title,
            access=ComponentAccess(view.access),
            requires=ComponentRequirement(view.requires),
            is_pub_sub=view.pub_sub,
        )


@strawberry.type
class InWorkspace(Node):
    """What the things of a workspace have in common; no type of the schema."""

    name: str = about("The name.")
    workspace_id: strawberry.Private[str]
    workspace: SomeWorkspace = in_workspace("The workspace that it lives in; only there it can be used.")


@strawberry.type
class OfComponent(InWorkspace):
    """What credentials and secrets have in common; no type of the schema."""

    component_id: strawberry.Private[str]
    component: Component = one(
        lambda loaders: loaders.components_referred_to,
        lambda thing: thing.component_id,
        Component.of,
        "The component that it belongs to; only steps of this component can use it.",
    )

    @classmethod
    def of(cls, view: CredentialView | SecretView) -> Self:
        workspace_id, component_id = view.workspace_id, view.component_id
        return cls(id=strawberry.ID(view.id), name=view.name, workspace_id=workspace_id, component_id=component_id)


@strawberry.type(description="What a step needs to sign in to a system. What it holds never leaves the platform.")
class Credential(OfComponent):
    pass


@strawberry.type(description="Like a credential, for components that use auth secrets.")
class Secret(OfComponent):
    pass


@strawberry.type(description="A private-network agent, through which a step reaches systems behind a firewall.")
class Agent(InWorkspace):
    @classmethod
    def of(cls, view: AgentView) -> Self:
        return cls(id=strawberry.ID(view.id), name=view.name, workspace_id=view.workspace_id)


@strawberry.type(description="A named JSON schema between the flows that publish to it and those that subscribe.")
class Topic(InWorkspace):
    schema: JSON = about("The JSON schema of its messages.")

    @classmethod
    def of(cls, view: TopicView) -> Self:
        schema = JSON(orjson.Fragment(view.schema_text))
        return cls(id=strawberry.ID(view.id), name=view.name, schema=schema, workspace_id=view.workspace_id)


Binding = Annotated[
    Credential | Secret | Agent | Topic, strawberry.union("Binding", description="What a step can be bound to.")
]


def binding(reference: Callable[[Any], Reference | None], description: str, *, name: str | None = None) -> Field:
    """The relation to what a step is, or was, bound to."""
    return one(lambda loaders: loaders.bindings, reference, binding_of, description, name=name)


def reference_to(kind: ReferenceKind, id_: str | None) -> Reference | None:
    """What is referred to, if anything is."""
    return None if id_ is None else Reference(kind, id_)


def binding_of(view: BoundView) -> Credential | Secret | Agent | Topic:
    """What a step is bound to, of what was read of it."""
    match view:
        case SecretView():
            return Secret.of(view)
        case CredentialView():
            return Credential.of(view)
        case AgentView():
            return Agent.of(view)
        case TopicView():
            return Topic.of(view)
