"""Note the references of a published version once, where its row and its flow change in one statement.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision: str | None = "0023"
oldest_compatible = "0013"

# What looks like no id is bound to nothing, and may be longer than an index takes.
NOTE = """
    INSERT INTO flow_reference (flow_id, reference_id, workspace_id, name_key, version_id)
    SELECT DISTINCT NEW.id, bound.reference_id, NEW.workspace_id, NEW.name_key, state.id
    FROM flow_version AS state
    CROSS JOIN LATERAL json_to_recordset(state.bindings::json)
        AS step ("CREDENTIAL" text, "SECRET" text, "AGENT" text, "TOPIC" text)
    CROSS JOIN LATERAL unnest(ARRAY[step."CREDENTIAL", step."SECRET", step."AGENT", step."TOPIC"])
        AS bound (reference_id)
    WHERE state.id = NEW.published_version_id AND bound.reference_id ~ '^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$'
    ORDER BY 1, 2
    ON CONFLICT (flow_id, reference_id) DO UPDATE SET version_id = excluded.version_id;
"""
FORGET = """
    DELETE FROM flow_reference
    WHERE flow_id = OLD.id AND version_id = OLD.published_version_id AND draft_id IS NULL;
    UPDATE flow_reference SET version_id = NULL WHERE flow_id = OLD.id AND version_id = OLD.published_version_id;
"""
# The trigger of new versions has noted those of a version that is made in the same statement, all of them at once.
WHERE_NEEDED = "".join(
    (
        "IF EXISTS (SELECT FROM flow_reference WHERE flow_id = OLD.id AND version_id = OLD.published_version_id) THEN",
        FORGET,
        "END IF; IF NOT EXISTS",
        "(SELECT FROM flow_reference WHERE flow_id = NEW.id AND version_id = NEW.published_version_id) THEN",
        NOTE,
        "END IF;",
    )
)


def upgrade() -> None:
    replace(WHERE_NEEDED)


def downgrade() -> None:
    replace(FORGET + NOTE)


def replace(body: str) -> None:
    op.execute(
        "CREATE OR REPLACE FUNCTION note_references_of_published() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} RETURN NULL; END $$"
    )
