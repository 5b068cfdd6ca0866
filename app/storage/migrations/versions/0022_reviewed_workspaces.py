"""Workspaces in which releases are reviewed, and the permissions to review them and to publish alone.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0021"
oldest_compatible = "0013"

OWNER, ADMIN = "role_00000000000000000000000001", "role_00000000000000000000000002"
REVIEW, RELEASE = "workspaces.flow.review", "workspaces.flow.release"
GRANT = "UPDATE role SET permissions = permissions || ARRAY['{permission}'] WHERE id = '{role}'"
WITHDRAW = "UPDATE role SET permissions = array_remove(permissions, '{permission}') WHERE id = '{role}'"
GRANTED = ((OWNER, REVIEW), (OWNER, RELEASE), (ADMIN, REVIEW))


def upgrade() -> None:
    op.add_column("workspace", sa.Column("publish_policy", sa.Text(), server_default="OPEN", nullable=False))
    op.create_check_constraint(
        op.f("ck_workspace_publish_policy"), "workspace", "publish_policy IN ('OPEN', 'REVIEWED')"
    )
    for role, permission in GRANTED:
        op.execute(GRANT.format(role=role, permission=permission))


def downgrade() -> None:
    for role, permission in GRANTED:
        op.execute(WITHDRAW.format(role=role, permission=permission))
    op.drop_constraint(op.f("ck_workspace_publish_policy"), "workspace")
    op.drop_column("workspace", "publish_policy")
