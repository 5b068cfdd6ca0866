"""Steps and links of a graph, the components that commands name, and in which workspaces these are usable (C0 to C5)."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from app.domain.errors import printable
from app.domain.model import ComponentId, ContractId, TenantId, Workspace, WorkspaceType

LONGEST_STEP_NAME = 255


class Step(NamedTuple):
    """A step of a graph, as far as rules need it that don't care for its fields."""

    position: int
    """In the graph's `nodes`; unlike the id it is unique in an unfinished graph too."""
    id: str
    command: str
    name: str | None = None
    """The name of the step, cut to LONGEST_STEP_NAME characters."""
    shares_name: bool = False
    """Whether messages can't tell it by its name from another step of the graph."""

    @property
    def label(self) -> str:
        """How messages name it: by its name and, where that isn't unique in the graph or missing, its id."""
        if self.name is None:
            return printable(self.id)
        return f"{printable(self.name)} ({printable(self.id)})" if self.shares_name else printable(self.name)


def make_steps(parts: Iterable[tuple[str, str, str | None]]) -> tuple[Step, ...]:
    """The steps of a graph, of the id, command and name of each, in its order."""
    triples = [*parts]
    names = Counter(printable(name) for _, _, name in triples if name is not None)
    ids = {printable(step_id) for step_id, _, _ in triples}
    return tuple(
        Step(position, step_id, command, name, name is not None and _is_shared(printable(name), step_id, names, ids))
        for position, (step_id, command, name) in enumerate(triples)
    )


def _is_shared(name: str, step_id: str, names: Mapping[str, int], ids: Collection[str]) -> bool:
    return names[name] > 1 or (name in ids and name != printable(step_id))


class Link(NamedTuple):
    """An edge of a graph, as far as rules need it."""

    source: str | None
    target: str
    conditional: bool = False


_PART = r"[^/:@\s\0]+"
_COMMAND = re.compile(rf"({_PART})/({_PART}):({_PART})(?:@{_PART})?")


def can_stand_in_commands(name: str) -> bool:
    """Whether commands can name a team or component that is called so."""
    return re.fullmatch(_PART, name) is not None


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
    """`team/name:function@version`, but for the version, which no rule rests on: `latest`, a revision, or missing."""

    component: ComponentName
    function: str


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
    title: str = ""
    """The name that people read."""

    @property
    def label(self) -> str:
        """How messages name it."""
        return printable(self.title or str(self.name))


class Catalogue:
    """The components that the commands at hand may mean, in whichever tenant, for one caller.

    The catalogue never hands out a component that the caller can't see: every answer is that to an unknown component
    (C5). An invisible component still shadows `GLOBAL` ones of its name (C0), since they aren't what would run.
    """

    def __init__(self, components: Iterable[Component] = (), *, invisible: Iterable[Component] = ()) -> None:
        unseen = [*invisible]
        self._unseen = frozenset(component.id for component in unseen)
        self._by_name: dict[ComponentName, list[Component]] = {}
        for component in sorted([*components, *unseen], key=lambda component: component.id):
            self._by_name.setdefault(component.name, []).append(component)

    def resolve(self, command: str, tenant: TenantId) -> Component | None:
        """The component that a command means in a tenant: the tenant's own, else the first `GLOBAL` one (C0).

        A component that the caller can't see is None, like one that doesn't exist.
        """
        own = next((component for component in self._named_in(command) if component.tenant_id == tenant), None)
        component = own or self.shared(command)
        return None if component is None or component.id in self._unseen else component

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
"""The most characters of a command that names a component."""


def read_command(command: str) -> Command | None:
    """The parts of a command; None if it can't be read as one."""
    return _read_command(command) if len(command) <= LONGEST_COMMAND else None


# Rules read the commands of a graph again and again.
@lru_cache(maxsize=8_192)
def _read_command(command: str) -> Command | None:
    match = _COMMAND.fullmatch(command)
    return None if match is None else Command(ComponentName(match[1], match[2]), match[3])


def why_unusable(component: Component, workspace: Workspace) -> InaccessibilityReason | None:
    """Why a workspace can't use a component; None if it can (C1 to C3)."""
    contract = workspace.contract
    if component.access is not ComponentAccess.GLOBAL and component.tenant_id != contract.tenant_id:
        return InaccessibilityReason.OTHER_TENANT
    if component.access is ComponentAccess.TEAM and component.contract_id != contract.id:
        return InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
    whitelist_applies = contract.component_whitelist and workspace.type is WorkspaceType.FULL
    is_whitelisted = contract.id == component.contract_id or contract.id in component.whitelisted
    if whitelist_applies and not is_whitelisted:
        return InaccessibilityReason.NOT_WHITELISTED
    return None


def named_component(command: str) -> ComponentName | str:
    """The name of the component in a command, or the whole command where it can't be read as one."""
    read = read_command(command)
    return command if read is None else read.component
