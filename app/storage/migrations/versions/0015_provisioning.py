"""Prepare provisioning: external keys, deactivated users, provisioners, times, and the references of flows.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels: str | None = None
depends_on: str | None = None
oldest_compatible = "0013"

PROVISIONER = {
    "id": "role_00000000000000000000000009",
    "scope": "TENANT",
    "name": "provisioner",
    "permissions": ["tenants.world.edit", "tenants.event.get"],
}
KEYED = (
    "tenant",
    "contract",
    "workspace",
    "user_account",
    "role",
    "team",
    "component",
    "topic",
    "credential",
    "secret",
    "agent",
    "flow",
)
"""The tables whose rows may have external keys."""
WITHOUT_TIMES = tuple(table for table in (*KEYED, "workspace_access", "contract_access") if table != "flow")
TIMES = ("created_at", "updated_at")
WORKSPACES_OF_RECORDS = ("source_workspace_id", "destination_workspace_id")

FORGET_KEYS = """
    CREATE FUNCTION forget_external_keys() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM external_key USING deleted_rows WHERE external_key.id = deleted_rows.id;
        RETURN NULL;
    END $$
"""
FORGET_SCOPES = """
    CREATE FUNCTION forget_external_keys_of_tenant() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM external_key USING deleted_rows WHERE scope_id = deleted_rows.id;
        RETURN NULL;
    END $$
"""

# What looks like no id is bound to nothing, and may be longer than an index takes.
NOTED = """
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, {state}_id)
    SELECT DISTINCT flow.id, bound.reference_id, flow.workspace_id, flow.name_key, state.id
    FROM {rows} AS state
    JOIN flow ON flow.id = state.flow_id AND {counts}
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{{25}}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET {state}_id = excluded.{state}_id
"""
FORGOTTEN = """
    DELETE FROM flow_reference AS used USING {rows} AS state
    WHERE used.flow_id = state.flow_id AND used.{state}_id = state.id AND used.{other}_id IS NULL;
    UPDATE flow_reference AS used SET {state}_id = NULL FROM {rows} AS state
    WHERE used.flow_id = state.flow_id AND used.{state}_id = state.id
"""
COUNTS = {"draft": "state.set_aside_at IS NULL", "version": "flow.published_version_id = state.id"}
"""Conditions under which a flow uses the references of a state."""


def note(state: str, rows: str) -> str:
    return NOTED.format(state=state, rows=rows, counts=COUNTS[state])


def forget(state: str, rows: str) -> str:
    [other] = COUNTS.keys() - {state}
    return FORGOTTEN.format(state=state, other=other, rows=rows)


WAS_PUBLISHED = "(SELECT OLD.published_version_id AS id, OLD.id AS flow_id)"
IS_PUBLISHED = "(SELECT * FROM flow_version WHERE id = NEW.published_version_id)"
FUNCTIONS = {
    "note_references_of_new_drafts": note("draft", "new_rows"),
    "note_references_of_new_versions": note("version", "new_rows"),
    "note_references_of_draft": forget("draft", "(SELECT OLD.*)") + ";" + note("draft", "(SELECT NEW.*)"),
    "note_references_of_published": forget("version", WAS_PUBLISHED) + ";" + note("version", IS_PUBLISHED),
    "forget_references_of_drafts": forget("draft", "deleted_rows"),
    "rename_references": "UPDATE flow_reference SET name_key = NEW.name_key WHERE flow_id = NEW.id",
}
TRIGGERS = {
    "note_references_of_new": (
        "flow_draft",
        (
            "AFTER INSERT ON flow_draft REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT "
            "EXECUTE FUNCTION note_references_of_new_drafts()"
        ),
    ),
    "note_references_of_new_version": (
        "flow_version",
        (
            "AFTER INSERT ON flow_version REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT "
            "EXECUTE FUNCTION note_references_of_new_versions()"
        ),
    ),
    "note_references": (
        "flow_draft",
        (
            "AFTER UPDATE OF bindings, set_aside_at ON flow_draft FOR EACH ROW "
            "WHEN (OLD.bindings <> NEW.bindings OR OLD.set_aside_at IS DISTINCT FROM NEW.set_aside_at) "
            "EXECUTE FUNCTION note_references_of_draft()"
        ),
    ),
    "note_references_of_published": (
        "flow",
        (
            "AFTER UPDATE OF published_version_id ON flow FOR EACH ROW "
            "WHEN (OLD.published_version_id IS DISTINCT FROM NEW.published_version_id) "
            "EXECUTE FUNCTION note_references_of_published()"
        ),
    ),
    "rename_references": (
        "flow",
        (
            "AFTER UPDATE OF name_key ON flow FOR EACH ROW WHEN (OLD.name_key <> NEW.name_key) "
            "EXECUTE FUNCTION rename_references()"
        ),
    ),
    "forget_references": (
        "flow_draft",
        (
            "AFTER DELETE ON flow_draft REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT "
            "EXECUTE FUNCTION forget_references_of_drafts()"
        ),
    ),
}


def upgrade() -> None:
    note_references()
    add_tables()
    forget_keys()
    for table in WITHOUT_TIMES:
        for column in TIMES:
            made = sa.Column(column, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
            op.add_column(table, made)
    op.add_column("user_account", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("user_account", sa.Column("tenant_id", sa.Text(collation="C"), nullable=True))
    op.create_index(op.f("ix_user_account_tenant_id"), "user_account", ["tenant_id"])
    op.create_foreign_key(op.f("fk_user_account_tenant_id"), "user_account", "tenant", ["tenant_id"], ["id"])
    for column in WORKSPACES_OF_RECORDS:
        op.drop_constraint(op.f(f"fk_flow_export_{column}"), "flow_export")


def note_references() -> None:
    """Before all else, since it takes longest: meanwhile others read everything, but don't write flows."""
    op.create_table(
        "flow_reference",
        sa.Column("flow_id", sa.Text(collation="C"), nullable=False),
        sa.Column("reference_id", sa.Text(collation="C"), nullable=False),
        sa.Column("workspace_id", sa.Text(collation="C"), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("draft_id", sa.Text(collation="C"), nullable=True),
        sa.Column("version_id", sa.Text(collation="C"), nullable=True),
        sa.Column("place", sa.Text(collation="C"), sa.Computed("workspace_id || reference_id", persisted=True)),
        sa.ForeignKeyConstraint(["flow_id"], ["flow.id"], name=op.f("fk_flow_reference_flow_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("flow_id", "reference_id", name=op.f("pk_flow_reference")),
    )
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body}; RETURN NULL; END $$")
    for name, (_, trigger) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {trigger}")
    op.execute(note("draft", "flow_draft"))
    op.execute(note("version", "flow_version"))
    op.create_index("ix_flow_reference_by_name", "flow_reference", ["place", "name_key", "flow_id"])


def add_tables() -> None:
    op.create_table(
        "external_key",
        sa.Column("scope_id", sa.Text(collation="C"), nullable=False),
        sa.Column("section", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("id", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("length(key) BETWEEN 1 AND 255", name=op.f("ck_external_key_length")),
        sa.PrimaryKeyConstraint("scope_id", "section", "key", name=op.f("pk_external_key")),
        sa.UniqueConstraint("id", "scope_id", "section", name=op.f("uq_external_key_id_scope_id_section")),
    )
    op.create_table(
        "tenant_member",
        sa.Column("tenant_id", sa.Text(collation="C"), nullable=False),
        sa.Column("user_id", sa.Text(collation="C"), nullable=False),
        sa.Column("role_id", sa.Text(collation="C"), nullable=False),
        *(
            sa.Column(column, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
            for column in TIMES
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_tenant_member_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_tenant_member_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_tenant_member_role_id")),
        sa.PrimaryKeyConstraint("tenant_id", "user_id", name=op.f("pk_tenant_member")),
    )
    op.create_index(op.f("ix_tenant_member_user_id"), "tenant_member", ["user_id"])
    role = sa.table("role", *map(sa.column, PROVISIONER))
    op.bulk_insert(role, [PROVISIONER])


def forget_keys() -> None:
    op.execute(FORGET_KEYS)
    op.execute(FORGET_SCOPES)
    of_deleted = "REFERENCING OLD TABLE AS deleted_rows FOR EACH STATEMENT EXECUTE FUNCTION"
    for table in KEYED:
        op.execute(f"CREATE TRIGGER forget_external_keys AFTER DELETE ON {table} {of_deleted} forget_external_keys()")
    op.execute(
        "CREATE TRIGGER forget_external_keys_of_tenant AFTER DELETE ON tenant "
        f"{of_deleted} forget_external_keys_of_tenant()"
    )


def downgrade() -> None:
    """Records whose workspace was removed have no place in the release before."""
    op.execute(
        "UPDATE flow_export SET source_workspace_id = NULL "
        "WHERE NOT EXISTS (SELECT FROM workspace WHERE id = source_workspace_id)"
    )
    forget_records_without_destination()
    for column in WORKSPACES_OF_RECORDS:
        op.create_foreign_key(op.f(f"fk_flow_export_{column}"), "flow_export", "workspace", [column], ["id"])
    op.drop_column("user_account", "tenant_id")
    op.drop_column("user_account", "active")
    for table in WITHOUT_TIMES:
        for column in TIMES:
            op.drop_column(table, column)
    for table in KEYED:
        op.execute(f"DROP TRIGGER forget_external_keys ON {table}")
    op.execute("DROP TRIGGER forget_external_keys_of_tenant ON tenant")
    op.execute("DROP FUNCTION forget_external_keys()")
    op.execute("DROP FUNCTION forget_external_keys_of_tenant()")
    op.drop_table("tenant_member")
    op.execute(sa.text("DELETE FROM role WHERE id = :id").bindparams(id=PROVISIONER["id"]))
    op.drop_table("external_key")
    for name, (table, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("flow_reference")


def forget_records_without_destination() -> None:
    gone = "SELECT id FROM flow_export WHERE NOT EXISTS (SELECT FROM workspace WHERE id = destination_workspace_id)"
    for table in ("flow_draft", "flow_version"):
        op.execute(f"UPDATE {table} SET export_id = NULL WHERE export_id IN ({gone})")  # noqa: S608 - our own texts
    op.execute(f"DELETE FROM flow_export WHERE id IN ({gone})")  # noqa: S608 - our own texts
