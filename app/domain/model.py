"""The model: kinds of objects and their ids, workspaces, contracts and references, as far as the rules need them, and events."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

TenantId = NewType("TenantId", str)
ContractId = NewType("ContractId", str)
WorkspaceId = NewType("WorkspaceId", str)
UserId = NewType("UserId", str)
ComponentId = NewType("ComponentId", str)
FlowId = NewType("FlowId", str)
DraftId = NewType("DraftId", str)
VersionId = NewType("VersionId", str)
ExportId = NewType("ExportId", str)


class ContractStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


class WorkspaceType(StrEnum):
    FULL = "FULL"
    LIMITED = "LIMITED"


class PublishPolicy(StrEnum):
    """Whether an editor may publish in a workspace alone, or needs a reviewer (R1)."""

    OPEN = "OPEN"
    REVIEWED = "REVIEWED"


class FlowType(StrEnum):
    ORDINARY = "ORDINARY"
    REAL_TIME = "REAL_TIME"


class FlowStatus(StrEnum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    SUSPENDED = "SUSPENDED"


class ReferenceKind(StrEnum):
    """The kinds of bindings that a step has, in the order of reports (X7b)."""

    CREDENTIAL = "CREDENTIAL"
    SECRET = "SECRET"
    AGENT = "AGENT"
    TOPIC = "TOPIC"
    DATA_SAMPLES = "DATA_SAMPLES"


class VersionOrigin(StrEnum):
    """The origin of the content of a draft or version (H7)."""

    EDIT = "EDIT"
    COPY = "COPY"
    EXPORT = "EXPORT"
    REVERT = "REVERT"


class Kind(StrEnum):
    """The kind of a thing; the value is the prefix of its ids, and the word that people use."""

    TENANT = "tenant"
    CONTRACT = "contract"
    WORKSPACE = "workspace"
    USER = "user"
    ROLE = "role"
    TEAM = "team"
    COMPONENT = "component"
    TOPIC = "topic"
    CREDENTIAL = "credential"
    SECRET = "secret"
    AGENT = "agent"
    FLOW = "flow"
    DRAFT = "draft"
    VERSION = "version"
    EXPORT = "export"
    EVENT = "event"
    RELEASE = "release"


KINDS = {kind.value: kind for kind in Kind}
"""By their prefixes."""


ID = re.compile("([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}")
"""A TypeID whose prefix is a word. Every row that a query reads names several, and the library's reader is slow; a test holds
the two together."""


def kind_of(text: str) -> Kind | None:
    """Read the kind of an id; None for a text that isn't one of our ids, however odd or long."""
    read = ID.fullmatch(text)
    return None if read is None else KINDS.get(read[1])


def is_id(kind: Kind, text: str | None) -> bool:
    """Whether the text can be an id of this kind; callers answer a text that can't like an unknown id."""
    return text is not None and kind_of(text) is kind


def kind_in(text: str) -> Kind | None:
    """The kind of thing that a text is the id of, if it has the prefix of one."""
    prefix, _, rest = text.partition("_")
    return KINDS.get(prefix) if rest else None


def other_kind(text: str, expected: Kind) -> str | None:
    """The kind of an id, with its article, if the prefix tells that it isn't the expected one."""
    kind = kind_in(text)
    return None if kind is None or kind is expected else with_article(kind)


def with_article(kind: Kind) -> str:
    return f"an {kind}" if kind in {Kind.AGENT, Kind.EXPORT, Kind.EVENT} else f"a {kind}"


class EventType(StrEnum):
    FLOW_CREATED = "FLOW_CREATED"
    FLOW_COPIED = "FLOW_COPIED"
    FLOW_EXPORTED = "FLOW_EXPORTED"
    EXPORT_UNDONE = "EXPORT_UNDONE"
    FLOW_PUBLISHED = "FLOW_PUBLISHED"
    FLOW_STARTED = "FLOW_STARTED"
    FLOW_STOPPED = "FLOW_STOPPED"
    FLOW_SUSPENDED = "FLOW_SUSPENDED"
    FLOW_RESUMED = "FLOW_RESUMED"
    FLOW_DELETED = "FLOW_DELETED"
    RELEASE_REQUESTED = "RELEASE_REQUESTED"
    RELEASE_APPLIED = "RELEASE_APPLIED"
    RELEASE_REJECTED = "RELEASE_REJECTED"
    RELEASE_WITHDRAWN = "RELEASE_WITHDRAWN"
    RELEASE_UNDONE = "RELEASE_UNDONE"
    WORLD_APPLIED = "WORLD_APPLIED"


@dataclass(frozen=True, slots=True)
class Contract:
    id: ContractId
    name: str
    status: ContractStatus
    tenant_id: TenantId
    component_whitelist: bool
    """The setting of the contract's tenant (C3)."""
    flow_quota: int | None = None
    """How many flows its FULL workspaces may hold together; None: any number (X10)."""


@dataclass(frozen=True, slots=True)
class Workspace:
    id: WorkspaceId
    name: str
    type: WorkspaceType
    contract: Contract
    publish_policy: PublishPolicy = PublishPolicy.OPEN


@dataclass(frozen=True, slots=True)
class Target:
    """A credential, secret, agent or topic, as far as the rules need it."""

    id: str
    kind: ReferenceKind
    workspace_id: WorkspaceId
    name: str = ""
    component_id: ComponentId | None = None
    """The component that a credential or secret belongs to."""
    schema: str | None = None
    """The JSON schema of a topic, as JSON text."""

    def lives_in(self, workspace: Workspace, kind: ReferenceKind) -> bool:
        """Whether the workspace has it as a thing of this kind."""
        return self.kind is kind and self.workspace_id == workspace.id
