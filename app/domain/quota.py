"""How many flows a contract may hold (X10)."""

from dataclasses import dataclass

from app.domain.access import (
    ContractSuspended,
    InsufficientPermission,
    WorkspaceAccess,
    rights_missing,
    writing_refused,
)
from app.domain.errors import Refusal
from app.domain.model import Contract, Workspace, WorkspaceType
from app.domain.paths import INTO_WORKSPACE, Path
from app.domain.wording import named


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


def counts_against_quota(workspace: Workspace) -> bool:
    """Whether a new flow here needs a place in the contract's quota: only in production workspaces."""
    return workspace.type is WorkspaceType.FULL and workspace.contract.flow_quota is not None


def is_quota_judged(access: WorkspaceAccess) -> bool:
    """Whether it matters how many flows the contract holds: only for a caller who may write into such a workspace."""
    return counts_against_quota(access.workspace) and not rights_missing(access)


def quota_exceeded(access: WorkspaceAccess, used: int, path: Path = ()) -> tuple[QuotaExceeded, ...]:
    """A new flow in this workspace, whose contract holds `used` flows in its production workspaces.

    Judged only for a caller who holds the permission to write there: nobody else is told how many there are.
    """
    limit = access.workspace.contract.flow_quota
    if limit is None or not is_quota_judged(access) or used < limit:
        return ()
    return (QuotaExceeded(limit, used, access.workspace.contract, path=path),)


def new_flow_refused(
    access: WorkspaceAccess, flows_used: int, path: Path
) -> tuple[InsufficientPermission | ContractSuspended | QuotaExceeded, ...]:
    """Refuse a new flow in a workspace that the caller may not write into, or whose contract's quota is full (X10)."""
    return (*writing_refused(access, path), *quota_exceeded(access, flows_used, path))
