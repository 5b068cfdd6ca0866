"""What a database holds of flows, and what must be true of it at any time, whatever was done."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from app.storage.connections.database import Database
from app.storage.tables import AGENT, CREDENTIAL, FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION, METADATA, SECRET, TOPIC
from tests.databases import rows_of

Row = Mapping[str, Any]
Everything = list[tuple[str, str]]

_EVERY_ROW = f"{rows_of(METADATA.tables)} order by 1, 2"


@dataclass(frozen=True)
class Holdings:
    """The rows that matter, by their keys."""

    flows: Mapping[str, Row]
    drafts: Mapping[str, Row]
    versions: Mapping[str, Row]
    contents: Mapping[str, Row]
    homes: Mapping[str, str]
    """The workspace in which each credential, secret, agent and topic lives."""

    def drafts_of(self, flow_id: str) -> list[Row]:
        """The active one and those set aside, by revision."""
        return self._drafts_by_flow.get(flow_id, [])

    def active_of(self, flow_id: str) -> Row | None:
        return next((draft for draft in self.drafts_of(flow_id) if draft["set_aside_at"] is None), None)

    def versions_of(self, flow_id: str) -> list[Row]:
        """The oldest first."""
        return self._versions_by_flow.get(flow_id, [])

    @cached_property
    def _drafts_by_flow(self) -> Mapping[str, list[Row]]:
        return by_flow(self.drafts, order="revision")

    @cached_property
    def _versions_by_flow(self) -> Mapping[str, list[Row]]:
        return by_flow(self.versions, order="number")


def by_flow(states: Mapping[str, Row], order: str) -> Mapping[str, list[Row]]:
    """Those of each flow, in the order of that column."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for state in sorted(states.values(), key=lambda state: int(state[order])):
        found[state["flow_id"]].append(state)
    return found


async def holdings_of(database: Database) -> Holdings:
    async with database.reading() as connection:
        flows, drafts, versions, contents = [
            {row[key]: dict(row) for row in await connection.rows(select(table))}
            for table, key in ((FLOW, "id"), (FLOW_DRAFT, "id"), (FLOW_VERSION, "id"), (FLOW_CONTENT, "hash"))
        ]
        homes = {}
        for table in (CREDENTIAL, SECRET, AGENT, TOPIC):
            for row in await connection.rows(select(table.c.id, table.c.workspace_id)):
                homes[row.id] = row.workspace_id
    return Holdings(flows, drafts, versions, contents, homes)


async def everything_in(database: Database) -> Everything:
    """Every row of every table that callers can change, byte for byte."""
    async with database.reading() as connection:
        return [(table, row) for table, row in await connection._driver.fetch(_EVERY_ROW)]


def broken_rules(held: Holdings) -> list[str]:
    """What must never be, in words; nothing: all is well."""
    return [
        *_of_contents(held),
        *(f"{flow_id}: {rule}" for flow_id in held.flows for rule in _of_flow(held, flow_id)),
    ]


def _of_contents(held: Holdings) -> Iterator[str]:
    for hash_, content in held.contents.items():
        if hashlib.sha256(content["graph"].encode()).hexdigest() != hash_:
            yield f"the content {hash_} has another hash"


def _of_flow(held: Holdings, flow_id: str) -> Iterator[str]:
    flow, drafts, versions = held.flows[flow_id], held.drafts_of(flow_id), held.versions_of(flow_id)
    active = [draft for draft in drafts if draft["set_aside_at"] is None]
    if len(active) > 1:
        yield f"{len(active)} active drafts (H1)"
    if [version["number"] for version in versions] != list(range(1, len(versions) + 1)):
        yield f"its versions have the numbers {[version['number'] for version in versions]} (H2)"
    if flow["published_version_id"] != (versions[-1]["id"] if versions else None):
        yield "its published version isn't the latest (H2)"
    revisions = [draft["revision"] for draft in drafts]
    if len(set(revisions)) != len(revisions) or any(revision > flow["draft_revision"] for revision in revisions):
        yield f"its drafts have the revisions {revisions}, it is at {flow['draft_revision']} (H1)"
    if active and not versions and active[0]["revision"] != flow["draft_revision"]:
        yield "its draft isn't the latest, although it was never published (H1)"
    if not drafts and not versions:
        yield "nothing is left of it (H8)"
    shown = versions[-1:] or active
    if shown and any(flow[column] != shown[0][column] for column in ("name", "description", "cron")):
        yield "it shows something else than its published version, or its only draft"
    for state in (*drafts, *versions):
        elsewhere = [thing for thing in _bound(state) if held.homes.get(thing) != flow["workspace_id"]]
        if elsewhere:
            yield f"{state['id']} is bound to {elsewhere}, which live elsewhere (X7)"


def _bound(state: Row) -> Iterator[str]:
    for step in json.loads(state["bindings"]):
        for kind in ("CREDENTIAL", "SECRET", "AGENT", "TOPIC"):
            if step.get(kind) is not None:
                yield step[kind]
