"""Reports of references, stored once for all records that say the same.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None
# What the release before writes and reads of a record is moved.
oldest_compatible = "0012"

AT_A_TIME = 1000
"""A report may have as much text as a request, so not all of them are sorted at once."""

HASH = """encode(sha256(convert_to("references", 'UTF8')), 'hex')"""
_LAST = sa.text("SELECT max(id) FROM (SELECT id FROM flow_export WHERE id > :after ORDER BY id LIMIT :number) batch")
_THESE = """FROM flow_export WHERE id > :after AND id <= :last AND "references" <> '[]'"""
_STORE = sa.text(
    f'INSERT INTO reference_report (hash, "references") SELECT DISTINCT {HASH}, "references" {_THESE} '
    "ON CONFLICT DO NOTHING"
)
_REFER = sa.text(
    f"UPDATE flow_export SET report_hash = {HASH} WHERE id > :after AND id <= :last AND \"references\" <> '[]'"  # noqa: S608 - our own texts
)


def upgrade() -> None:
    op.create_table(
        "reference_report",
        sa.Column("hash", sa.Text(collation="C"), nullable=False),
        sa.Column("references", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_reference_report")),
    )
    op.add_column("flow_export", sa.Column("report_hash", sa.Text(collation="C"), nullable=True))
    move_reports()
    op.create_index(op.f("ix_flow_export_report_hash"), "flow_export", ["report_hash"])
    op.create_foreign_key(
        op.f("fk_flow_export_report_hash"), "flow_export", "reference_report", ["report_hash"], ["hash"]
    )
    op.drop_column("flow_export", "references")


def move_reports() -> None:
    connection, after = op.get_bind(), ""
    while last := connection.execute(_LAST, {"after": after, "number": AT_A_TIME}).scalar():
        these = {"after": after, "last": last}
        connection.execute(_STORE, these)
        connection.execute(_REFER, these)
        after = last


def downgrade() -> None:
    op.add_column("flow_export", sa.Column("references", sa.Text(), nullable=False, server_default="[]"))
    op.execute(
        'UPDATE flow_export SET "references" = report."references" FROM reference_report report '
        "WHERE report.hash = report_hash"
    )
    op.alter_column("flow_export", "references", server_default=None)
    op.drop_column("flow_export", "report_hash")
    op.drop_table("reference_report")
