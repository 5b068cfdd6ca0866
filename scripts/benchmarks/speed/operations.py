"""The operations that are measured: for each the document, its variables, and how a hand-written endpoint answers it.

The hand-written answer is the `data` of ours, to the value: that is checked before anything is measured. Where an
operation has no SQL of its own, another one's answer is the ceiling. Those that write are in `writes.py`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import asyncpg
import orjson

Json = dict[str, Any]
Row = Sequence[Any]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token, and what of the world is taken for its requests."""

    id: str
    token: str
    workspaces: list[str]
    flows: list[str]
    """Of which each has a history."""
    own_flows: Sequence[str] = ()
    """That were made for being copied and exported, of one workspace."""
    own_workspace: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    document: str
    variables: Callable[[Caller, Random], Json]


@dataclass(frozen=True, slots=True)
class ComparedOperation(Operation):
    """One that is compared with a hand-written endpoint."""

    ceiling: "Answer"
    """What a hand-written endpoint answers."""
    answers_alike: bool = True
    """Whether the ceiling gives the same values."""


Answer = Callable[["asyncpg.Connection[Any]", str, Json], Awaitable[Json]]
"""The `data` of the answer to a caller, by its id, and to the values of variables."""


def one_statement(sql: str, shape: Callable[[list[Row], Json], Json]) -> Answer:
    """The caller's id is $1, and after it come the values of the variables, in their order."""

    async def answer(connection: "asyncpg.Connection[Any]", caller: str, variables: Json) -> Json:
        return shape(await connection.fetch(sql, caller, *variables.values()), variables)

    return answer


def nothing(_: Caller, __: Random) -> Json:
    return {}


def a_workspace(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.workspaces)}


def a_flow(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.flows)}


def a_flow_and_a_workspace(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.flows), "to": random.choice(caller.workspaces)}


def time(value: datetime) -> str:
    return str(value.isoformat().replace("+00:00", "Z"))


def viewer(rows: list[Row], _: Json) -> Json:
    [(id_, first, last, email)] = rows
    return {"viewer": {"id": id_, "firstName": first, "lastName": last, "email": email}}


def workspaces(rows: list[Row], _: Json) -> Json:
    nodes = [
        {"id": id_, "name": name, "type": kind, "contract": {"id": contract, "name": called, "status": status}}
        for id_, name, kind, contract, called, status in rows[:PAGE]
    ]
    return {"workspaces": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}


def flows(rows: list[Row], _: Json) -> Json:
    nodes = []
    for id_, name, status, updated, first, last, draft, revision in rows[:PAGE]:
        author = None if first is None else {"firstName": first, "lastName": last}
        its = None if draft is None else {"id": draft, "revision": revision}
        nodes.append(
            {"id": id_, "name": name, "status": status, "updatedAt": time(updated), "createdBy": author, "draft": its}
        )
    return {"workspace": {"flows": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}}


def history(rows: list[Row], _: Json) -> Json:
    nodes = [
        {
            "id": id_,
            "number": number,
            "name": name,
            "publishedAt": time(at),
            "origin": origin,
            "publishedBy": None if first is None else {"firstName": first, "lastName": last},
        }
        for id_, number, name, at, origin, first, last in rows[:PAGE]
    ]
    return {"flowHistory": {"nodes": nodes, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}


def destinations(rows: list[Row], _: Json) -> Json:
    edges = [
        {"eligible": eligible, "node": {"id": id_, "name": name, "contract": {"id": contract, "name": called}}}
        for id_, name, contract, called, eligible in rows[:PAGE]
    ]
    return {"destinationWorkspaces": {"edges": edges, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}


def candidates(rows: list[Row], _: Json) -> Json:
    edges = [
        {"matchReason": MATCH_REASONS[rank], "node": {"id": id_, "name": name, "status": status}}
        for id_, name, status, rank in rows[:PAGE]
    ]
    return {"overrideCandidates": {"edges": edges, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}


def topics(rows: list[Row], _: Json) -> Json:
    edges = []
    if rows:
        bindings, outline, old, components = rows[0][4:]
        steps = orjson.loads(outline)["steps"]
        bound = {each["position"]: each["TOPIC"] for each in orjson.loads(bindings) if "TOPIC" in each}
        pub_sub = set(components or ())
        uses = [
            (command, bound.get(position))
            for position, (_, command, *_) in enumerate(steps)
            if position in bound or command.partition(":")[0] in pub_sub
        ]
        [meant] = {topic for _, topic in uses if topic is not None}
        functions = {command.partition("@")[0].rpartition(":")[2] for command, topic in uses if topic == meant}
        declared, required = declared_and_required(old)
        for id_, name, same, schema in (row[:4] for row in rows[:PAGE]):
            declared_there, required_there = declared_and_required(schema)
            missing = required_there - declared if "pub" in functions else set()
            missing |= required - declared_there if "sub" in functions else set()
            edges.append({"sameName": same, "missingProperties": sorted(missing), "node": {"id": id_, "name": name}})
    return {"topicCandidates": {"edges": edges, "pageInfo": {"hasNextPage": len(rows) > PAGE}}}


def declared_and_required(schema_text: str) -> tuple[set[str], set[str]]:
    schema = orjson.loads(schema_text)
    return set(schema["properties"]), set(schema["required"])


MATCH_REASONS = ("COPIED_FROM_THIS_FLOW", "SAME_NAME", "OTHER")

DESTINATIONS_SQL = """
    with source as (
      select v.content_hash, c.tenant_id, 'workspaces.flow.edit' = any(r.permissions) as may_export
      from flow f join workspace w on w.id = f.workspace_id join contract c on c.id = w.contract_id
      join workspace_access a on a.workspace_id = w.id and a.user_id = $1 join role r on r.id = a.role_id
      join flow_version v on v.id = f.published_version_id where f.id = $2
    ), used as materialized (
      select k.id, k.access, t.contract_id, tc.tenant_id from source s
      join flow_content_component n on n.hash = s.content_hash join team t on t.name = n.team
      join component k on k.team_id = t.id and k.name = n.name join contract tc on tc.id = t.contract_id
      where tc.tenant_id = s.tenant_id or k.access = 'GLOBAL'
    )
    select w.id, w.name, c.id, c.name,
      coalesce((select may_export from source), false) and 'workspaces.flow.edit' = any(coalesce(r.permissions, '{}'))
      and c.status = 'ACTIVE'
      and (w.type = 'LIMITED' or c.flow_quota is null or c.flow_quota > (
        select count(*) from workspace o join flow f on f.workspace_id = o.id
        where o.contract_id = c.id and o.type = 'FULL'))
      and not exists (
        select from used u where not (
          (u.access = 'GLOBAL' or (u.access = 'TENANT' and u.tenant_id = c.tenant_id)
            or (u.access = 'TEAM' and u.contract_id = c.id))
          and (not tt.component_whitelist or w.type = 'LIMITED' or u.contract_id = c.id
            or exists (select from component_whitelist l where l.component_id = u.id and l.contract_id = c.id))))
    from workspace_access a join workspace w on w.id = a.workspace_id join contract c on c.id = w.contract_id
    join tenant tt on tt.id = c.tenant_id left join role r on r.id = a.role_id
    where a.user_id = $1 order by a.name_key, a.workspace_id limit 51"""

CANDIDATES_SQL = """
    with source as (
      select f.id, f.name_key from flow f
      join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
      where f.id = $2
    ), ranked as (
      select f.id, f.name, f.status, f.name_key, case
        when exists (select from flow_export e where e.source_flow_id = s.id and e.destination_flow_id = f.id) then 0
        when f.name_key = s.name_key then 1 else 2 end as rank
      from source s join flow f on f.workspace_id = $3 and f.id <> s.id
      join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
    )
    select id, name, status, rank from ranked order by rank, name_key, id limit 51"""

TOPICS_SQL = """
    with source as (
      select v.bindings, n.outline, n.hash, c.tenant_id from flow f
      join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
      join workspace w on w.id = f.workspace_id join contract c on c.id = w.contract_id
      join flow_version v on v.id = f.published_version_id join flow_content n on n.hash = v.content_hash
      where f.id = $2
    ), used as (
      select distinct b ->> 'TOPIC' as id from source, jsonb_array_elements(bindings::jsonb) b where b ? 'TOPIC'
    )
    select t.id, t.name, t.name_key = o.name_key as same, t.schema_text, s.bindings, s.outline, o.schema_text,
      (select array_agg(t.name || '/' || k.name) from flow_content_component n join team t on t.name = n.team
        join component k on k.team_id = t.id and k.name = n.name
        where n.hash = s.hash and k.pub_sub and (t.tenant_id = s.tenant_id or k.access = 'GLOBAL'))
    from source s join topic o on o.id = (select min(id) from used) and (select count(*) from used) = 1
    join workspace_access a on a.workspace_id = $3 and a.user_id = $1 and a.role_id is not null
    join topic t on t.workspace_id = a.workspace_id order by same desc, t.name_key, t.id limit 51"""

VIEWER_SQL = "select id, first_name, last_name, email from user_account where id = $1"

OPERATIONS = (
    ComparedOperation(
        "{__typename}", "{ __typename }", nothing, one_statement(VIEWER_SQL, viewer), answers_alike=False
    ),
    ComparedOperation(
        "viewer", "{ viewer { id firstName lastName email } }", nothing, one_statement(VIEWER_SQL, viewer)
    ),
    ComparedOperation(
        "workspaces",
        """{ workspaces(first: 50) { nodes { id name type contract { id name status } } pageInfo { hasNextPage } } }""",
        nothing,
        one_statement(
            """select w.id, w.name, w.type, c.id, c.name, c.status from workspace_access a
               join workspace w on w.id = a.workspace_id join contract c on c.id = w.contract_id
               where a.user_id = $1 order by a.name_key, a.workspace_id limit 51""",
            workspaces,
        ),
    ),
    ComparedOperation(
        "workspace.flows",
        """query($id: ID!) { workspace(id: $id) { flows(first: 50) {
             nodes { id name status updatedAt createdBy { firstName lastName } draft { id revision } }
             pageInfo { hasNextPage } } } }""",
        a_workspace,
        one_statement(
            """select f.id, f.name, f.status, f.updated_at, u.first_name, u.last_name, d.id, d.revision from flow f
               join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
               left join user_account u on u.id = f.created_by
               left join flow_draft d on d.flow_id = f.id and d.set_aside_at is null
               where f.workspace_id = $2 order by f.name_key, f.id limit 51""",
            flows,
        ),
    ),
    ComparedOperation(
        "flowHistory",
        """query($id: ID!) { flowHistory(flowId: $id, first: 50) {
             nodes { id number name publishedAt origin publishedBy { firstName lastName } } pageInfo { hasNextPage } } }""",
        a_flow,
        one_statement(
            """select v.id, v.number, v.name, v.published_at, v.origin, u.first_name, u.last_name from flow f
               join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
               join flow_version v on v.flow_id = f.id left join user_account u on u.id = v.published_by
               where f.id = $2 order by v.number desc limit 51""",
            history,
        ),
    ),
    ComparedOperation(
        "destinationWorkspaces",
        """query($id: ID!) { destinationWorkspaces(flowId: $id, first: 50, includeIneligible: true) {
             edges { eligible node { id name contract { id name } } } pageInfo { hasNextPage } } }""",
        a_flow,
        one_statement(DESTINATIONS_SQL, destinations),
    ),
    ComparedOperation(
        "overrideCandidates",
        """query($id: ID!, $to: ID!) { overrideCandidates(flowId: $id, workspaceId: $to, first: 50) {
             edges { matchReason node { id name status } } pageInfo { hasNextPage } } }""",
        a_flow_and_a_workspace,
        one_statement(CANDIDATES_SQL, candidates),
    ),
    ComparedOperation(
        "topicCandidates",
        """query($id: ID!, $to: ID!) { topicCandidates(flowId: $id, workspaceId: $to, first: 50) {
             edges { sameName missingProperties node { id name } } pageInfo { hasNextPage } } }""",
        a_flow_and_a_workspace,
        one_statement(TOPICS_SQL, topics),
    ),
)
