"""One world in full, and the same as each of its users knows it; what both have has the same ids and times in both."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.model import Kind
from app.storage.connections.engine import engine_of
from app.storage.ids import new_id
from tests.api.client import DOCUMENT_TYPE, Json, documents_for, serving
from tests.api.world_builder import WorldBuilder
from tests.applying import load_world
from tests.databases import Databases, issue_tokens
from tests.leaks.company_of_strangers import SOUTH
from tests.leaks.expected_visibility import EVENT as ITS_EVENT
from tests.leaks.expected_visibility import Sections, Sight

# So that documents may be long: what is asked is the test's own.
NO_LIMITS: dict[str, Any] = dict.fromkeys(
    (
        "max_aliases",
        "max_fields",
        "max_tokens",
        "max_cost",
        "max_root_fields",
        "max_mutations",
        "request_timeout_seconds",
    ),
    10_000_000,
)

# Times are those of the loading, which differ; a time that the id decides is the same in every world.
SOME_TIME = """create function some_time(id text) returns timestamptz language sql immutable
  return '2024-01-01'::timestamptz + (hashtext(id) & 65535) * interval '1 second'"""
SAME_TIMES = (
    SOME_TIME,
    "update flow set created_at = some_time(id), updated_at = some_time(id)",
    "update flow_draft set created_at = some_time(id), updated_at = some_time(id)",
    "update flow_version set published_at = some_time(id)",
)
SET_ASIDE = "update flow_draft set set_aside_at = some_time(id) where id = any(:stashed)"
REVERT = "update flow_version set origin = 'REVERT', revert_of = :first where id = :second"
FORGET = (
    "delete from component_whitelist where component_id = any(:ids)",
    "delete from component where id = any(:ids)",
)
STRAY = (
    "update flow_version set bindings = replace(bindings, :own, :other) where flow_id = :flow",
    "update flow_draft set bindings = replace(bindings, :own, :other) where flow_id = :flow",
)
LONG_AGO = 36_500
"""Days for which drafts stay that were set aside at some time, and events."""
STRAYS_OF = {"workshop": "harbour", "store": "workshop", "counter": "store"}
"""Where that lives which the strays of a workspace are bound to; of the others in the workshop."""
THINGS = ("orders", "items", "mail", "erp", "agent")
EXPORT = """insert into flow_export (
    id, actor_id, created_at, copied_from, source_workspace_id, source_flow_id, destination_workspace_id,
    destination_flow_id, report_hash
  ) values (:id, :actor, '2024-01-01', 'PUBLISHED_VERSION', :home, :source, :there, :destination, :id)"""
EVENT = """insert into event (
    id, position, at, type, actor_id, tenant_id, workspace_id, other_workspace_id, other_tenant_id, flow_id, flow_name,
    export_id
  ) values (
    :event, :position, '2024-01-01', 'FLOW_EXPORTED', :actor, :to_tenant, :to_workspace, :from_workspace, :from_tenant,
    :destination, 'Destination', :id
  )"""
SINCE_THEN = "update feed set position = :position"
BEFORE, AFTER = 10_000, 20_000
"""The positions between which events have those that they have in every world."""
RELEASE = (
    """insert into release_request (id, workspace_id, title, start, state, requested_by, requested_at)
      values (:id, :home, 'Spring', false, :state, :by, '2024-01-01')""",
    """insert into release_item (request_id, position, flow_id, flow_name, draft_id, revision, version_id)
      values (:id, 0, :flow, 'Draft', :draft, 1, :version)""",
)
REPORT = 'insert into reference_report (hash, "references") values (:id, :references)'
NAME_RECORD = "update flow_version set export_id = :record where flow_id = :flow"
ELSEWHERE = (
    "insert into tenant (id, name, component_whitelist) values ('elsewhere', 'Elsewhere', false)",
    (
        "insert into contract (id, tenant_id, name, name_key, status)"
        " values ('elsewhere', 'elsewhere', 'Elsewhere', 'elsewhere', 'ACTIVE')"
    ),
    (
        "insert into workspace (id, contract_id, name, name_key, type)"
        " values ('elsewhere', 'elsewhere', 'Elsewhere', 'elsewhere', 'FULL')"
    ),
)
"""A workspace that nobody sees, for the ends of records which the world has not."""
FROM = "kitchen-history"
"""The flow that all flows called bound came from."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server on one of the worlds."""

    http: httpx.AsyncClient
    database_url: str
    tokens: Mapping[str, str]

    async def answer(self, user: str, document: str, **variables: Any) -> str:
        """The answer as it came; that nothing unexpected happened is asserted."""
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Accept": DOCUMENT_TYPE}
        asked = {"query": document, "variables": variables}
        response = await self.http.post("/graphql", json=asked, headers=headers)
        body: Json = response.json()
        assert "data" in body, body
        assert "INTERNAL" not in response.text, body
        return response.text


@dataclass(frozen=True, slots=True)
class Worlds:
    """The full world and that of each user, all of them served."""

    full: Served
    known: Mapping[str, Served]
    """By user."""
    sights: Mapping[str, Sight]
    ids: Mapping[str, str]
    """By key, of everything there is in full."""


@dataclass
class Ids:
    """Ids by key: the same key has the same id in every world."""

    of: dict[str, str] = field(default_factory=dict)

    def source(self, kind: Kind, key: str) -> str:
        return self.of.setdefault(key, new_id(kind))


@asynccontextmanager
async def served(
    databases: Databases, sections: Sections, ids: Ids, users: list[str], forgotten: Sequence[str] = ()
) -> AsyncIterator[Served]:
    """A server on the world in these sections, without what is to be forgotten of it."""
    async with databases.copy() as url:
        document = json.dumps({"format": "flowport-world/1", **sections}).encode()
        loaded = await load_world(url, document, new_id=ids.source)
        ids.of |= loaded
        await _arrange(url, loaded, ids)
        async with engine_of(url).begin() as connection:
            for statement in FORGET:
                await connection.execute(text(statement), {"ids": [loaded[key] for key in forgotten]})
        tokens = await issue_tokens(url, users)
        async with serving(
            url, documents=documents_for, set_aside_days=LONG_AGO, event_days=LONG_AGO, **NO_LIMITS
        ) as http:
            yield Served(http, url, tokens)


async def _arrange(url: str, loaded: Mapping[str, str], ids: Ids) -> None:
    """What no world file tells: times, drafts that were set aside, reverts, strays, and who exported what to where."""
    flows = [key for key in loaded if key.endswith(("-bound", "-history", "-stashed"))]
    stashed = [ids.of[f"{key}/draft"] for key in loaded if key.endswith("-stashed")]
    async with engine_of(url).begin() as connection:
        for statement in SAME_TIMES:
            await connection.execute(text(statement))
        await connection.execute(text(SET_ASIDE), {"stashed": stashed})
        for key in (key for key in loaded if key.endswith("-strays")):
            home = key.removesuffix("-strays")
            for thing in THINGS:
                elsewhere = ids.of[f"{STRAYS_OF.get(home, 'workshop')}-{thing}"]
                moved = {"own": loaded[f"{home}-{thing}"], "other": elsewhere, "flow": loaded[key]}
                for statement in STRAY:
                    await connection.execute(text(statement), moved)
        for key in flows:
            if f"{key}/2" in ids.of:
                await connection.execute(text(REVERT), {"first": ids.of[f"{key}/1"], "second": ids.of[f"{key}/2"]})
        await _record_exports(connection, loaded, ids, flows)
        await _request_releases(connection, loaded, ids)


async def _request_releases(connection: AsyncConnection, loaded: Mapping[str, str], ids: Ids) -> None:
    """In every workspace whose flows are in the world two releases are open, one was rejected, and one was applied."""
    for home in (key.removesuffix("-draft") for key in loaded if key.endswith("-draft")):
        for kind, state in (("release", "OPEN"), ("second", "OPEN"), ("rejected", "REJECTED"), ("applied", "APPLIED")):
            key = f"{home}-{'bound' if kind == 'applied' else 'draft'}"
            release = {
                "id": ids.source(Kind.RELEASE, f"{home}-{kind}"),
                "home": loaded[home],
                "state": state,
                "by": ids.of["bo" if home in SOUTH else "ann"],
                "flow": loaded[key],
                "draft": ids.of[f"{home}-draft/draft"],
                "version": ids.of[f"{key}/1"] if kind == "applied" else None,
            }
            for statement in RELEASE:
                await connection.execute(text(statement), release)


async def _record_exports(
    connection: AsyncConnection, loaded: Mapping[str, str], ids: Ids, flows: Sequence[str]
) -> None:
    """Everything was exported to everything; the bound flows came so."""
    for statement in ELSEWHERE:
        await connection.execute(text(statement))
    everywhere = [key for key in ids.of if key.endswith(("-bound", "-history", "-stashed")) and " to " not in key]
    known = [(key, other) for key in everywhere for other in everywhere if key != other and {key, other} & {*flows}]
    records = [_record(loaded, ids, key, other) for key, other in known]
    for statement in (REPORT, EXPORT, EVENT) if records else ():
        await connection.execute(text(statement), records)
    await connection.execute(text(SINCE_THEN), {"position": AFTER})
    for key in flows:
        if key.endswith("-bound"):
            named = {"record": ids.of[f"{FROM} to {key}"], "flow": loaded[key]}
            await connection.execute(text(NAME_RECORD), named)


def _record(loaded: Mapping[str, str], ids: Ids, key: str, other: str) -> dict[str, Any]:
    """Of an export that at least one end of is in the world, and its event; they name the other end all the same."""
    home, there = (each.rpartition("-")[0] for each in (key, other))
    kept = {"step": "1", "kind": "CREDENTIAL", "action": "KEPT"}
    tenants = [ids.of["south" if end in SOUTH else "north"] for end in (home, there)]
    return {
        "id": ids.source(Kind.EXPORT, f"{key} to {other}"),
        "event": ids.source(Kind.EVENT, f"{key} to {other}{ITS_EVENT}"),
        "position": BEFORE + [*ids.of].index(f"{key} to {other}"),
        "from_workspace": ids.of[home] if home != there else None,
        "to_workspace": ids.of[there],
        "from_tenant": tenants[0] if tenants[0] != tenants[1] else None,
        "to_tenant": tenants[1],
        "actor": ids.of["bo" if home in SOUTH else "ann"],
        "home": loaded.get(home, "elsewhere"),
        "source": ids.of[key],
        "there": loaded.get(there, "elsewhere"),
        "destination": ids.of[other],
        "references": json.dumps([{**kept, "from": ids.of[f"{home}-mail"], "to": ids.of[f"{there}-mail"]}]),
    }


def sections_of(world: WorldBuilder) -> Sections:
    return world._sections
