"""The model: workspaces, contracts and references, as far as the rules need them."""

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
