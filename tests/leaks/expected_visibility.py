"""What a user may see of a world, found by the rules (A4, A5, C2) and by nothing else."""

from collections.abc import Mapping
from typing import Any

from tests.api.world_builder import WorldBuilder

Entity = dict[str, Any]
Sections = dict[str, list[Entity]]

EVENT = ", the event"
"""The end of the key of an event of an export, after the key of its record."""
RELEASES = ("release", "second", "rejected", "applied")
"""The ends of the keys of releases that were requested in a workspace (R7)."""
IN_WORKSPACES = ("topics", "credentials", "secrets", "agents", "flows")


class Sight:
    """What one user may see: keys of things, with `flow/draft` and `flow/1` for drafts and versions."""

    def __init__(self, world: WorldBuilder, user: str) -> None:
        self.user = user
        self.sections: Sections = world._sections
        self.inside = {each["workspace"] for each in self.all("workspaceMembers") if each["user"] == user}
        self.contracts = self._contracts()
        self.workspaces = self._workspaces()
        self.components = self._components()
        self.things = {
            each["key"] for section in IN_WORKSPACES for each in self.all(section) if each["workspace"] in self.inside
        }
        self.states = {state for flow in self.all("flows") if flow["key"] in self.things for state in states_of(flow)}
        self.users = self._users()

    def all(self, section: str) -> list[Entity]:
        return self.sections.get(section, [])

    def sees(self, key: str) -> bool:
        """Whether the thing with this key may be shown by its id. Nobody is shown tenants, roles and teams."""
        source, to, destination = key.partition(" to ")
        if to:
            # The record of an export and its event, for members of the workspace at either end (P6, E5).
            return source in self.things or destination.removesuffix(EVENT) in self.things
        home, _, kind = key.rpartition("-")
        if kind in RELEASES:
            return home in self.inside
        shown = (self.contracts, self.workspaces, self.components, self.things, self.states, self.users)
        return any(key in keys for keys in shown)

    def _joined(self) -> set[str]:
        return {each["contract"] for each in self.all("contractMembers") if each["user"] == self.user}

    def _contracts(self) -> set[str]:
        """Those that the user is a member of, and those of its workspaces."""
        own = {each["contract"] for each in self.all("workspaces") if each["key"] in self.inside}
        return own | self._joined()

    def _workspaces(self) -> set[str]:
        """Membership of the contract gives sight of the names of its workspaces (A4)."""
        named = {each["key"] for each in self.all("workspaces") if each["contract"] in self._joined()}
        return self.inside | named

    def _components(self) -> set[str]:
        """GLOBAL ones, those of a tenant and those of a contract of the user's (C2)."""
        tenant_of = {each["key"]: each["tenant"] for each in self.all("contracts")}
        contract_of = {each["key"]: each["contract"] for each in self.all("teams")}
        tenants = {tenant_of[contract] for contract in self.contracts}
        seen = set()
        for each in self.all("components"):
            contract = contract_of[each["team"]]
            in_tenant = each["access"] == "TENANT" and tenant_of[contract] in tenants
            if each["access"] == "GLOBAL" or in_tenant or contract in self.contracts:
                seen.add(each["key"])
        return seen

    def _users(self) -> set[str]:
        """Itself, those who share a workspace with it, and the authors of what it sees (A4)."""
        colleagues = {each["user"] for each in self.all("workspaceMembers") if each["workspace"] in self.inside}
        flows = [flow for flow in self.all("flows") if flow["key"] in self.things]
        authors = {author for flow in flows for author in authors_of(flow) if author is not None}
        return {self.user} | colleagues | authors

    def world(self) -> Sections:
        """The world as this user knows it: without everything that it may not see.

        Of a component it keeps the team, and of that the contract, which the user need not see. It keeps the components
        that visible flows name in their commands, so that these are stored as they are in full: see `forgotten`.
        """
        kept = {
            section: [each for each in self.all(section) if self._knows(section, each)] for section in self.sections
        }
        named = self._named_in_commands()
        kept["components"] = [
            each for each in self.all("components") if each in kept["components"] or called(each) in named
        ]
        teams = {each["team"] for each in kept["components"]}
        kept["teams"] = [each for each in self.all("teams") if each["key"] in teams]
        contracts = self.contracts | {each["contract"] for each in kept["teams"]}
        kept["contracts"] = [each for each in self.all("contracts") if each["key"] in contracts]
        tenants = {each["tenant"] for each in kept["contracts"]}
        kept["tenants"] = [each for each in self.all("tenants") if each["key"] in tenants]
        kept["roles"] = [each for each in self.all("roles") if each["tenant"] in tenants]
        kept["components"] = [
            each | {"whitelistedContracts": [name for name in each["whitelistedContracts"] if name in self.contracts]}
            for each in kept["components"]
        ]
        return kept

    def forgotten(self) -> list[str]:
        """The components that the world keeps and the user may not see (C5): to be taken out once it is loaded."""
        return [each["key"] for each in self.world()["components"] if each["key"] not in self.components]

    def _named_in_commands(self) -> set[str]:
        flows = [flow for flow in self.all("flows") if flow["key"] in self.things]
        return {
            step["command"].partition(":")[0] for flow in flows for graph in graphs_of(flow) for step in graph["nodes"]
        }

    def _knows(self, section: str, each: Entity) -> bool:
        match section:
            case "workspaceMembers":
                return each["workspace"] in self.inside
            case "contractMembers":
                return bool(each["user"] == self.user)
            case _:
                return self.sees(each.get("key", ""))


def called(component: Entity) -> str:
    """What commands call it, as far as teams have the names of their keys."""
    return f"{component['team']}/{component['name']}"


def graphs_of(flow: Entity) -> list[Any]:
    states = [*flow["versions"], *filter(None, [flow["draft"]])]
    return [state["graph"] for state in states]


def states_of(flow: Mapping[str, Any]) -> list[str]:
    """The keys of a flow's versions and of its draft."""
    versions = [f"{flow['key']}/{number}" for number, _ in enumerate(flow["versions"], 1)]
    return versions if flow["draft"] is None else [*versions, f"{flow['key']}/draft"]


def authors_of(flow: Mapping[str, Any]) -> list[str | None]:
    draft = flow["draft"] or {}
    return [flow["author"], draft.get("author"), *(version["publishedBy"] for version in flow["versions"])]
