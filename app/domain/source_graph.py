"""A graph in the workspace of its flow: what its commands mean there, and which other workspaces can use it (C0 to C5)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    InaccessibilityReason,
    component_name,
    first_commands,
    resolve_all,
    steps_by_component,
    why_unusable,
)
from app.domain.flow import Graph
from app.domain.inaccessible import ComponentNotAccessible, InaccessibleComponent, InaccessibleComponents
from app.domain.model import ContractId, TenantId, Workspace, WorkspaceType
from app.domain.paths import Path
from app.domain.step import Step, first_of_each_id
from app.domain.topics import TopicUse, topic_uses


@dataclass(frozen=True, slots=True)
class UsableWhere:
    """The workspaces that can use all components of a flow, as conditions that a database can check.

    `SourceGraph.refused_by` gives the same answer workspace by workspace; a test holds the two together.
    """

    nowhere_else: bool
    """Only the flow's own workspace can use them."""
    tenant: TenantId | None
    """Only this tenant can use them; None: every tenant but those of `shadowing`."""
    shadowing: frozenset[TenantId]
    """The tenants in which a command of the flow means another component (C0)."""
    contract: ContractId | None
    """Only this contract can use them; None: all can."""
    whitelisted: frozenset[ContractId] | None
    """The contracts that can use them although the whitelist applies; None: all can (C3)."""


USABLE_NOWHERE_ELSE = UsableWhere(
    nowhere_else=True, tenant=None, shadowing=frozenset(), contract=None, whitelisted=None
)

_Reasons = tuple[InaccessibilityReason | None, ...]


class SourceGraph:
    """A graph with its components, looked up once for any number of exports and destinations.

    Destinations in which the same components are inaccessible for the same reasons share the list of them, so that an
    unknown component costs nothing more for each destination.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue, workspace: Workspace) -> None:
        self.graph = graph
        self.workspace = workspace
        self._catalogue = catalogue
        self._reasons: dict[tuple[ContractId, WorkspaceType], _Reasons] = {}
        self._inaccessible: dict[_Reasons, InaccessibleComponents] = {}

    @cached_property
    def components(self) -> Mapping[str, Component | None]:
        """The component that each command means in the flow's workspace."""
        return resolve_all(self.graph.commands, self._catalogue, self.workspace)

    @cached_property
    def topic_uses(self) -> tuple[TopicUse, ...]:
        return topic_uses(self.graph, self.components)

    @cached_property
    def first_steps(self) -> Mapping[str, Step]:
        """The first step of each id."""
        return first_of_each_id(self.graph.steps)

    def refused_by(self, destination: Workspace, path: Path = ()) -> tuple[ComponentNotAccessible, ...]:
        """List every component that the destination can't use, once, in the order of its first step (C5).

        Inside one workspace nothing is refused (C4). Across tenants a command must mean the very same component (C0).
        """
        if self.is_usable_in(destination):
            return ()
        return (ComponentNotAccessible(destination, self.inaccessible_in(destination), path=path),)

    def inaccessible_in(self, workspace: Workspace) -> InaccessibleComponents:
        """List the components that a workspace can't use, the flow's own workspace among them (C1)."""
        reasons = self._reasons_in(workspace)
        if reasons not in self._inaccessible:
            self._inaccessible[reasons] = InaccessibleComponents(self._listed(reasons))
        return self._inaccessible[reasons]

    def is_usable_in(self, destination: Workspace) -> bool:
        """Whether the destination can use all components: answered without a look at the steps."""
        if self.workspace.id == destination.id:
            return True
        return self._are_all_known and not any(self._reasons_in(destination))

    def usable_where(self) -> UsableWhere:
        """The workspaces, besides its own, that can use all components of the flow (C1 to C3, C0 across tenants)."""
        if not self._are_all_known:
            return USABLE_NOWHERE_ELSE
        known, catalogue = self._resolved, self._catalogue
        teams = {component.contract_id for component in known.values() if component.access is ComponentAccess.TEAM}
        whitelists = [component.whitelisted | {component.contract_id} for component in known.values()]
        is_shared = all(component == catalogue.shared(command) for command, component in known.items())
        return UsableWhere(
            nowhere_else=len(teams) > 1,
            tenant=None if is_shared else self.workspace.contract.tenant_id,
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
    def _resolved(self) -> Mapping[str, Component]:
        """The components that the flow's tenant knows, by the commands of their first steps."""
        resolved = ((command, self.components[command]) for command in first_commands(self.components))
        return {command: component for command, component in resolved if component is not None}

    @cached_property
    def _are_all_known(self) -> bool:
        return len(self._resolved) == len(first_commands(self.components))

    def _reasons_in(self, destination: Workspace) -> _Reasons:
        """Why a destination can't use each known component: the same for all workspaces of one contract and type."""
        contract = destination.contract
        key = contract.id, destination.type
        if key not in self._reasons:
            self._reasons[key] = tuple(
                why_unusable(component, destination)
                if self._catalogue.resolve(command, contract.tenant_id) is component
                else InaccessibilityReason.OTHER_TENANT
                for command, component in self._resolved.items()
            )
        return self._reasons[key]

    def _listed(self, reasons: _Reasons) -> Iterator[InaccessibleComponent]:
        reason_of = dict(zip(self._resolved, reasons, strict=True))
        for steps in steps_by_component(self.graph.steps):
            command = steps[0].command
            reason = reason_of.get(command, InaccessibilityReason.UNKNOWN_COMPONENT)
            if reason is not None:
                yield InaccessibleComponent(component_name(command), self.components[command], tuple(steps), reason)
