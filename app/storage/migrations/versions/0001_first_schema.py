"""The first schema: places and people, components, what flows are bound to, and flows with their history.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

WRITES = [
    "workspaces.flow.edit",
    "workspaces.flow.toggleStatus",
    "workspaces.credential.edit",
    "workspaces.topic.create",
    "workspaces.topic.edit",
    "workspaces.topic.delete",
]
READS = ["workspaces.workspace.get", "workspaces.flow.get", "workspaces.credential.get", "workspaces.topic.get"]
BUILT_IN_ROLES = [
    ("role_00000000000000000000000001", "WORKSPACE", "owner", READS + WRITES),
    ("role_00000000000000000000000002", "WORKSPACE", "admin", READS + WRITES),
    ("role_00000000000000000000000003", "WORKSPACE", "integrator", READS + WRITES),
    ("role_00000000000000000000000004", "WORKSPACE", "guest", READS),
    ("role_00000000000000000000000005", "CONTRACT", "owner", ["contracts.contract.get", "contracts.contract.edit"]),
    ("role_00000000000000000000000006", "CONTRACT", "admin", ["contracts.contract.get", "contracts.contract.edit"]),
    ("role_00000000000000000000000007", "CONTRACT", "integrator", ["contracts.contract.get"]),
    ("role_00000000000000000000000008", "CONTRACT", "guest", ["contracts.contract.get"]),
]


TABLES_TO_DROP = [
    "flow_export",
    "secret",
    "flow_version",
    "flow_draft",
    "credential",
    "component_whitelist",
    "workspace_access",
    "topic",
    "flow",
    "component",
    "agent",
    "workspace",
    "team",
    "contract_access",
    "role",
    "flow_content_component",
    "contract",
    "api_token",
    "user_account",
    "tenant",
    "flow_content",
]


def upgrade() -> None:
    op.create_table(
        "flow_content",
        sa.Column("hash", sa.Text(collation="C"), nullable=False),
        sa.Column("graph", sa.Text(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_flow_content")),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("component_whitelist", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(collation="C"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email_key", name=op.f("uq_user_account_email_key")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("user_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_api_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
    )
    op.create_index(op.f("ix_api_token_user_id"), "api_token", ["user_id"], unique=False)
    op.create_table(
        "contract",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("tenant_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("flow_quota", sa.Integer(), nullable=True),
        sa.CheckConstraint("status IN ('ACTIVE', 'SUSPENDED')", name=op.f("ck_contract_status")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_contract_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
        sa.UniqueConstraint("id", "name_key", name=op.f("uq_contract_id_name_key")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_contract_id_tenant_id")),
    )
    op.create_index(op.f("ix_contract_tenant_id"), "contract", ["tenant_id"], unique=False)
    op.create_table(
        "flow_content_component",
        sa.Column("hash", sa.Text(collation="C"), nullable=False),
        sa.Column("team", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["hash"], ["flow_content.hash"], name=op.f("fk_flow_content_component_hash"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hash", "team", "name", name=op.f("pk_flow_content_component")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("tenant_id", sa.Text(collation="C"), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_role_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint(
            "tenant_id", "scope", "name", name=op.f("uq_role_tenant_id_scope_name"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "contract_access",
        sa.Column("user_id", sa.Text(collation="C"), nullable=False),
        sa.Column("contract_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("role_id", sa.Text(collation="C"), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id", "name_key"],
            ["contract.id", "contract.name_key"],
            name=op.f("fk_contract_access_contract_id_name_key"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_contract_access_role_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_contract_access_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "contract_id", name=op.f("pk_contract_access")),
    )
    op.create_index(
        "ix_contract_access_by_name", "contract_access", ["user_id", "name_key", "contract_id"], unique=False
    )
    op.create_index(
        op.f("ix_contract_access_contract_id_user_id"), "contract_access", ["contract_id", "user_id"], unique=False
    )
    op.create_table(
        "team",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("contract_id", sa.Text(collation="C"), nullable=False),
        sa.Column("tenant_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["contract_id", "tenant_id"],
            ["contract.id", "contract.tenant_id"],
            name=op.f("fk_team_contract_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_team_tenant_id_name")),
    )
    op.create_index(op.f("ix_team_contract_id"), "team", ["contract_id"], unique=False)
    op.create_index(op.f("ix_team_name"), "team", ["name"], unique=False)
    op.create_table(
        "workspace",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("contract_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.CheckConstraint("type IN ('FULL', 'LIMITED')", name=op.f("ck_workspace_type")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_workspace_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("id", "contract_id", "name_key", name=op.f("uq_workspace_id_contract_id_name_key")),
    )
    op.create_index(op.f("ix_workspace_contract_id_type"), "workspace", ["contract_id", "type"], unique=False)
    op.create_table(
        "agent",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_agent_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent")),
    )
    op.create_index(
        op.f("ix_agent_workspace_id_name_key_id"), "agent", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "component",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("team_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(collation="C"), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.Column("requires", sa.Text(), nullable=False),
        sa.Column("pub_sub", sa.Boolean(), nullable=False),
        sa.Column("topic_field", sa.Text(), nullable=False),
        sa.CheckConstraint("access IN ('TEAM', 'TENANT', 'GLOBAL')", name=op.f("ck_component_access")),
        sa.CheckConstraint("requires IN ('NONE', 'CREDENTIAL', 'SECRET')", name=op.f("ck_component_requires")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_component_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component")),
        sa.UniqueConstraint("team_id", "name", name=op.f("uq_component_team_id_name")),
    )
    op.create_table(
        "flow",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_version_id", sa.Text(collation="C"), nullable=True),
        sa.Column("draft_revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('ACTIVE', 'INACTIVE', 'SUSPENDED')", name=op.f("ck_flow_status")),
        sa.CheckConstraint("type IN ('ORDINARY', 'REAL_TIME')", name=op.f("ck_flow_type")),
        sa.CheckConstraint("draft_revision >= 0", name=op.f("ck_flow_draft_revision")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_flow_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_flow_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow")),
    )
    op.create_index(
        op.f("ix_flow_created_by_workspace_id_name_key_id"),
        "flow",
        ["created_by", "workspace_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_flow_workspace_id_created_at_id"), "flow", ["workspace_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_flow_workspace_id_name_key_id"), "flow", ["workspace_id", "name_key", "id"], unique=False)
    op.create_index(
        op.f("ix_flow_workspace_id_updated_at_id"), "flow", ["workspace_id", "updated_at", "id"], unique=False
    )
    op.create_table(
        "topic",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("schema_text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_topic_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic")),
    )
    op.create_index(
        op.f("ix_topic_workspace_id_name_key_id"), "topic", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "workspace_access",
        sa.Column("user_id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("contract_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("role_id", sa.Text(collation="C"), nullable=True),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_workspace_access_role_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_workspace_access_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contract_id", "name_key"],
            ["workspace.id", "workspace.contract_id", "workspace.name_key"],
            name=op.f("fk_workspace_access_workspace_id_contract_id_name_key"),
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "workspace_id", name=op.f("pk_workspace_access")),
    )
    op.create_index(
        "ix_workspace_access_by_contract",
        "workspace_access",
        ["user_id", "contract_id", "name_key", "workspace_id"],
        unique=False,
    )
    op.create_index(
        "ix_workspace_access_by_name", "workspace_access", ["user_id", "name_key", "workspace_id"], unique=False
    )
    op.create_index(
        op.f("ix_workspace_access_workspace_id_user_id"), "workspace_access", ["workspace_id", "user_id"], unique=False
    )
    op.create_table(
        "component_whitelist",
        sa.Column("component_id", sa.Text(collation="C"), nullable=False),
        sa.Column("contract_id", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["component.id"], name=op.f("fk_component_whitelist_component_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_component_whitelist_contract_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("component_id", "contract_id", name=op.f("pk_component_whitelist")),
    )
    op.create_index(op.f("ix_component_whitelist_contract_id"), "component_whitelist", ["contract_id"], unique=False)
    op.create_table(
        "credential",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("component_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_credential_component_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_credential_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credential")),
    )
    op.create_index(op.f("ix_credential_component_id"), "credential", ["component_id"], unique=False)
    op.create_index(
        op.f("ix_credential_workspace_id_component_id_name_key_id"),
        "credential",
        ["workspace_id", "component_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_credential_workspace_id_name_key_id"), "credential", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "flow_draft",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("flow_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(collation="C"), nullable=False),
        sa.Column("bindings", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("set_aside_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_aside_by", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint("origin IN ('EDIT', 'COPY', 'EXPORT', 'REVERT')", name=op.f("ck_flow_draft_origin")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_flow_draft_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["content_hash"], ["flow_content.hash"], name=op.f("fk_flow_draft_content_hash")),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name=op.f("fk_flow_draft_flow_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["set_aside_by"], ["user_account.id"], name=op.f("fk_flow_draft_set_aside_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_draft")),
    )
    op.create_index(op.f("ix_flow_draft_author_id"), "flow_draft", ["author_id"], unique=False)
    op.create_index(op.f("ix_flow_draft_content_hash"), "flow_draft", ["content_hash"], unique=False)
    op.create_index("ix_flow_draft_set_aside", "flow_draft", ["flow_id", "set_aside_at", "id"], unique=False)
    op.create_index(
        op.f("ix_flow_draft_set_aside_by"),
        "flow_draft",
        ["set_aside_by"],
        unique=False,
        postgresql_where=sa.text("set_aside_by IS NOT NULL"),
    )
    op.create_index(
        "uq_flow_draft_active", "flow_draft", ["flow_id"], unique=True, postgresql_where=sa.text("set_aside_at IS NULL")
    )
    op.create_table(
        "flow_version",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("flow_id", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(collation="C"), nullable=False),
        sa.Column("bindings", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Text(collation="C"), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("revert_of", sa.Text(collation="C"), nullable=True),
        sa.CheckConstraint("origin IN ('EDIT', 'COPY', 'EXPORT', 'REVERT')", name=op.f("ck_flow_version_origin")),
        sa.CheckConstraint("number > 0", name=op.f("ck_flow_version_number")),
        sa.ForeignKeyConstraint(["content_hash"], ["flow_content.hash"], name=op.f("fk_flow_version_content_hash")),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name=op.f("fk_flow_version_flow_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["published_by"], ["user_account.id"], name=op.f("fk_flow_version_published_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["revert_of"], ["flow_version.id"], name=op.f("fk_flow_version_revert_of"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_version")),
        sa.UniqueConstraint("flow_id", "id", name=op.f("uq_flow_version_flow_id_id")),
        sa.UniqueConstraint("flow_id", "number", name=op.f("uq_flow_version_flow_id_number")),
    )
    op.create_index(op.f("ix_flow_version_content_hash"), "flow_version", ["content_hash"], unique=False)
    op.create_index(op.f("ix_flow_version_published_by"), "flow_version", ["published_by"], unique=False)
    op.create_index(
        op.f("ix_flow_version_revert_of"),
        "flow_version",
        ["revert_of"],
        unique=False,
        postgresql_where=sa.text("revert_of IS NOT NULL"),
    )
    op.create_table(
        "secret",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("component_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["component_id"], ["component.id"], name=op.f("fk_secret_component_id")),
        sa.ForeignKeyConstraint(["workspace_id"], ["workspace.id"], name=op.f("fk_secret_workspace_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret")),
    )
    op.create_index(op.f("ix_secret_component_id"), "secret", ["component_id"], unique=False)
    op.create_index(
        op.f("ix_secret_workspace_id_component_id_name_key_id"),
        "secret",
        ["workspace_id", "component_id", "name_key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_secret_workspace_id_name_key_id"), "secret", ["workspace_id", "name_key", "id"], unique=False
    )
    op.create_table(
        "flow_export",
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.Column("actor_id", sa.Text(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("copied_from", sa.Text(), nullable=False),
        sa.Column("source_flow_id", sa.Text(collation="C"), nullable=True),
        sa.Column("source_version_id", sa.Text(collation="C"), nullable=True),
        sa.Column("destination_workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("destination_flow_id", sa.Text(collation="C"), nullable=True),
        sa.Column("draft_id", sa.Text(collation="C"), nullable=True),
        sa.Column("set_aside_draft_id", sa.Text(collation="C"), nullable=True),
        sa.Column("references", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "copied_from IN ('PUBLISHED_VERSION', 'DRAFT', 'OLDER_VERSION')", name=op.f("ck_flow_export_copied_from")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_flow_export_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["destination_flow_id"], ["flow.id"], name=op.f("fk_flow_export_destination_flow_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["destination_workspace_id"], ["workspace.id"], name=op.f("fk_flow_export_destination_workspace_id")
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["flow_draft.id"], name=op.f("fk_flow_export_draft_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["set_aside_draft_id"],
            ["flow_draft.id"],
            name=op.f("fk_flow_export_set_aside_draft_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["source_flow_id"], ["flow.id"], name=op.f("fk_flow_export_source_flow_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["source_version_id"],
            ["flow_version.id"],
            name=op.f("fk_flow_export_source_version_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_export")),
    )
    op.create_index(op.f("ix_flow_export_actor_id"), "flow_export", ["actor_id"], unique=False)
    op.create_index(
        "ix_flow_export_copies",
        "flow_export",
        ["source_flow_id", "destination_workspace_id", "destination_flow_id"],
        unique=False,
    )
    op.create_index(op.f("ix_flow_export_destination_flow_id"), "flow_export", ["destination_flow_id"], unique=False)
    op.create_index(
        op.f("ix_flow_export_destination_workspace_id"), "flow_export", ["destination_workspace_id"], unique=False
    )
    op.create_index(op.f("ix_flow_export_draft_id"), "flow_export", ["draft_id"], unique=False)
    op.create_index(op.f("ix_flow_export_set_aside_draft_id"), "flow_export", ["set_aside_draft_id"], unique=False)
    op.create_index(op.f("ix_flow_export_source_version_id"), "flow_export", ["source_version_id"], unique=False)

    op.create_foreign_key(
        "fk_flow_published_version",
        "flow",
        "flow_version",
        ["id", "published_version_id"],
        ["flow_id", "id"],
        initially="DEFERRED",
        deferrable=True,
    )
    role = sa.table("role", sa.column("id"), sa.column("scope"), sa.column("name"), sa.column("permissions"))
    op.bulk_insert(
        role,
        [
            {"id": id_, "scope": scope, "name": name, "permissions": permissions}
            for id_, scope, name, permissions in BUILT_IN_ROLES
        ],
    )


def downgrade() -> None:
    op.drop_constraint("fk_flow_published_version", "flow")
    for table in TABLES_TO_DROP:
        op.drop_table(table)
