"""What loading a world asks of the database, and how it writes: with COPY."""

from collections.abc import Collection, Sequence

from sqlalchemy import Table

from app.domain.component import Component, ComponentAccess, ComponentName
from app.domain.content import Content
from app.domain.model import ComponentId, ContractId, TenantId
from app.storage import tables
from app.storage.connections.connection import WriteConnection
from app.storage.world.consistency import BuiltInRoles
from app.storage.world.entity_rows import Row
from app.storage.world.flow_rows import FlowRows
from app.storage.writes.contents import COMPONENT, CONTENT, component_rows, content_row

# Any number does that nobody else uses in this database; these are the letters "load".
_LOCK = "SELECT pg_advisory_xact_lock(1819238756)"
_NO_TIME_LIMIT = "SET LOCAL statement_timeout = 0"
_BUILT_IN_ROLES = "SELECT id, scope, name FROM role WHERE tenant_id IS NULL ORDER BY id"
_TAKEN_EMAILS = "SELECT email_key FROM user_account WHERE email_key = ANY($1)"
_COMPONENTS = """
    SELECT component.id, component.name, component.pub_sub, component.topic_field,
           team.name AS team, team.contract_id, team.tenant_id
    FROM component JOIN team ON team.id = component.team_id
    WHERE component.access = $1
"""
_NEW_CONTENTS = "CREATE TEMPORARY TABLE new_content (LIKE flow_content) ON COMMIT DROP"
# Somebody may be storing the same content at this moment: that is no conflict, for there is but one of it.
# What is there is locked, so that it isn't removed before something refers to it.
# In the order of the hashes, so that two who store the same contents don't wait for each other.
_KEEP_NEW_CONTENTS = """
    WITH held AS (
        SELECT hash FROM flow_content WHERE hash IN (SELECT hash FROM new_content) ORDER BY hash FOR KEY SHARE
    )
    INSERT INTO flow_content (hash, graph, outline)
    SELECT hash, graph, outline FROM new_content WHERE hash NOT IN (SELECT hash FROM held) ORDER BY hash
    ON CONFLICT DO NOTHING RETURNING hash
"""
# Worlds that are loaded one beside the other may have the same keys: the first keeps them.
_KEEP_KEYS = """
    INSERT INTO external_key (scope_id, section, key, id)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) ON CONFLICT DO NOTHING
"""
# Deleted rows would stay, and be read again with every further part.
_FORGET_NEW_CONTENTS = "TRUNCATE new_content"


async def begin_load(connection: WriteConnection) -> None:
    """Take as long as it needs, in a transaction in which nobody else loads."""
    for statement in (_NO_TIME_LIMIT, _LOCK, _NEW_CONTENTS):
        await connection.execute(statement)


async def end_load(connection: WriteConnection) -> None:
    """Count what is there: only then are PostgreSQL's plans right at once."""
    await connection.execute(f"ANALYZE {', '.join(tables.METADATA.tables)}")


async def built_in_roles(connection: WriteConnection) -> BuiltInRoles:
    return {(row["scope"], row["name"]): row["id"] for row in await connection.execute(_BUILT_IN_ROLES)}


async def taken_emails(connection: WriteConnection, emails: Collection[str]) -> frozenset[str]:
    return frozenset(row["email_key"] for row in await connection.execute(_TAKEN_EMAILS, list(emails)))


async def global_components(connection: WriteConnection) -> list[Component]:
    return [
        Component(
            id=ComponentId(row["id"]),
            name=ComponentName(row["team"], row["name"]),
            access=ComponentAccess.GLOBAL,
            contract_id=ContractId(row["contract_id"]),
            tenant_id=TenantId(row["tenant_id"]),
            pub_sub=row["pub_sub"],
            topic_field=row["topic_field"],
        )
        for row in await connection.execute(_COMPONENTS, ComponentAccess.GLOBAL.value)
    ]


async def copy_rows(connection: WriteConnection, table: Table, rows: Sequence[Row]) -> None:
    """Add rows that all name the same columns; what they don't name is null."""
    if rows:
        columns = tuple(rows[0])
        await connection.copy(table.name, columns, (tuple(row[column] for column in columns) for row in rows))


async def keep_keys(connection: WriteConnection, rows: Sequence[Row]) -> None:
    await connection.execute(
        _KEEP_KEYS, *([row[column] for row in rows] for column in ("scope_id", "section", "key", "id"))
    )


async def copy_flows(connection: WriteConnection, rows: FlowRows) -> None:
    await _copy_contents(connection, rows.contents)
    await copy_rows(connection, tables.FLOW, rows.flows)
    await copy_rows(connection, tables.FLOW_VERSION, rows.versions)
    await copy_rows(connection, tables.FLOW_DRAFT, rows.drafts)
    await keep_keys(connection, rows.keys)


async def _copy_contents(connection: WriteConnection, contents: dict[str, Content]) -> None:
    await connection.copy("new_content", CONTENT, map(content_row, contents.values()))
    fresh = [row["hash"] for row in await connection.execute(_KEEP_NEW_CONTENTS)]
    await connection.execute(_FORGET_NEW_CONTENTS)
    named = (row for each in fresh for row in component_rows(contents[each]))
    await connection.copy(tables.FLOW_CONTENT_COMPONENT.name, COMPONENT, named)
