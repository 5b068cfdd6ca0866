"""Components: how a command names one, and in which workspaces it is usable (C0 to C5)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, NamedTuple

from app.domain.error_code import ErrorCode
from app.domain.model import ComponentId, ContractId, TenantId, Workspace, WorkspaceType
from app.domain.wording import enumerated, named, shown

_COMMAND = re.compile(r"([^/:@\s\0]+)/([^/:@\s\0]+):([^/:@\s\0]+)(?:@([^/:@\s\0]+))?")


class ComponentAccess(StrEnum):
    TEAM = "TEAM"
    TENANT = "TENANT"
    GLOBAL = "GLOBAL"


class ComponentRequirement(StrEnum):
    NONE = "NONE"
    CREDENTIAL = "CREDENTIAL"
    SECRET = "SECRET"


class InaccessibilityReason(StrEnum):
    TEAM_OF_ANOTHER_CONTRACT = "TEAM_OF_ANOTHER_CONTRACT"
    OTHER_TENANT = "OTHER_TENANT"
    NOT_WHITELISTED = "NOT_WHITELISTED"
    UNKNOWN_COMPONENT = "UNKNOWN_COMPONENT"


class ComponentName(NamedTuple):
    team: str
    name: str

    def __str__(self) -> str:
        return f"{self.team}/{self.name}"


class Command(NamedTuple):
    """`team/name:function@version`; the version is `latest`, a revision, or missing."""

    component: ComponentName
    function: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a graph, as far as rules need it that don't care for its fields."""

    position: int
    """In the graph's `nodes`; unlike the id it is unique in an unfinished graph too."""
    id: str
    command: str


@dataclass(frozen=True, slots=True)
class Link:
    """An edge of a graph, as far as rules need it."""

    source: str | None
    target: str
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    id: ComponentId
    name: ComponentName
    access: ComponentAccess
    contract_id: ContractId
    tenant_id: TenantId
    requires: ComponentRequirement = ComponentRequirement.NONE
    pub_sub: bool = False
    topic_field: str = "topic"
    whitelisted: frozenset[ContractId] = frozenset()


@dataclass(frozen=True, slots=True)
class InaccessibleComponent:
    name: str
    """`team/name` as the commands have it, or the whole command where it can't be read as one."""
    component_id: ComponentId | None
    step_ids: tuple[str, ...] = field(hash=False)
    """Not hashed, since every step that uses the component has this object."""
    reason: InaccessibilityReason


@dataclass(frozen=True, slots=True)
class ComponentNotAccessible:
    code: ClassVar = ErrorCode.COMPONENT_NOT_ACCESSIBLE
    workspace: Workspace
    components: tuple[InaccessibleComponent, ...] = field(hash=False)

    @property
    def message(self) -> str:
        count = "1 component" if len(self.components) == 1 else f"{len(self.components)} components"
        components = enumerated(self.components, _with_steps)
        return (
            f"The flow uses {count} that the workspace {named(self.workspace)} can't use: {components}. "
            f"Share them with the contract {named(self.workspace.contract)}, or replace the steps."
        )


class Catalogue:
    """The components that the commands at hand may mean, in whichever tenant, for one caller.

    A component that the caller can't see is never handed out: a command that means it means nothing, so that every
    answer is that to an unknown component (C5). It still shadows: no `GLOBAL` component of its name takes its place
    (C0), since that isn't what would run. What steps of it are bound to is treated like the bindings of a component
    that is gone: they stay where their steps stay, and nothing that is sent anew is taken for one.
    """

    def __init__(self, components: Iterable[Component] = (), *, invisible: Iterable[Component] = ()) -> None:
        unseen = [*invisible]
        self._unseen = frozenset(component.id for component in unseen)
        self._by_name: dict[ComponentName, list[Component]] = {}
        for component in sorted([*components, *unseen], key=lambda component: component.id):
            self._by_name.setdefault(component.name, []).append(component)

    def resolve(self, command: str, tenant: TenantId) -> Component | None:
        """The component that a command means in a tenant: the tenant's own, else the first `GLOBAL` one (C0).

        None if there is none, or if the caller can't see the one that is meant.
        """
        named_so = self._named_in(command)
        if not named_so:
            return None
        own = [component for component in named_so if component.tenant_id == tenant]
        meant = own[0] if own else self.shared(command)
        return None if meant is None or meant.id in self._unseen else meant

    def shared(self, command: str) -> Component | None:
        """The component that a command means in tenants that have none of its name (C0)."""
        candidates = self._named_in(command)
        return next((component for component in candidates if component.access is ComponentAccess.GLOBAL), None)

    def tenants(self, command: str) -> frozenset[TenantId]:
        """The tenants that have a component of their own under the name in this command."""
        return frozenset(component.tenant_id for component in self._named_in(command))

    def _named_in(self, command: str) -> Sequence[Component]:
        read = read_command(command)
        return () if read is None else self._by_name.get(read.component, ())


LONGEST_COMMAND = 1000
"""Of team, name, function and version together; what is longer names no component."""

LONGEST_KEPT = 100
"""Commands up to this length are kept read: rules read those of a graph again and again."""


def read_command(command: str) -> Command | None:
    """The parts of a command; None if it can't be read as one."""
    if len(command) > LONGEST_COMMAND:
        return None
    return _read_short_command(command) if len(command) <= LONGEST_KEPT else _read_command(command)


def _read_command(command: str) -> Command | None:
    match = _COMMAND.fullmatch(command)
    return None if match is None else Command(ComponentName(match[1], match[2]), match[3], match[4])


_read_short_command = lru_cache(maxsize=32_768)(_read_command)


def why_unusable(component: Component, workspace: Workspace) -> InaccessibilityReason | None:
    """Why a workspace can't use a component; None if it can (C1 to C3)."""
    contract = workspace.contract
    if component.access is not ComponentAccess.GLOBAL and component.tenant_id != contract.tenant_id:
        return InaccessibilityReason.OTHER_TENANT
    if component.access is ComponentAccess.TEAM and component.contract_id != contract.id:
        return InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
    whitelist_applies = contract.component_whitelist and workspace.type is WorkspaceType.FULL
    if whitelist_applies and contract.id not in component.whitelisted | {component.contract_id}:
        return InaccessibilityReason.NOT_WHITELISTED
    return None


def components_not_accessible(
    steps: Sequence[Step], catalogue: Catalogue, *, source: Workspace, destination: Workspace
) -> tuple[ComponentNotAccessible, ...]:
    """Every component of the steps that the destination can't use, once, in the order of its first step (C5).

    Inside one workspace nothing is refused (C4). Across tenants a command must mean the very same component (C0).
    """
    return UsedComponents(steps, catalogue, source=source).refused_by(destination)


class UsedComponents:
    """The components of a flow's steps, looked up once for any number of destinations (C5).

    Destinations in which the same components are inaccessible for the same reasons share what is told of them, so that
    an unknown component costs nothing more for each of them.
    """

    def __init__(self, steps: Sequence[Step], catalogue: Catalogue, *, source: Workspace) -> None:
        self._catalogue = catalogue
        self._source = source
        self._steps = [*steps_by_component(steps)]
        home = source.contract.tenant_id
        found = {users[0].command: catalogue.resolve(users[0].command, home) for users in self._steps}
        self._known = {command: component for command, component in found.items() if component is not None}
        self._told: dict[tuple[InaccessibilityReason | None, ...], tuple[InaccessibleComponent, ...]] = {}

    def refused_by(self, destination: Workspace) -> tuple[ComponentNotAccessible, ...]:
        if self._source.id == destination.id:
            return ()
        reasons = tuple(
            _why_inaccessible(command, component, self._catalogue, destination)
            for command, component in self._known.items()
        )
        if reasons not in self._told:
            self._told[reasons] = tuple(self._inaccessible(dict(zip(self._known, reasons, strict=True))))
        found = self._told[reasons]
        return (ComponentNotAccessible(destination, found),) if found else ()

    def _inaccessible(self, reasons: Mapping[str, InaccessibilityReason | None]) -> Iterator[InaccessibleComponent]:
        for users in self._steps:
            command = users[0].command
            component, reason = self._known.get(command), reasons.get(command, InaccessibilityReason.UNKNOWN_COMPONENT)
            if reason is not None:
                component_id, step_ids = None if component is None else component.id, tuple(step.id for step in users)
                yield InaccessibleComponent(component_name(command), component_id, step_ids, reason)


def steps_by_component(steps: Sequence[Step]) -> Collection[Sequence[Step]]:
    """The steps of each component, in the order of its first step; what can't be read as a command stands by itself."""
    steps_of: dict[ComponentName | str, list[Step]] = {}
    for step in steps:
        read = read_command(step.command)
        steps_of.setdefault(step.command if read is None else read.component, []).append(step)
    return steps_of.values()


def component_name(command: str) -> str:
    """`team/name`, or the whole command where it can't be read as one."""
    read = read_command(command)
    return command if read is None else str(read.component)


@dataclass(frozen=True, slots=True)
class UsableWhere:
    """The workspaces that can use all components of a flow, as conditions that a database can check.

    `components_not_accessible` gives the same answer workspace by workspace; a test holds the two together.
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


def where_usable(steps: Sequence[Step], catalogue: Catalogue, *, source: Workspace) -> UsableWhere:
    """In which workspaces, besides its own, a flow finds every component usable (C1 to C3, C0 across tenants)."""
    home = source.contract.tenant_id
    found = {users[0].command: catalogue.resolve(users[0].command, home) for users in steps_by_component(steps)}
    components = [component for component in found.values() if component is not None]
    teams = {component.contract_id for component in components if component.access is ComponentAccess.TEAM}
    whitelists = [component.whitelisted | {component.contract_id} for component in components]
    return UsableWhere(
        nowhere_else=len(components) < len(found) or len(teams) > 1,
        tenant=home if any(component != catalogue.shared(command) for command, component in found.items()) else None,
        shadowing=frozenset(
            tenant
            for command, component in found.items()
            for tenant in catalogue.tenants(command)
            if catalogue.resolve(command, tenant) != component
        ),
        contract=next(iter(teams), None),
        whitelisted=frozenset.intersection(*whitelists) if whitelists else None,
    )


def _why_inaccessible(
    command: str, component: Component, catalogue: Catalogue, destination: Workspace
) -> InaccessibilityReason | None:
    if catalogue.resolve(command, destination.contract.tenant_id) != component:
        return InaccessibilityReason.OTHER_TENANT
    return why_unusable(component, destination)


def _with_steps(component: InaccessibleComponent) -> str:
    steps = "step" if len(component.step_ids) == 1 else "steps"
    return f"{shown(component.name)} ({steps} {enumerated(component.step_ids, shown, longest=200)})"
