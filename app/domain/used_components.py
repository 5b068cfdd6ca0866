"""Where the components of a flow are usable: asked of one destination, or of any number of them (C0 to C5)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    InaccessibilityReason,
    component_name,
    first_commands,
    steps_by_component,
    why_unusable,
)
from app.domain.flow import Graph
from app.domain.inaccessible import ComponentNotAccessible, InaccessibleComponent, InaccessibleComponents
from app.domain.model import ContractId, TenantId, Workspace, WorkspaceType


@dataclass(frozen=True, slots=True)
class UsableWhere:
    """The workspaces that can use all components of a flow, as conditions that a database can check.

    `UsedComponents.refused_by` gives the same answer workspace by workspace; a test holds the two together.
    """

    nowhere_else: bool
    """Not usable anywhere but in the flow's own workspace."""
    tenant: TenantId | None
    """Only in this tenant; None: in every tenant but those of `shadowing`."""
    shadowing: frozenset[TenantId]
    """The tenants in which a command of the flow means another component (C0)."""
    contract: ContractId | None
    """Only in this contract; None: in all."""
    whitelisted: frozenset[ContractId] | None
    """Where the whitelist applies, only these contracts; None: all (C3)."""


USABLE_NOWHERE_ELSE = UsableWhere(
    nowhere_else=True, tenant=None, shadowing=frozenset(), contract=None, whitelisted=None
)

_Reasons = tuple[InaccessibilityReason | None, ...]


class UsedComponents:
    """The components of a flow's steps, looked up once for any number of destinations (C5).

    Destinations in which the same components are inaccessible for the same reasons share what is told of them, so that
    an unknown component costs nothing more for each of them.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue, *, source: Workspace) -> None:
        self._catalogue = catalogue
        self._source = source
        self._graph = graph
        self._meant_alike: dict[TenantId | None, tuple[bool, ...]] = {}
        self._reasons: dict[tuple[ContractId, WorkspaceType], _Reasons] = {}
        self._told: dict[_Reasons, InaccessibleComponents] = {}

    def refused_by(self, destination: Workspace) -> tuple[ComponentNotAccessible, ...]:
        """Every component that the destination can't use, once, in the order of its first step (C5).

        Inside one workspace nothing is refused (C4). Across tenants a command must mean the very same component (C0).
        """
        if self.are_usable_in(destination):
            return ()
        reasons = self._reasons_in(destination)
        if reasons not in self._told:
            by_command = dict(zip(self._known, reasons, strict=True))
            self._told[reasons] = InaccessibleComponents(self._inaccessible(by_command))
        return (ComponentNotAccessible(destination, self._told[reasons]),)

    def are_usable_in(self, destination: Workspace) -> bool:
        """Whether `refused_by` has nothing to tell: found without a look at the steps."""
        if self._source.id == destination.id:
            return True
        return len(self._known) == len(self._commands) and not any(self._reasons_in(destination))

    def usable_where(self) -> UsableWhere:
        """In which workspaces, besides its own, a flow finds every component usable (C1 to C3, C0 across tenants)."""
        if len(self._known) < len(self._commands):
            return USABLE_NOWHERE_ELSE
        known, catalogue = self._known, self._catalogue
        teams = {component.contract_id for component in known.values() if component.access is ComponentAccess.TEAM}
        whitelists = [component.whitelisted | {component.contract_id} for component in known.values()]
        is_shared = all(component == catalogue.shared(command) for command, component in known.items())
        return UsableWhere(
            nowhere_else=len(teams) > 1,
            tenant=None if is_shared else self._source.contract.tenant_id,
            shadowing=frozenset(
                tenant
                for command, component in known.items()
                for tenant in catalogue.tenants(command)
                if catalogue.resolve(command, tenant) != component
            ),
            contract=next(iter(teams), None),
            whitelisted=frozenset.intersection(*whitelists) if whitelists else None,
        )

    @cached_property
    def _commands(self) -> Collection[str]:
        return first_commands(self._graph.commands)

    @cached_property
    def _known(self) -> dict[str, Component]:
        home = self._source.contract.tenant_id
        found = {command: self._catalogue.resolve(command, home) for command in self._commands}
        return {command: component for command, component in found.items() if component is not None}

    def _reasons_in(self, destination: Workspace) -> _Reasons:
        """Why each known component can't be used there: the same in all workspaces of a contract that are of one type."""
        kind = destination.contract.id, destination.type
        if kind not in self._reasons:
            meant_alike = self._meant_alike_in(destination.contract.tenant_id)
            self._reasons[kind] = tuple(
                why_unusable(component, destination) if is_meant else InaccessibilityReason.OTHER_TENANT
                for component, is_meant in zip(self._known.values(), meant_alike, strict=True)
            )
        return self._reasons[kind]

    def _meant_alike_in(self, tenant: TenantId) -> tuple[bool, ...]:
        """Whether each known component is the one that its command means in a tenant (C0).

        That is the same in all tenants that have no component of such a name themselves.
        """
        kind = tenant if tenant in self._tenants_with_their_own else None
        if kind not in self._meant_alike:
            self._meant_alike[kind] = tuple(
                self._catalogue.resolve(command, tenant) == component for command, component in self._known.items()
            )
        return self._meant_alike[kind]

    @cached_property
    def _tenants_with_their_own(self) -> frozenset[TenantId]:
        return frozenset[TenantId]().union(*map(self._catalogue.tenants, self._known))

    def _inaccessible(self, reasons: Mapping[str, InaccessibilityReason | None]) -> Iterator[InaccessibleComponent]:
        for users in steps_by_component(self._graph.steps):
            command = users[0].command
            component, reason = self._known.get(command), reasons.get(command, InaccessibilityReason.UNKNOWN_COMPONENT)
            if reason is not None:
                yield InaccessibleComponent(component_name(command), component, tuple(users), reason)
