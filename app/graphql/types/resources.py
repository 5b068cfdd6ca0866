"""Objects outside flows: components, credentials, secrets, agents, topics, users and contracts; and any object by its id."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from app.domain import model, source_graph
from app.domain.component import ComponentAccess, ComponentRequirement, InaccessibilityReason
from app.domain.model import Kind, kind_of
from app.execution.lookups import Loader, Lookup
from app.execution.request_errors import UnacceptableInput
from app.execution.rows import Field, relation, shows
from app.graphql.connections import LARGEST_PAGE, Connection, PageArguments, connection_below
from app.graphql.context import Info
from app.graphql.describe import JSON, Search, about, field
from app.graphql.loading.loaders import Loaders
from app.storage.pages.flow_filters import place_of_use
from app.storage.pages.lists import ListName
from app.storage.reads.rows import (
    AgentView,
    ComponentView,
    ContractView,
    CredentialView,
    SecretView,
    TopicView,
    UserView,
)


@strawberry.interface(description="Something with an id of its own: ask for it again with `node`.")
class Node:
    id: strawberry.ID = about("The id: text with a prefix that says what it names. Treat the rest as opaque.")


if TYPE_CHECKING:
    from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
    from app.graphql.types.workspace import Workspace

SomeFlow = Annotated["Flow", strawberry.lazy("app.graphql.types.flow")]
SomeDraft = Annotated["FlowDraft", strawberry.lazy("app.graphql.types.flow")]
SomeVersion = Annotated["FlowVersion", strawberry.lazy("app.graphql.types.flow")]
SomeWorkspace = Annotated["Workspace", strawberry.lazy("app.graphql.types.workspace")]


def in_workspace(description: str, key: str = "workspace_id") -> Field:
    """The relation to the workspace that something lives in, or is about."""
    return relation("workspaces", key, description)


@shows(ComponentView, "A connector: what a step runs.")
class Component(Node):
    name: str = about("The name; with the team's it is what commands call the component: `team/name`.")
    team_name: str = about("The name of the team that made it.")
    title: str = about("The name that people read.")
    access: ComponentAccess = about("The audience that may use it.")
    requires: ComponentRequirement = about("The reference that a step of it needs before it can be published.")
    is_pub_sub: bool = about("Whether its steps publish to a topic or subscribe to one.", of="pub_sub")


@strawberry.type
class InWorkspace(Node):
    """Fields of all objects of a workspace; no type of the schema."""

    name: str = about("The name.")
    workspace: SomeWorkspace = in_workspace("The workspace that it lives in; only there it can be used.")

    @field
    @staticmethod
    def flows(
        used: strawberry.Parent[TopicView | CredentialView | SecretView | AgentView],
        info: Info,
        *,
        page: PageArguments,
        search: Search = None,
    ) -> Awaitable[Connection[SomeFlow]]:
        """The flows that use it in their published version or their draft, by name."""
        return connection_below(
            info, ListName.FLOWS_USING, place_of_use(used.workspace_id, used.id), page, search=search
        )


@strawberry.type
class OfComponent(InWorkspace):
    """Fields of credentials and secrets; no type of the schema."""

    component: Component = relation(
        "components_referred_to",
        "component_id",
        "The component that it belongs to; only steps of this component can use it.",
    )


@shows(CredentialView, "What a step needs to sign in to a system. What it holds never leaves the platform.")
class Credential(OfComponent):
    pass


@shows(SecretView, "Like a credential, for components that use auth secrets.")
class Secret(OfComponent):
    pass


@shows(AgentView, "A private-network agent, through which a step reaches systems behind a firewall.")
class Agent(InWorkspace):
    pass


@shows(TopicView, "A named JSON schema between the flows that publish to it and those that subscribe.")
class Topic(InWorkspace):
    schema: JSON = about("The JSON schema of its messages.")


Binding = Annotated[
    Credential | Secret | Agent | Topic, strawberry.union("Binding", description="What a step can be bound to.")
]


def binding(id_column: str, description: str) -> Field:
    """The relation to what a step is, or was, bound to: the row has its kind, and its id in a column."""
    return relation("bindings", ("kind", id_column), description)


@shows(source_graph.InaccessibleComponent, "A component that the destination can't use, and the steps that use it.")
class InaccessibleComponent:
    name: str = about("`team/name` as the commands have it; or the whole command where it can't be read.")
    step_ids: list[str] = about("The steps that use it, in the order of the graph.")
    reason: InaccessibilityReason = about("Why it can't be used.")
    component: Component | None = relation(
        "components", "component.id", "The component; null if you can see none of this name."
    )


@shows(UserView, "Somebody with an account.")
class User(Node):
    first_name: str = about("The first name.")
    last_name: str = about("The last name.")
    email: str = about("The e-mail address, which is unique.")


@shows(ContractView, "A contract: it owns workspaces and developer teams.")
class Contract(Node):
    name: str = about("The name of the contract.")
    status: model.ContractStatus = about("Whether the contract is in use. A suspended one refuses every write.")

    @field
    @staticmethod
    def flow_quota(contract: strawberry.Parent[ContractView], info: Info) -> Awaitable[int | None]:
        """How many flows its production workspaces may hold; null without a limit, and where you may create no flow."""
        return Lookup(info.context.loaders.quotas, contract.id, attrgetter("number"))

    @field
    @staticmethod
    def flows_used(contract: strawberry.Parent[ContractView], info: Info) -> Awaitable[int | None]:
        """The number of flows that the quota counts; null where `flowQuota` is."""
        return Lookup(info.context.loaders.flows_held, contract.id, attrgetter("number"))

    @field
    @staticmethod
    def workspaces(
        contract: strawberry.Parent[ContractView], info: Info, *, page: PageArguments, search: Search = None
    ) -> Awaitable[Connection[SomeWorkspace]]:
        """The workspaces of the contract that you can see, by name."""
        return connection_below(info, ListName.WORKSPACES_OF_CONTRACT, contract.id, page, search=search)


NODES: dict[Kind, Callable[[Loaders], Loader[str, Any]]] = {
    Kind.USER: attrgetter("visible_users"),
    Kind.CONTRACT: attrgetter("contracts"),
    Kind.WORKSPACE: attrgetter("workspaces"),
    Kind.COMPONENT: attrgetter("components"),
    Kind.TOPIC: attrgetter("topics"),
    Kind.CREDENTIAL: attrgetter("credentials"),
    Kind.SECRET: attrgetter("secrets"),
    Kind.AGENT: attrgetter("agents"),
    Kind.FLOW: attrgetter("flows"),
    Kind.DRAFT: attrgetter("drafts"),
    Kind.VERSION: attrgetter("versions"),
    Kind.EXPORT: attrgetter("exports"),
    Kind.RELEASE: attrgetter("releases"),
    Kind.EVENT: attrgetter("events"),
}


def node_by_id(info: Info, id_: str) -> Lookup[Node] | None:
    """The lookup of the object with this id; None if it isn't an id of a known kind."""
    kind = kind_of(id_)
    if kind not in NODES:
        return None
    return Lookup(NODES[kind](info.context.loaders), id_)


async def nodes_by_id(info: Info, ids: Sequence[str]) -> list[Any]:
    """Read objects by their ids, in the same order, each or its exception. Raises UnacceptableInput for more ids than a page has."""
    if len(ids) > LARGEST_PAGE:
        raise UnacceptableInput(f"`ids` has {len(ids)} elements; at most {LARGEST_PAGE} are answered at once.")
    lookups = [node_by_id(info, id_) for id_ in ids]
    futures = [None if lookup is None else lookup.loader.load(lookup.key) for lookup in lookups]
    await asyncio.gather(*filter(None, futures), return_exceptions=True)
    return [each and (each.exception() or each.result()) for each in futures]
