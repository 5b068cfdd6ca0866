"""The operations that are measured: for each the document, its variables, and how a hand-written endpoint answers it.

The hand-written answer is the `data` of ours, to the value: that is checked before anything is measured. Where an
operation has no SQL of its own, another one's answer is the ceiling.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

Json = dict[str, Any]
Row = Sequence[Any]

PAGE = 50


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token, and what of the world is taken for its requests."""

    token: str
    workspaces: list[str]
    flows: list[str]
    """Of which each has a history."""


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    document: str
    variables: Callable[[Caller, Random], Json]
    sql: str
    """With the caller's id as $1, and the values of the variables after it, in their order."""
    shape: Callable[[list[Row], Json], Json]
    """The `data` of the answer, of the rows and the variables."""
    answers_alike: bool = True
    """Whether the ceiling gives the same values."""


def nothing(_: Caller, __: Random) -> Json:
    return {}


def a_workspace(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.workspaces)}


def a_flow(caller: Caller, random: Random) -> Json:
    return {"id": random.choice(caller.flows)}


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


VIEWER_SQL = "select id, first_name, last_name, email from user_account where id = $1"

OPERATIONS = (
    Operation("{__typename}", "{ __typename }", nothing, VIEWER_SQL, viewer, answers_alike=False),
    Operation("viewer", "{ viewer { id firstName lastName email } }", nothing, VIEWER_SQL, viewer),
    Operation(
        "workspaces",
        """{ workspaces(first: 50) { nodes { id name type contract { id name status } } pageInfo { hasNextPage } } }""",
        nothing,
        """select w.id, w.name, w.type, c.id, c.name, c.status from workspace_access a
           join workspace w on w.id = a.workspace_id join contract c on c.id = w.contract_id
           where a.user_id = $1 order by a.name_key, a.workspace_id limit 51""",
        workspaces,
    ),
    Operation(
        "workspace.flows",
        """query($id: ID!) { workspace(id: $id) { flows(first: 50) {
             nodes { id name status updatedAt createdBy { firstName lastName } draft { id revision } }
             pageInfo { hasNextPage } } } }""",
        a_workspace,
        """select f.id, f.name, f.status, f.updated_at, u.first_name, u.last_name, d.id, d.revision from flow f
           join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
           left join user_account u on u.id = f.created_by
           left join flow_draft d on d.flow_id = f.id and d.set_aside_at is null
           where f.workspace_id = $2 order by f.name_key, f.id limit 51""",
        flows,
    ),
    Operation(
        "flowHistory",
        """query($id: ID!) { flowHistory(flowId: $id, first: 50) {
             nodes { id number name publishedAt origin publishedBy { firstName lastName } } pageInfo { hasNextPage } } }""",
        a_flow,
        """select v.id, v.number, v.name, v.published_at, v.origin, u.first_name, u.last_name from flow f
           join workspace_access a on a.workspace_id = f.workspace_id and a.user_id = $1 and a.role_id is not null
           join flow_version v on v.flow_id = f.id left join user_account u on u.id = v.published_by
           where f.id = $2 order by v.number desc limit 51""",
        history,
    ),
)
