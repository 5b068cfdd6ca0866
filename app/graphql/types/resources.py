"""Components, and what steps are bound to: credentials, secrets, agents and topics."""

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.model import ReferenceKind
from app.execution.relations import Field, one
from app.graphql.describe import about
from app.graphql.loader_keys import Reference
from app.graphql.scalars import JSON
from app.graphql.types.node import Node
from app.storage.reads.rows import AgentView, ComponentView, CredentialView, SecretView, TopicView

if TYPE_CHECKING:
    from app.graphql.types.workspace import Workspace

SomeWorkspace = Annotated["Workspace", strawberry.lazy("app.graphql.types.workspace")]


def in_workspace(description: str) -> Field:
    """The relation to the workspace of something that has a `workspace_id`."""
    return one(lambda loaders: loaders.workspaces, attrgetter("workspace_id"), description)


@strawberry.type(description="A connector: what a step runs.")
class Component(Node, row=ComponentView):
    name: str = about("The name; with the team's it is what commands call the component: `team/name`.")
    team_name: str = about("The name of the team that made it.")
    title: str = about("The name that people read.")
    access: ComponentAccess = about("Who may use it.")
    requires: ComponentRequirement = about("What a step of it needs before it can be published.")
    is_pub_sub: bool = about("Whether its steps publish to a topic or subscribe to one.")


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
        attrgetter("component_id"),
        "The component that it belongs to; only steps of this component can use it.",
    )


@strawberry.type(description="What a step needs to sign in to a system. What it holds never leaves the platform.")
class Credential(OfComponent, row=CredentialView):
    pass


@strawberry.type(description="Like a credential, for components that use auth secrets.")
class Secret(OfComponent, row=SecretView):
    pass


@strawberry.type(description="A private-network agent, through which a step reaches systems behind a firewall.")
class Agent(InWorkspace, row=AgentView):
    pass


@strawberry.type(description="A named JSON schema between the flows that publish to it and those that subscribe.")
class Topic(InWorkspace, row=TopicView):
    schema: JSON = about("The JSON schema of its messages.")


Binding = Annotated[
    Credential | Secret | Agent | Topic, strawberry.union("Binding", description="What a step can be bound to.")
]


def binding(reference: Callable[[Any], Reference | None], description: str, *, name: str | None = None) -> Field:
    """The relation to what a step is, or was, bound to."""
    return one(lambda loaders: loaders.bindings, reference, description, name=name)


def reference_to(kind: ReferenceKind, id_: str | None) -> Reference | None:
    """What is referred to, if anything is."""
    return None if id_ is None else Reference(kind, id_)
