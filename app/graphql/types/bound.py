"""Components, and what steps are bound to: credentials, secrets, agents and topics."""

from typing import TYPE_CHECKING, Annotated, Self

import orjson
import strawberry

from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.nouns import ReferenceKind
from app.graphql.context import Info, found, required
from app.graphql.describe import about, field
from app.graphql.scalars import JSON
from app.graphql.types.node import Node
from app.storage.reads.views import AgentView, ComponentView, CredentialView, TopicView

if TYPE_CHECKING:
    from app.graphql.types.workspace import Workspace

SomeWorkspace = Annotated["Workspace", strawberry.lazy("app.graphql.types.workspace")]


async def workspace_by_id(info: Info, workspace_id: str) -> "Workspace":
    """The workspace that something visible lives in."""
    from app.graphql.types.workspace import Workspace

    return Workspace.of(await required(info.context.loaders.workspaces, workspace_id))


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

    @field
    async def workspace(self, info: Info) -> SomeWorkspace:
        """The workspace that it lives in; only there it can be used."""
        return await workspace_by_id(info, self.workspace_id)


@strawberry.type
class OfComponent(InWorkspace):
    """What credentials and secrets have in common; no type of the schema."""

    component_id: strawberry.Private[str]

    @field
    async def component(self, info: Info) -> Component:
        """The component that it belongs to; only steps of this component can use it."""
        return Component.of(await required(info.context.loaders.components_referred_to, self.component_id))

    @classmethod
    def of(cls, view: CredentialView) -> Self:
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
        schema = JSON(orjson.loads(view.schema_text))
        return cls(id=strawberry.ID(view.id), name=view.name, schema=schema, workspace_id=view.workspace_id)


Binding = Annotated[
    Credential | Secret | Agent | Topic, strawberry.union("Binding", description="What a step can be bound to.")
]


async def binding_of(
    info: Info, kind: ReferenceKind, reference: str | None
) -> Credential | Secret | Agent | Topic | None:
    """The thing that a step is bound to, by its kind and id; None where there is none or the viewer can't see it."""
    loaders = info.context.loaders
    match kind:
        case ReferenceKind.CREDENTIAL:
            return await found(loaders.credentials, reference, Credential.of)
        case ReferenceKind.SECRET:
            return await found(loaders.secrets, reference, Secret.of)
        case ReferenceKind.AGENT:
            return await found(loaders.agents, reference, Agent.of)
        case ReferenceKind.TOPIC:
            return await found(loaders.topics, reference, Topic.of)
        case ReferenceKind.DATA_SAMPLES:
            return None
