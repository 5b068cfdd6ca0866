"""A graph in the workspace of its flow: what its commands mean there, and why other workspaces can't use them (C0 to C5)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.domain.access import VisibleWorkspace
from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    ComponentName,
    InaccessibilityReason,
    Step,
    named_component,
    why_unusable,
)
from app.domain.errors import Path, Refusal, counted, enumerated, named, printable
from app.domain.flow import Graph
from app.domain.model import ContractId, TenantId, Workspace, WorkspaceType
from app.domain.topics import TopicUses, is_pub_sub

LONGEST_COMPONENTS = 900
LONGEST_REMEDY = 100
"""The most characters of the components in a message, and of those in a part of its advice."""


@dataclass(frozen=True)
class InaccessibleComponent:
    name: str
    """`team/name` as the commands have it, or the whole command where it can't be read as one."""
    component: Component | None
    steps: tuple[Step, ...] = field(hash=False)
    """Not hashed, since every step that uses the component has this object."""
    reason: InaccessibilityReason

    @property
    def label(self) -> str:
        """The title of the component, or its name in commands where it is unknown."""
        return printable(self.name) if self.component is None else self.component.label

    @cached_property
    def step_ids(self) -> list[str]:
        """Kept, since every step that uses the component has this object."""
        return [step.id for step in self.steps]


class InaccessibleComponents(tuple[InaccessibleComponent, ...]):  # noqa: SLOT001 - what is derived once is kept in its __dict__
    """Components in the order of their first steps, shared by the refusals of many destinations."""

    @cached_property
    def by_reason(self) -> Mapping[InaccessibilityReason, Sequence[InaccessibleComponent]]:
        components: dict[InaccessibilityReason, list[InaccessibleComponent]] = {}
        for each in self:
            components.setdefault(each.reason, []).append(each)
        return components


@dataclass(frozen=True, slots=True)
class ComponentNotAccessible(Refusal):
    workspace: Workspace
    components: tuple[InaccessibleComponent, ...] = field(hash=False)

    @property
    def message(self) -> str:
        grouped = self.components
        if not isinstance(grouped, InaccessibleComponents):
            grouped = InaccessibleComponents(grouped)
        count = "1 component" if len(self.components) == 1 else f"{len(self.components)} components"
        components = enumerated(self.components, _with_steps, longest=LONGEST_COMPONENTS)
        return f"{named(self.workspace)} can't use {count} of this flow: {components}. {advice(grouped.by_reason, self.workspace)}"


@dataclass(frozen=True, slots=True)
class UsableWhere:
    """The workspaces that can use all components of a flow, as conditions that a database can check, too.

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

    def admits(self, workspace: VisibleWorkspace) -> bool:
        """Whether a workspace, besides the flow's own, can use all components."""
        tenant, contract = workspace.tenant_id, workspace.contract_id
        whitelist_applies = workspace.component_whitelist and workspace.type == WorkspaceType.FULL
        return not (
            self.nowhere_else
            or tenant in self.shadowing
            or (self.tenant is not None and self.tenant != tenant)
            or (self.contract is not None and self.contract != contract)
            or (whitelist_applies and self.whitelisted is not None and contract not in self.whitelisted)
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
        self._inaccessible: dict[_Reasons, InaccessibleComponents] = {}

    @cached_property
    def components(self) -> Mapping[str, Component | None]:
        """The component that each command means in the tenant of the flow's workspace (C0)."""
        tenant = self.workspace.contract.tenant_id
        return {command: self._catalogue.resolve(command, tenant) for command in dict.fromkeys(self.graph.commands)}

    @cached_property
    def topic_uses(self) -> TopicUses:
        """The pub/sub steps of the flow; a step with a topic is one whatever its component is now."""
        topics = {bound.position: bound.topic for bound in self.graph.bindings if bound.topic is not None}
        pub_sub = {command for command, component in self.components.items() if is_pub_sub(component)}
        return {
            step: topics.get(step.position)
            for step in self.graph.steps
            if step.position in topics or step.command in pub_sub
        }

    def component_at(self, position: int) -> Component | None:
        """The component of the step at this position."""
        return self.components[self.graph.commands[position]]

    @cached_property
    def first_steps(self) -> Mapping[str, Step]:
        """The first step of each id."""
        return {step.id: step for step in reversed(self.graph.steps)}

    def refused_by(self, destination: Workspace, path: Path = ()) -> tuple[ComponentNotAccessible, ...]:
        """List every component that the destination can't use, once, in the order of its first step (C5).

        Inside one workspace nothing is refused (C4). Across tenants a command must mean the very same component (C0).
        """
        inaccessible = () if self.workspace.id == destination.id else self.inaccessible_in(destination)
        return (ComponentNotAccessible(destination, inaccessible, path=path),) if inaccessible else ()

    def inaccessible_in(self, workspace: Workspace) -> InaccessibleComponents:
        """List the components that a workspace can't use, the flow's own workspace among them (C1)."""
        reasons = self._reasons_in(workspace)
        if reasons not in self._inaccessible:
            self._inaccessible[reasons] = InaccessibleComponents(self._listed(reasons))
        return self._inaccessible[reasons]

    def usable_where(self) -> UsableWhere:
        """The workspaces, besides its own, that can use all components of the flow (C1 to C3, C0 across tenants)."""
        if None in self.components.values():
            return UsableWhere(nowhere_else=True, tenant=None, shadowing=frozenset(), contract=None, whitelisted=None)
        command_of, catalogue = self._resolved, self._catalogue
        teams = {component.contract_id for component in command_of if component.access is ComponentAccess.TEAM}
        whitelists = [component.whitelisted | {component.contract_id} for component in command_of]
        is_shared = all(component == catalogue.shared(command) for component, command in command_of.items())
        return UsableWhere(
            nowhere_else=len(teams) > 1,
            tenant=None if is_shared else self.workspace.contract.tenant_id,
            shadowing=frozenset(
                tenant
                for component, command in command_of.items()
                for tenant in catalogue.tenants(command)
                if catalogue.resolve(command, tenant) != component
            ),
            contract=next(iter(teams), None),
            whitelisted=frozenset.intersection(*whitelists) if whitelists else None,
        )

    @cached_property
    def _resolved(self) -> Mapping[Component, str]:
        """The components that the flow's tenant knows, each with a command that names it."""
        return {component: command for command, component in self.components.items() if component is not None}

    def _reasons_in(self, destination: Workspace) -> _Reasons:
        """Why a destination can't use each component that the flow's tenant knows."""
        tenant = destination.contract.tenant_id
        return tuple(
            why_unusable(component, destination)
            if self._catalogue.resolve(command, tenant) is component
            else InaccessibilityReason.OTHER_TENANT
            for component, command in self._resolved.items()
        )

    def _listed(self, reasons: _Reasons) -> Iterator[InaccessibleComponent]:
        unknown = InaccessibilityReason.UNKNOWN_COMPONENT
        of_known = dict(zip(self._resolved, reasons, strict=True))
        of_commands = {
            command: reason
            for command, component in self.components.items()
            if (reason := unknown if component is None else of_known[component]) is not None
        }
        steps_of: dict[ComponentName | str, list[Step]] = {}
        # Usually there is none, and the steps needn't be looked at.
        for step in self.graph.steps if of_commands else ():
            if step.command in of_commands:
                steps_of.setdefault(named_component(step.command), []).append(step)
        for name, steps in steps_of.items():
            command = steps[0].command
            yield InaccessibleComponent(str(name), self.components[command], tuple(steps), of_commands[command])


def advice(by_reason: Mapping[InaccessibilityReason, Sequence[InaccessibleComponent]], workspace: Workspace) -> str:
    """Advise in one sentence on components that can't be used for these reasons."""
    remedies = [_remedy(reason, those, workspace, alone=len(by_reason) == 1) for reason, those in by_reason.items()]
    if not by_reason.keys().isdisjoint(
        {InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT, InaccessibilityReason.NOT_WHITELISTED}
    ):
        separator = ", or" if len(remedies) == 1 else "; or"
        step = _step_or_steps(*by_reason.values())
        remedies[-1] += f"{separator} replace the {step}"
    sentence = "; ".join(remedies)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _remedy(
    reason: InaccessibilityReason, components: Sequence[InaccessibleComponent], workspace: Workspace, *, alone: bool
) -> str:
    """Advise on components of one reason, which are named unless they are alone."""
    contract, steps = named(workspace.contract), _step_or_steps(components)
    if alone:
        them = "it" if len(components) == 1 else "them"
    else:
        them = enumerated(components, lambda each: each.label, longest=LONGEST_REMEDY, last=" and ")
    match reason:
        case InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT:
            return f"share {them} with {contract}"
        case InaccessibilityReason.NOT_WHITELISTED:
            return f"have {them} whitelisted for {contract}"
        case InaccessibilityReason.OTHER_TENANT:
            return f"replace {'the ' + steps if alone else them} by what the tenant of {contract} has"
        case InaccessibilityReason.UNKNOWN_COMPONENT if alone:
            return f"correct the command of the {steps}: no such component is known"
        case InaccessibilityReason.UNKNOWN_COMPONENT:
            return f"correct the commands with {them}, which {'is' if len(components) == 1 else 'are'} unknown"


def _step_or_steps(*groups: Sequence[InaccessibleComponent]) -> str:
    [first, *others] = groups
    return "step" if not others and len(first) == 1 and len(first[0].steps) == 1 else "steps"


def _with_steps(component: InaccessibleComponent) -> str:
    return f"{component.label} ({counted('step', component.steps, lambda step: step.label, longest=200)})"
