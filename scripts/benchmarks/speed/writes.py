"""The mutations that are measured, and hand-written transactions that do the same reads and writes.

They work on flows of their own, of 50 steps, which are made before and removed with all that was written. A hand-written
transaction takes for granted what ours has rules for: that everything is there, may be done and stays as it is.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from typing import Any, NamedTuple

import asyncpg
import orjson
from sqlalchemy import text

from app.domain.model import Kind
from app.storage.connections.engine import engine_of
from app.storage.ids import new_id
from scripts.benchmarks.speed.load import asked, request_of
from scripts.benchmarks.speed.operations import Caller, ComparedOperation, Json, Operation

STEPS = 50
BOUND = 10
"""How many of the steps have a credential."""
ITEMS = 500
"""Of a call of `exportFlows`."""
TRIED = 30
"""Of the callers, some of whom may write nowhere."""

CREDENTIALS = """query($id: ID!) { workspace(id: $id) { credentials(first: 1) { nodes { id component { name } } } } }"""
CREATE = "mutation($input: CreateFlowInput!) { createFlow(input: $input) { flow { id } errors { code } } }"
PUBLISH = "mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) { errors { code } } }"

COPY = """mutation($id: ID!) { copyFlow(input: { flowId: $id, name: "A copy" }) {
  flow { name status } draft { name } references { stepId kind action } errors { code message } } }"""
OVERRIDE = """mutation($id: ID!, $onto: ID!) { exportFlow(input: { flowId: $id, destination: { overrideFlowId: $onto } }) {
  flow { name status } draft { name } references { stepId kind action } errors { code message } } }"""
ANEW = """mutation($id: ID!, $to: ID!) { exportFlow(input: { flowId: $id, destination: { workspaceId: $to } }) {
  flow { id } errors { code message } } }"""
ALL_ANEW = """mutation($items: [ExportFlowInput!]!) { exportFlows(input: { items: $items }) {
  succeeded results { flow { id } errors { code message } } } }"""

LOCK = """
    select f.id from flow f join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1
    where f.id = any($2) order by f.id for no key update of f"""
FACTS = """
    select f.id, f.name, f.type, f.status, f.draft_revision, w.id as workspace, w.type as workspace_type,
      c.id as contract, c.status as contract_status, t.component_whitelist, r.permissions,
      v.id as version, v.name as version_name, v.description, v.cron, v.content_hash, v.bindings, vc.outline,
      d.id as draft, d.name as draft_name, d.description as draft_description, d.cron as draft_cron,
      d.content_hash as draft_hash, d.bindings as draft_bindings, dc.outline as draft_outline
    from flow f join workspace w on w.id = f.workspace_id join contract c on c.id = w.contract_id
    join tenant t on t.id = c.tenant_id join workspace_access a on a.workspace_id = w.id and a.user_id = $1
    join role r on r.id = a.role_id
    left join flow_version v on v.id = f.published_version_id
    left join flow_content vc on vc.hash = v.content_hash
    left join flow_draft d on d.flow_id = f.id and d.set_aside_at is null
    left join flow_content dc on dc.hash = d.content_hash where f.id = any($2)"""
COMPONENTS = """
    select k.id, t.name, k.name, k.access, k.requires, k.pub_sub, k.topic_field, t.contract_id, t.tenant_id,
      array(select l.contract_id from component_whitelist l where l.component_id = k.id)
    from component k join team t on t.id = k.team_id
    where (t.name, k.name) in (select unnest($1::text[]), unnest($2::text[]))"""
TARGETS = """
    select k.id, k.workspace_id, k.component_id, k.name from credential k
    join workspace_access a on a.workspace_id = k.workspace_id and a.user_id = $1 where k.id = any($2)"""
INSERT_FLOW = """
    insert into flow (id, workspace_id, name, name_key, description, cron, type, status, created_by, created_at,
      updated_at, draft_revision) values ($1, $2, $3, $4, $5, $6, $7, 'INACTIVE', $8, $9, $9, 1)"""
SET_ASIDE = "update flow_draft set set_aside_at = $2, set_aside_by = $3 where flow_id = $1 and set_aside_at is null"
REVISE = "update flow set draft_revision = $2, updated_at = $3 where id = $1"
INSERT_DRAFT = """
    insert into flow_draft (id, flow_id, name, description, cron, content_hash, bindings, origin, export_id, author_id,
      created_at, updated_at, revision) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)"""
INSERT_REPORT = """
    insert into reference_report (hash, "references") values ($1, $2) on conflict do nothing"""
INSERT_RECORD = """
    insert into flow_export (id, actor_id, created_at, copied_from, source_workspace_id, source_flow_id,
      source_version_id, destination_workspace_id, destination_flow_id, draft_id, set_aside_draft_id, report_hash)
    values ($1, $2, $3, 'PUBLISHED_VERSION', $4, $5, $6, $4, $7, $8, $9, $10)"""
REMOVE = [
    text("delete from flow where created_at >= :began"),
    text("delete from flow_export where created_at >= :began"),
]


def _source(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.own_flows)}


def _both(caller: Caller, random: Random) -> Json:
    source, onto = random.sample(caller.own_flows, 2)
    return {"id": source, "onto": onto}


def _place(caller: Caller, _: Random) -> Json:
    return {"id": caller.own_flows[0], "to": caller.own_workspace}


def _items(caller: Caller, _: Random) -> Json:
    return {
        "items": [
            {
                "flowId": caller.own_flows[number % len(caller.own_flows)],
                "destination": {"workspaceId": caller.own_workspace},
            }
            for number in range(ITEMS)
        ]
    }


class NewDraft(NamedTuple):
    """What one of the two transactions makes."""

    flow_id: str
    name: str
    origin: str
    revision: int = 1
    instead_of: str | None = None
    """The draft that is set aside for it."""


class HandWritten:
    """A transaction of one caller."""

    def __init__(self, connection: "asyncpg.Connection[Any]", caller: str) -> None:
        self.connection = connection
        self.caller = caller
        self.now = datetime.now(UTC)

    async def read(self, *ids: str) -> list[asyncpg.Record]:
        """The flows with these ids, locked, and what their steps are: components and credentials."""
        await self.connection.fetch(LOCK, self.caller, ids)
        rows = {row["id"]: row for row in await self.connection.fetch(FACTS, self.caller, ids)}
        names = {step[1].partition(":")[0] for row in rows.values() for step in orjson.loads(row["outline"])["steps"]}
        await self.connection.fetch(COMPONENTS, *zip(*(name.split("/") for name in names), strict=True))
        credentials = {one["CREDENTIAL"] for row in rows.values() for one in orjson.loads(row["bindings"])}
        await self.connection.fetch(TARGETS, self.caller, sorted(credentials))
        return [rows[one] for one in ids]

    async def write(self, source: asyncpg.Record, new: NewDraft) -> list[Json]:
        """Writes the draft, its record, and gives what became of the references."""
        steps, bindings = orjson.loads(source["outline"])["steps"], orjson.loads(source["bindings"])
        report = [
            {"stepId": steps[one["position"]][0], "kind": "CREDENTIAL", "action": "KEPT"}
            | {"from": one["CREDENTIAL"], "to": one["CREDENTIAL"]}
            for one in bindings
        ]
        draft, export = new_id(Kind.DRAFT), new_id(Kind.EXPORT)
        texts = new.name, source["description"], source["cron"], source["content_hash"], source["bindings"]
        record = source["workspace"], source["id"], source["version"], new.flow_id, draft, new.instead_of
        told = orjson.dumps(report)
        report_hash = sha256(told).hexdigest()
        await self.connection.execute(INSERT_REPORT, report_hash, told.decode())
        await self.connection.execute(INSERT_RECORD, export, self.caller, self.now, *record, report_hash)
        await self.connection.execute(
            INSERT_DRAFT, draft, new.flow_id, *texts, new.origin, export, self.caller, self.now, new.revision
        )
        return [{name: one[name] for name in ("stepId", "kind", "action")} for one in report]


async def copied(connection: "asyncpg.Connection[Any]", caller: str, variables: Json) -> Json:
    async with connection.transaction():
        its = HandWritten(connection, caller)
        [source] = await its.read(variables["id"])
        new = NewDraft(new_id(Kind.FLOW), "A copy", "COPY")
        texts = new.name, new.name.casefold(), source["description"], source["cron"], source["type"]
        await connection.execute(INSERT_FLOW, new.flow_id, source["workspace"], *texts, caller, its.now)
        references = await its.write(source, new)
    return {"copyFlow": _answer({"name": new.name, "status": "INACTIVE"}, new, references)}


async def overridden(connection: "asyncpg.Connection[Any]", caller: str, variables: Json) -> Json:
    async with connection.transaction():
        its = HandWritten(connection, caller)
        source, onto = await its.read(variables["id"], variables["onto"])
        new = NewDraft(onto["id"], onto["name"], "EXPORT", onto["draft_revision"] + 1, onto["draft"])
        await connection.execute(SET_ASIDE, new.flow_id, its.now, caller)
        await connection.execute(REVISE, new.flow_id, new.revision, its.now)
        references = await its.write(source, new)
    return {"exportFlow": _answer({"name": new.name, "status": onto["status"]}, new, references)}


def _answer(flow: Json, new: NewDraft, references: list[Json]) -> Json:
    return {"flow": flow, "draft": {"name": new.name}, "references": references, "errors": []}


WRITES = (
    ComparedOperation("copyFlow, 50 steps", COPY, _source, copied),
    ComparedOperation("exportFlow, override, 50 steps", OVERRIDE, _both, overridden),
)


ONE = Operation("exportFlow", ANEW, _place)
MANY = Operation(f"exportFlows, {ITEMS} a call", ALL_ANEW, _items)
"""They are measured against each other."""


@asynccontextmanager
async def writers(port: int, url: str, callers: list[Caller]) -> AsyncIterator[list[Caller]]:
    """Those who may write, with flows of their own; all that was written is removed in the end."""
    began = datetime.now(UTC)
    try:
        made = [await _with_flows(port, caller) for caller in callers[:TRIED]]
        yield [caller for caller in made if caller is not None]
    finally:
        async with engine_of(url).begin() as connection:
            for statement in REMOVE:
                await connection.execute(statement, {"began": began})


async def _with_flows(port: int, caller: Caller) -> Caller | None:
    """None where they may not write."""
    for workspace in caller.workspaces:
        [credential] = (await _ask(port, caller, CREDENTIALS, {"id": workspace}))["workspace"]["credentials"]["nodes"]
        flows = [await _flow(port, caller, workspace, credential, number) for number in range(3)]
        if None not in flows:
            return replace(caller, own_flows=[flow for flow in flows if flow], own_workspace=workspace)
    return None


async def _flow(port: int, caller: Caller, workspace: str, credential: Json, number: int) -> str | None:
    name = credential["component"]["name"]
    nodes = [
        {"id": f"step_{index}", "command": f"core/{name}:run", "credentials_id": credential["id"]}
        if index < BOUND
        else {"id": f"step_{index}", "command": "core/code:run", "fields": {"code": f"return {number} * {index}"}}
        for index in range(STEPS)
    ]
    edges = [{"source": f"step_{index}", "target": f"step_{index + 1}"} for index in range(STEPS - 1)]
    options = {"workspaceId": workspace, "name": f"Benchmark {number}", "graph": {"nodes": nodes, "edges": edges}}
    created = (await _ask(port, caller, CREATE, {"input": options}))["createFlow"]
    if created["errors"]:
        return None
    await _ask(port, caller, PUBLISH, {"input": {"flowId": created["flow"]["id"]}})
    return str(created["flow"]["id"])


async def _ask(port: int, caller: Caller, document: str, variables: Json) -> Json:
    body = json.dumps({"query": document, "variables": variables}).encode()
    data: Json = orjson.loads(await asked(port, request_of("/graphql", caller.token, body)))["data"]
    return data
