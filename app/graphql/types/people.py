"""Users and contracts."""

from collections.abc import Awaitable
from operator import attrgetter

import strawberry
from strawberry import Parent

from app.domain.model import ContractStatus
from app.execution.lookups import Lookup
from app.execution.rows import shows
from app.graphql.arguments import Search, searched
from app.graphql.connections import Connection, PageArguments, connection_below, connection_field
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.types.resources import Node, SomeWorkspace
from app.storage.reads.lists import ListName, WantedList
from app.storage.reads.rows import ContractView, UserView


@shows(UserView, "Somebody with an account.")
class User(Node):
    first_name: str = about("The first name.")
    last_name: str = about("The last name.")
    email: str = about("The e-mail address, which is unique.")


@shows(ContractView, "A contract: it owns workspaces and developer teams.")
class Contract(Node):
    name: str = about("The name of the contract.")
    status: ContractStatus = about("Whether the contract is in use. A suspended one refuses every write.")

    @field
    @staticmethod
    def flow_quota(contract: Parent[ContractView], info: Info) -> Awaitable[int | None]:
        """How many flows its production workspaces may hold; null without a limit, and where you may create no flow."""
        return Lookup(info.context.loaders.quotas, contract.id, attrgetter("flow_quota"))

    @field
    @staticmethod
    def flows_used(contract: Parent[ContractView], info: Info) -> Awaitable[int | None]:
        """How many they hold; null where `flowQuota` is."""
        return Lookup(info.context.loaders.flows_held, contract.id, attrgetter("number"))

    @connection_field
    @staticmethod
    def workspaces(
        contract: Parent[ContractView], info: Info, *, page: PageArguments, search: Search = strawberry.UNSET
    ) -> Awaitable[Connection[SomeWorkspace]]:
        """Its workspaces that you can see, by name."""
        return connection_below(info, WantedList(ListName.WORKSPACES_OF_CONTRACT, searched(search)), contract.id, page)
