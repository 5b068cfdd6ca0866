"""The tables of places and people: tenants, contracts, workspaces, users and their roles, teams and components."""

from datetime import datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    true,
)
from sqlmodel import Field

from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.model import ContractStatus, PublishPolicy, WorkspaceType
from app.storage.tables.columns import (
    DatabaseTable,
    IdColumn,
    NamedColumns,
    Provisioned,
    exact_text,
    key,
    one_of,
    reference,
    text,
    time,
)


class TenantTable(IdColumn, Provisioned, table=True):
    name: str = text()
    component_whitelist: bool = False


class ContractTable(NamedColumns, Provisioned, table=True):
    __table_args__ = (
        UniqueConstraint("id", "name_key"),
        UniqueConstraint("id", "tenant_id"),
        one_of("status", ContractStatus),
    )
    tenant_id: str = reference("tenant.id", index=True)
    status: str = text()
    flow_quota: int | None = None


class WorkspaceTable(NamedColumns, Provisioned, table=True):
    __table_args__ = (
        # Without the name, which is no part of any key: nothing that refers to a workspace waits for its renaming.
        UniqueConstraint("id", "contract_id"),
        Index(None, "contract_id", "type"),
        one_of("type", WorkspaceType),
        one_of("publish_policy", PublishPolicy),
    )
    contract_id: str = reference("contract.id")
    type: str = text()
    publish_policy: str = text(default=PublishPolicy.OPEN.value)


class UserTable(IdColumn, Provisioned, table=True):
    __tablename__ = "user_account"
    first_name: str = text()
    last_name: str = text()
    last_name_key: str = exact_text(default="")
    first_name_key: str = exact_text(default="")
    email: str = text()
    email_key: str = exact_text(unique=True)
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """False: its tokens and JWTs are refused (W8)."""
    active_at_home: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    """False: its tenant has deactivated it, so it has no access there (W9)."""
    tenant_id: str | None = reference("tenant.id", nullable=True, index=True)
    """The tenant whose documents may change the user; None: only the command may (W9)."""


class RoleTable(IdColumn, Provisioned, table=True):
    """A named set of permissions (A1). The built-in roles belong to no tenant."""

    __table_args__ = (UniqueConstraint("tenant_id", "scope", "name", postgresql_nulls_not_distinct=True),)
    tenant_id: str | None = reference("tenant.id", nullable=True)
    scope: str = text()
    name: str = text()
    permissions: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


class AccessColumns(Provisioned):
    """The access of a user to a place, with the sort key of the place and the role of a member."""

    user_id: str = reference("user_account.id", on_delete="CASCADE", primary_key=True)
    name_key: str = exact_text()
    role_id: str | None = reference("role.id", nullable=True)


class WorkspaceAccessTable(AccessColumns, table=True):
    """The users who can see a workspace: members, who have a role in it, and users who see it through its contract (A4).

    A foreign key and a trigger keep contract and sort key equal to the workspace's, so that one index answers a page of a
    caller's workspaces.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "contract_id"], ["workspace.id", "workspace.contract_id"], ondelete="CASCADE"
        ),
        Index("ix_workspace_access_by_name", "user_id", "name_key", "workspace_id"),
        Index("ix_workspace_access_by_contract", "user_id", "contract_id", "name_key", "workspace_id"),
        Index(None, "workspace_id", "user_id"),
    )
    workspace_id: str = key()
    contract_id: str = exact_text()


class ContractAccessTable(AccessColumns, table=True):
    """The users who can see a contract: its members, who have a role, and members of its workspaces, who have none here."""

    __table_args__ = (
        ForeignKeyConstraint(
            ["contract_id", "name_key"],
            ["contract.id", "contract.name_key"],
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        Index("ix_contract_access_by_name", "user_id", "name_key", "contract_id"),
        Index(None, "contract_id", "user_id"),
    )
    contract_id: str = key()


class InactiveColumns(Provisioned):
    """The membership of a user that is deactivated in its own tenant."""

    user_id: str = reference("user_account.id", on_delete="CASCADE", primary_key=True)
    role_id: str = reference("role.id")


class InactiveWorkspaceMemberTable(InactiveColumns, table=True):
    """The memberships that a user has in its own tenant while it is deactivated there: of no effect until then (W9)."""

    workspace_id: str = reference("workspace.id", on_delete="CASCADE", primary_key=True, index=True)


class InactiveContractMemberTable(InactiveColumns, table=True):
    """Likewise the memberships of contracts."""

    contract_id: str = reference("contract.id", on_delete="CASCADE", primary_key=True, index=True)


class TenantMemberTable(Provisioned, table=True):
    """Provisioners: who may apply world documents to a tenant (W11)."""

    tenant_id: str = reference("tenant.id", on_delete="CASCADE", primary_key=True)
    user_id: str = reference("user_account.id", on_delete="CASCADE", primary_key=True, index=True)
    role_id: str = reference("role.id")


class ExternalKeyTable(DatabaseTable, table=True):
    """The platform's key of a row (W1). A trigger (migration 0015) deletes the keys of deleted rows."""

    __table_args__ = (
        UniqueConstraint("id", "scope_id", "section"),
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="length"),
    )
    scope_id: str = key()
    """The tenant; of flows the workspace; empty for tenants, and for users without a tenant."""
    section: str = key()
    """As world documents call it: `workspaceMembers`."""
    key: str = key()
    id: str = exact_text()


class TeamTable(IdColumn, Provisioned, table=True):
    __table_args__ = (
        ForeignKeyConstraint(["contract_id", "tenant_id"], ["contract.id", "contract.tenant_id"]),
        UniqueConstraint("tenant_id", "name"),
        Index(None, "name"),
    )
    contract_id: str = exact_text(index=True)
    tenant_id: str = exact_text()
    name: str = exact_text()


class ComponentTable(IdColumn, Provisioned, table=True):
    __table_args__ = (
        UniqueConstraint("team_id", "name"),
        one_of("access", ComponentAccess),
        one_of("requires", ComponentRequirement),
    )
    team_id: str = reference("team.id")
    name: str = exact_text()
    title: str = text()
    access: str = text()
    requires: str = text()
    pub_sub: bool = False
    topic_field: str = text()


class ComponentWhitelistTable(DatabaseTable, table=True):
    """The contracts that a component names in its whitelist (C3)."""

    component_id: str = reference("component.id", on_delete="CASCADE", primary_key=True)
    contract_id: str = reference("contract.id", on_delete="CASCADE", primary_key=True, index=True)


class ApiTokenTable(IdColumn, table=True):
    """An API token; of its secret only the SHA-256 is kept."""

    user_id: str = reference("user_account.id", on_delete="CASCADE", index=True)
    name: str = text()
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = time()
    expires_at: datetime | None = time(nullable=True)
    last_used_at: datetime | None = time(nullable=True)
    revoked_at: datetime | None = time(nullable=True)


class SchemaCompatibilityTable(DatabaseTable, table=True):
    """The oldest release that works with this schema: one row, which the migrations write."""

    oldest_revision: str = key()


class CallerPositionTable(DatabaseTable, table=True):
    """The position in the log that covers each caller's writes; the table isn't logged, and empty after a crash."""

    __table_args__ = ({"prefixes": ["UNLOGGED"]},)
    user_id: str = key()
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    """In bytes from the beginning."""
