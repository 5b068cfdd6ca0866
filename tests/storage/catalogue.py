"""What a database is made of, as PostgreSQL itself says it."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

COLUMNS = text("""
    SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, coalesce(collname, ''),
           coalesce(pg_get_expr(adbin, adrelid), '')
    FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
      AND relname <> 'alembic_version'
""")
CONSTRAINTS = text("""
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version' AND contype <> 'n'
""")
INDEXES = text(
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
)


async def catalogue_of(connection: AsyncConnection) -> set[tuple[object, ...]]:
    """Every column, constraint and index, in words."""
    found = [await connection.execute(question) for question in (COLUMNS, CONSTRAINTS, INDEXES)]
    return {tuple(row) for rows in found for row in rows}
