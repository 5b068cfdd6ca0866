"""Permissions of callers, suspended (A1 to A6) and full contracts (X10), and reviewed workspaces (R1 to R3)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.errors import INTO_WORKSPACE, WORKSPACE, NotFound, Path, Refusal, named
from app.domain.model import (
    Contract,
    ContractId,
    ContractStatus,
    Kind,
    PublishPolicy,
    TenantId,
    Workspace,
    WorkspaceId,
    WorkspaceType,
)

FLOW_EDIT = "workspaces.flow.edit"
"""The permission that "Integrator level" means (A2)."""
FLOW_TOGGLE_STATUS = "workspaces.flow.toggleStatus"
"""The permission to start and stop flows (H9)."""
FLOW_REVIEW = "workspaces.flow.review"
"""The permission to approve the release that another user requested (R1)."""
FLOW_RELEASE = "workspaces.flow.release"
"""The permission to publish alone in a reviewed workspace (R1, R3)."""
_ROLE_WITH = {FLOW_REVIEW: "Admin", FLOW_RELEASE: "Owner"}
"""The built-in roles with permissions that Integrators lack."""


@dataclass(frozen=True, slots=True)
class FlowNotFound(NotFound):
    kind = Kind.FLOW


@dataclass(frozen=True, slots=True)
class WorkspaceNotFound(NotFound):
    kind = Kind.WORKSPACE


@dataclass(frozen=True, slots=True)
class InsufficientPermission(Refusal):
    permission: str
    workspace: Workspace

    @property
    def message(self) -> str:
        return (
            f"You lack the permission {self.permission} in {named(self.workspace)}. "
            f"Ask its admins for a role that has it, such as {_ROLE_WITH.get(self.permission, 'Integrator')}."
        )


@dataclass(frozen=True, slots=True)
class ApprovalRequired(Refusal):
    workspace: Workspace

    @property
    def message(self) -> str:
        return (
            f"Flows of {named(self.workspace)} are published, and published flows deleted, only after a review. "
            "Request a release, which a reviewer of the workspace can approve."
        )


@dataclass(frozen=True, slots=True)
class ContractSuspended(Refusal):
    contract: Contract
    workspace: Workspace

    @property
    def message(self) -> str:
        was_chosen = self.path[-1:] == WORKSPACE
        advice = "Choose a workspace of another contract, or have" if was_chosen else "Have"
        return (
            f"The contract {named(self.contract)} is suspended, so nothing can be changed or started in its workspace "
            f"{named(self.workspace)}. {advice} the contract reactivated."
        )


@dataclass(frozen=True, slots=True)
class QuotaExceeded(Refusal):
    limit: int
    used: int
    contract: Contract

    @property
    def message(self) -> str:
        remedy = "Override an existing flow, remove one" if self.path[-2:] == INTO_WORKSPACE else "Remove a flow"
        allowed = "1 flow" if self.limit == 1 else f"{self.limit} flows"
        return (
            f"The contract {named(self.contract)} may hold {allowed} in its production workspaces and holds "
            f"{self.used}. {remedy}, or have the quota raised."
        )


@dataclass(frozen=True, slots=True)
class WorkspaceAccess:
    """A workspace that the caller can see, with its permissions there: none where it only knows the name (A4)."""

    workspace: Workspace
    permissions: frozenset[str]


class VisibleWorkspace(NamedTuple):
    """A workspace that the caller can see, with what rules need of it, in one flat row: pages hold many."""

    id: str
    name: str
    type: str
    contract_id: str
    contract_status: str
    permissions: Collection[str] | None
    """None: the caller is no member."""
    contract_name: str
    tenant_id: str
    component_whitelist: bool
    flow_quota: int | None
    publish_policy: str

    @property
    def is_quota_judged(self) -> bool:
        """Whether it matters how many flows the contract holds: only for a caller who may write into such a workspace (X10)."""
        is_counted = self.flow_quota is not None and self.type == WorkspaceType.FULL
        return is_counted and FLOW_EDIT in (self.permissions or ())

    @property
    def access(self) -> WorkspaceAccess:
        contract = Contract(
            id=ContractId(self.contract_id),
            name=self.contract_name,
            status=ContractStatus(self.contract_status),
            tenant_id=TenantId(self.tenant_id),
            component_whitelist=self.component_whitelist,
            flow_quota=self.flow_quota,
        )
        workspace = Workspace(
            WorkspaceId(self.id), self.name, WorkspaceType(self.type), contract, PublishPolicy(self.publish_policy)
        )
        return WorkspaceAccess(workspace, frozenset(self.permissions or ()))


def rights_missing(
    access: WorkspaceAccess, path: Path = (), *, permission: str = FLOW_EDIT
) -> tuple[InsufficientPermission, ...]:
    """Refuse a caller without Integrator level, or another permission, in this workspace (A3)."""
    if permission in access.permissions:
        return ()
    return (InsufficientPermission(permission, access.workspace, path=path),)


def contract_suspended(access: WorkspaceAccess, path: Path) -> tuple[ContractSuspended, ...]:
    """Refuse every write into the workspaces of a suspended contract (A6)."""
    if access.workspace.contract.status is not ContractStatus.SUSPENDED:
        return ()
    return (ContractSuspended(access.workspace.contract, access.workspace, path=path),)


def writing_refused(access: WorkspaceAccess, path: Path) -> tuple[InsufficientPermission | ContractSuspended, ...]:
    """Refuse to change flows of this workspace without Integrator level (A3), or in a suspended contract (A6)."""
    return (*rights_missing(access, path), *contract_suspended(access, path))


def approval_required(access: WorkspaceAccess, path: Path) -> tuple[ApprovalRequired, ...]:
    """Refuse a caller without the permission to release to publish in a reviewed workspace alone (R2, R3)."""
    if may_release(access.permissions, access.workspace.publish_policy):
        return ()
    return (ApprovalRequired(access.workspace, path=path),)


def is_reviewed(access: WorkspaceAccess) -> bool:
    """Whether releases of the workspace are reviewed (R1)."""
    return access.workspace.publish_policy is PublishPolicy.REVIEWED


def counts_against_quota(workspace: Workspace) -> bool:
    """Whether a new flow here needs a place in the contract's quota: only in production workspaces."""
    return workspace.type is WorkspaceType.FULL and workspace.contract.flow_quota is not None


def quota_exceeded(access: WorkspaceAccess, used: int, path: Path = ()) -> tuple[QuotaExceeded, ...]:
    """A new flow in this workspace, whose contract holds `used` flows in its production workspaces.

    Judged only for a caller who holds the permission to write there: nobody else is told how many there are.
    """
    limit = access.workspace.contract.flow_quota
    if limit is None or used < limit or rights_missing(access) or not counts_against_quota(access.workspace):
        return ()
    return (QuotaExceeded(limit, used, access.workspace.contract, path=path),)


def new_flow_refused(
    access: WorkspaceAccess, flows_used: int, path: Path
) -> tuple[InsufficientPermission | ContractSuspended | QuotaExceeded, ...]:
    """Refuse a new flow in a workspace that the caller may not write into, or whose contract's quota is full (X10)."""
    return (*writing_refused(access, path), *quota_exceeded(access, flows_used, path))


def may_edit(access: WorkspaceAccess) -> bool:
    """Whether the caller may create, copy to and edit flows here now."""
    return permits_editing(access.permissions, access.workspace.contract.status)


def may_act(access: WorkspaceAccess, permission: str) -> bool:
    """Whether the caller may change flows here as this permission allows; in a suspended contract flows can be stopped (H9)."""
    return may_edit(access) if permission == FLOW_EDIT else permission in access.permissions


def permits_editing(permissions: Collection[str], status: str) -> bool:
    """Whether these permissions, and the status of the contract, allow to edit flows (A3, A6)."""
    return FLOW_EDIT in permissions and status != ContractStatus.SUSPENDED


def may_release(permissions: Collection[str], policy: str) -> bool:
    """Whether a workspace is open, or these permissions allow to publish in it without a review (R2, R3)."""
    return policy == PublishPolicy.OPEN or FLOW_RELEASE in permissions
