"""What a database holds, whole, and what was written between two moments."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.storage.connections.connection import compile_statement
from app.storage.connections.database import Database
from app.storage.tables import METADATA

Row = dict[str, Any]
Contents = dict[str, dict[tuple[Any, ...], Row]]
"""The rows of every table, by their primary keys."""

KEPT_AS_JSON = ("bindings", "references", "flow_before")
DERIVED = {"flow_component", "flow_reference", "external_key"}
"""The database keeps them by itself, as `tests/storage/test_components_of_flows.py`, `tests/storage/test_references_of_flows.py`
and `tests/storage/test_schema.py` say."""
TOLD_WITH_RECORDS = {"reference_report"}
"""A record is told with its report."""
TOLD_ELSEWHERE = {"pending_event"}
"""`tests/api/test_events_written.py` tells which events are written."""
TABLES = {name: table for name, table in METADATA.tables.items() if name not in DERIVED}
ROWS_OF = {name: compile_statement(select(table)) for name, table in TABLES.items()}
"""Compiled once: the program keeps those that it has compiled, and would have to make room."""


@dataclass(frozen=True)
class Written:
    """The rows that came and went, and of those that changed the key and what is new in them, table by table."""

    added: dict[str, list[Row]] = field(default_factory=dict)
    changed: dict[str, list[Row]] = field(default_factory=dict)
    removed: dict[str, list[Row]] = field(default_factory=dict)


async def contents_of(database: Database) -> Contents:
    held: Contents = {}
    async with database.reading() as connection:
        for name, table in TABLES.items():
            rows = [dict(row) for row in await connection.rows(ROWS_OF[name])]
            held[name] = {tuple(row[column.name] for column in table.primary_key): row for row in rows}
    for event in held["pending_event"].values():
        # Two databases may count differently.
        del event["place"]
    reports = {row["hash"]: row["references"] for row in held["reference_report"].values()}
    for record in held["flow_export"].values():
        record["references"] = reports.get(record.pop("report_hash"), "[]")
    return held


def written(before: Contents, after: Contents) -> Written:
    found = Written()
    for name, table in TABLES.items():
        if name in TOLD_WITH_RECORDS | TOLD_ELSEWHERE:
            continue
        was, now = before[name], after[name]
        _note(found.added, name, [_readable(now[key]) for key in now if key not in was])
        _note(found.removed, name, [_readable(was[key]) for key in was if key not in now])
        keys = [column.name for column in table.primary_key]
        both = [(was[key], now[key]) for key in was if key in now and was[key] != now[key]]
        _note(found.changed, name, [_readable(_difference(old, new, keys)) for old, new in both])
    return found


def _note(where: dict[str, list[Row]], table: str, rows: list[Row]) -> None:
    if rows:
        where[table] = rows


def _difference(old: Row, new: Row, keys: list[str]) -> Row:
    return {column: value for column, value in new.items() if column in keys or old[column] != value}


def _readable(row: Mapping[str, Any]) -> Row:
    return {column: json.loads(value) if column in KEPT_AS_JSON and value else value for column, value in row.items()}
