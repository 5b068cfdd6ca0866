"""How the database answers what is asked of it: every statement that is sent, explained while it runs."""

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from app.storage.connections.database import Database
from app.storage.pages.paging import Page, PageRequest
from tests.sent_statements import statements_sent

Node = dict[str, Any]

LARGE = frozenset(
    {
        *("workspace", "workspace_access", "topic", "credential", "secret", "agent"),
        *("flow", "flow_content", "flow_content_component", "flow_draft", "flow_version", "flow_export"),
        *("flow_reference", "reference_report", "event"),
    }
)


SIZE = 20
"""Of the pages that are read."""


@dataclass(frozen=True)
class Plan:
    """A plan, with what its nodes really read."""

    sql: str
    root: Node
    for_any_values: bool

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self._nodes() if "Index Name" in node}

    @property
    def large_tables_scanned(self) -> set[str]:
        return {
            node["Relation Name"]
            for node in self._nodes()
            if node["Node Type"] in {"Seq Scan", "Parallel Seq Scan"} and node["Relation Name"] in LARGE
        }

    @property
    def most_rows_sorted(self) -> int:
        """How many rows went into the largest sort."""
        sorts = (node for node in self._nodes() if node["Node Type"] in {"Sort", "Incremental Sort"})
        return max((_rows(child) for node in sorts for child in node["Plans"]), default=0)

    @property
    def most_rows_read(self) -> int:
        """How many rows of a large table or of one of its indexes were looked at, at most."""
        return max(
            (_rows(node) + _passed_over(node) for node in self._nodes() if _is_of_a_large_table(node)), default=0
        )

    @property
    def pages_read(self) -> int:
        """How many pages of tables and indexes were looked at: also those of an index that an index condition passes over."""
        return int(self.root["Shared Hit Blocks"] + self.root["Shared Read Blocks"])

    @property
    def subplans(self) -> int:
        """How many parts are carried out for rows of others."""
        return sum(node.get("Parent Relationship") == "SubPlan" for node in self._nodes())

    def most_reads_of(self, table: str) -> int:
        """How often a table or one of its indexes was read at the same place of the plan."""
        return max(
            (int(node["Actual Loops"]) for node in self._nodes() if node.get("Relation Name") == table), default=0
        )

    def _nodes(self) -> Iterator[Node]:
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.get("Plans", ()))
            yield node


async def plans_of(database: Database, asking: Callable[[], Awaitable[Any]]) -> list[Plan]:
    """The plans of all SELECTs that are sent: for these very values, and as prepared for any."""
    with statements_sent() as sent:
        await asking()
    selects = [(sql, values) for sql, values in sent if sql.startswith("SELECT")]
    # Some of them lock rows, as only a transaction that writes may.
    async with database.writing() as connection:
        return [plan for sql, values in selects for plan in await explained(connection._driver, sql, values)]


async def explained(raw: Any, sql: str, values: Sequence[Any]) -> list[Plan]:
    """With few executions PostgreSQL plans for the values at hand; later it may take one plan for all."""
    plans = []
    await raw.execute(f"PREPARE asked AS {sql}")
    for mode in ("force_custom_plan", "force_generic_plan"):
        said = ", ".join(map(_literal, values))
        asked = f"EXECUTE asked({said})" if values else "EXECUTE asked"
        await raw.execute(f"SET LOCAL plan_cache_mode = {mode}")
        explained = await raw.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {asked}")
        plans.append(Plan(sql, json.loads(explained)[0]["Plan"], mode == "force_generic_plan"))
    await raw.execute("DEALLOCATE asked")
    return plans


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case int():
            return str(value)
        case list():
            return f"ARRAY[{', '.join(map(_literal, value))}]::text[]"
        case datetime():
            return f"'{value.isoformat()}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def _is_of_a_large_table(node: Node) -> bool:
    return node.get("Relation Name") in LARGE or node["Node Type"] == "Bitmap Index Scan"


def _rows(node: Node) -> int:
    return int(node["Actual Rows"] * node["Actual Loops"])


def _passed_over(node: Node) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int(removed * node["Actual Loops"])


async def plans_of_pages(database: Database, read: Callable[[PageRequest], Awaitable[Page[Any]]]) -> list[Plan]:
    """The first page, the last one, the one after a key far in, and the one before it."""
    start, end = PageRequest(SIZE), PageRequest(SIZE, backwards=True)
    last = await read(end)
    keys = [key for key, _ in last.elements[:1]]
    far_in = [PageRequest(SIZE, backwards, key) for key in keys for backwards in (False, True)]
    return [plan for request in (start, end, *far_in) for plan in await plans_of(database, partial(read, request))]


def hold(plans: list[Plan], *, rows: int, sorted_rows: int = SIZE + 1) -> None:
    """No large table is scanned, nothing but a page sorted, and no more rows looked at than said."""
    assert plans
    for plan in plans:
        found = (plan.large_tables_scanned, plan.most_rows_sorted <= sorted_rows, plan.most_rows_read <= rows)
        assert found == (set(), True, True), (plan.most_rows_sorted, plan.most_rows_read, plan.sql, plan.root)
