"""Which events each mutation writes, and that a call which changes nothing writes none (E1, E2, E7).

A copy or export is in the feeds of both workspaces (E5), and of both tenants (E6).
"""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import GraphQLInputObjectType, build_schema, get_named_type

from tests.api.client import Api, Json
from tests.api.feed import events_of, in_words
from tests.api.world_builder import FULL, LIMITED, WorldBuilder, graph, step
from tests.databases import Databases, connected, contents

SCHEMA = build_schema((Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8"))
MUTATIONS = SCHEMA.mutation_type.fields if SCHEMA.mutation_type else {}
Ids = Callable[[str], str]
LATEST = {
    "new flow": "select id from flow order by id desc limit 1",
    "export": "select id from flow_export order by id desc limit 1",
    "export before": "select id from flow_export order by id desc offset 1 limit 1",
    "release": "select id from release_request order by id desc limit 1",
    "release before": "select id from release_request order by id desc offset 1 limit 1",
    "One": "select id from flow where name in ('One', 'Uno') limit 1",
    "version": "select id from flow_version order by id desc limit 1",
    "draft set aside": "select id from flow_draft where set_aside_at is not null order by id desc limit 1",
}


class Call(NamedTuple):
    """A call, the codes of its refusals, and the events that it writes."""

    outcome: str
    mutation: str
    input: Callable[[Ids], Json]
    events: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    by: str = "ada"


def world() -> WorldBuilder:
    """Two tenants, of which Ada works for both; Gil may only read, and Rita reviews."""
    made = WorldBuilder()
    for user in ("ada", "gil", "rita", "robot"):
        made.user(user)
    for tenant, contract, places in (("north", "retail", ("dev", "prod")), ("south", "overseas", ("far",))):
        made.tenant(tenant)
        made.contract(contract, tenant)
        for place in places:
            made.workspace(place, contract, LIMITED if place == "dev" else FULL)
            made.members(place, ada="integrator", gil="guest", rita="admin")
    made.provisioner("robot", "north")
    made.team("core", "retail")
    made.component("timer", "core")
    steps = graph(step("1", "core/timer:tick"))
    made.flow("orders", "dev", published=steps, draft=graph(step("2", "core/timer:tick")), author="ada")
    made.flow("live", "prod", published=steps, draft=steps, author="ada", status="ACTIVE")
    made.flow("halted", "prod", published=steps, author="ada", status="SUSPENDED")
    made.flow("sketch", "dev", draft=graph(), author="ada")
    made.flow("idle", "prod", published=steps, author="ada")
    return made


NEW = graph(step("1", "core/timer:tick"))


def document(**sections: object) -> Callable[[Ids], Json]:
    return lambda ids: {"tenantId": ids("north"), "document": {"format": "flowport-world/1", **sections}}


def pruning(ids: Ids) -> Json:
    return {**document(flows=[])(ids), "prune": ["FLOWS"]}


def new_flow(key: str) -> Json:
    return {"key": key, "workspace": "dev", "name": key.capitalize(), "draft": {"graph": NEW}}


def exported(ids: Ids, **more: object) -> Json:
    return {"flowId": ids("orders"), "destination": {"workspaceId": ids("prod")}, **more}


def over(ids: Ids, flow: str) -> Json:
    return {"flowId": ids("orders"), "destination": {"overrideFlowId": ids(flow)}}


CALLS = (
    Call("from a graph", "createFlow", lambda ids: {"workspaceId": ids("dev"), "name": "Made", "graph": NEW}, ("FLOW_CREATED Made in Dev",)),
    Call("refused", "createFlow", lambda ids: {"workspaceId": ids("dev"), "name": "", "graph": NEW}, refusals=("INVALID_INPUT",)),
    Call("to a new flow", "copyFlow", lambda ids: {"flowId": ids("orders"), "idempotencyKey": "copy"}, ("FLOW_COPIED Copy of Orders in Dev, recorded",)),
    Call("repeated", "copyFlow", lambda ids: {"flowId": ids("orders"), "idempotencyKey": "copy"}),
    Call("refused", "copyFlow", lambda ids: {"flowId": ids("orders")}, refusals=("INSUFFICIENT_PERMISSION",), by="gil"),
    Call("to a new flow", "exportFlow", exported, ("FLOW_EXPORTED Orders in Prod from Dev, recorded",)),
    Call("undone, with its flow", "undoExport", lambda ids: {"exportId": ids("export")}, ("EXPORT_UNDONE Orders in Prod, recorded", "FLOW_DELETED Orders in Prod")),
    Call("already undone", "undoExport", lambda ids: {"exportId": ids("export")}, refusals=("CANNOT_UNDO",)),
    Call("over a flow", "exportFlow", lambda ids: over(ids, "live"), ("FLOW_EXPORTED Live in Prod from Dev, recorded",)),
    Call("undone", "undoExport", lambda ids: {"exportId": ids("export")}, ("EXPORT_UNDONE Live in Prod, recorded",)),
    Call("of a new flow and of one over a flow", "exportFlows", lambda ids: {"items": [over(ids, "live"), exported(ids)]}, ("FLOW_EXPORTED Live in Prod from Dev, recorded", "FLOW_EXPORTED Orders in Prod from Dev, recorded")),
    Call("both", "undoExports", lambda ids: {"exportIds": [ids("export before"), ids("export")]}, ("EXPORT_UNDONE Live in Prod, recorded", "EXPORT_UNDONE Orders in Prod, recorded", "FLOW_DELETED Orders in Prod")),
    Call("already undone", "undoExports", lambda ids: {"exportIds": [ids("export")]}, refusals=("CANNOT_UNDO",)),
    Call("over a flow of the same workspace", "exportFlow", lambda ids: over(ids, "sketch"), ("FLOW_EXPORTED Sketch in Dev, recorded",)),
    Call("to another tenant", "exportFlow", lambda ids: {"flowId": ids("orders"), "destination": {"workspaceId": ids("far")}}, ("FLOW_EXPORTED Orders in Far from Dev of North, recorded",)),
    Call("refused", "exportFlow", lambda ids: exported(ids, name=""), refusals=("INVALID_INPUT",)),
    Call("of several, one of which is refused", "exportFlows", lambda ids: {"items": [exported(ids, name="One"), over(ids, "orders"), over(ids, "live")], "mode": "BEST_EFFORT"}, ("FLOW_EXPORTED One in Prod from Dev, recorded", "FLOW_EXPORTED Live in Prod from Dev, recorded"), ("CANNOT_OVERRIDE_ITSELF",)),
    Call("all or none", "exportFlows", lambda ids: {"items": [exported(ids), over(ids, "orders")]}, refusals=("BATCH_NOT_APPLIED", "CANNOT_OVERRIDE_ITSELF")),
    Call("saved", "updateFlowDraft", lambda ids: {"flowId": ids("orders"), "name": "Intake", "graph": NEW}),
    Call("refused", "updateFlowDraft", lambda ids: {"flowId": ids("orders"), "name": ""}, refusals=("INVALID_INPUT",)),
    Call("with a new name", "publishFlowDraft", lambda ids: {"flowId": ids("orders"), "idempotencyKey": "publish"}, ("FLOW_PUBLISHED Intake in Dev, version 2",)),
    Call("repeated", "publishFlowDraft", lambda ids: {"flowId": ids("orders"), "idempotencyKey": "publish"}),
    Call("refused", "publishFlowDraft", lambda ids: {"flowId": ids("orders")}, refusals=("DRAFT_NOT_FOUND",)),
    Call("of a flow that runs, to be started", "publishFlowDraft", lambda ids: {"flowId": ids("live"), "start": True}, ("FLOW_PUBLISHED Live in Prod, version 2",)),
    Call("set aside by another export", "exportFlow", lambda ids: over(ids, "idle"), ("FLOW_EXPORTED Idle in Prod from Dev, recorded",)),
    Call("of a flow that doesn't run, to be started", "publishFlowDraft", lambda ids: {"flowId": ids("idle"), "start": True}, ("FLOW_PUBLISHED Idle in Prod, version 2", "FLOW_STARTED Idle in Prod")),
    Call("to a draft", "revertFlow", lambda ids: {"flowId": ids("idle"), "versionId": ids("idle/1")}),
    Call("of several", "publishFlowDrafts", lambda ids: {"items": [{"flowId": ids("idle"), "expectedRevision": 2}, {"flowId": ids("sketch"), "expectedRevision": 2}], "start": True}, ("FLOW_PUBLISHED Idle in Prod, version 3", "FLOW_PUBLISHED Sketch in Dev, version 1", "FLOW_STARTED Sketch in Dev")),
    Call("refused", "publishFlowDrafts", lambda ids: {"items": [{"flowId": ids("idle"), "expectedRevision": 2}]}, refusals=("STALE_DRAFT",)),
    Call("published at once", "revertFlow", lambda ids: {"flowId": ids("idle"), "versionId": ids("idle/1"), "publish": True}, ("FLOW_PUBLISHED Idle in Prod, version 4",)),
    Call("refused", "revertFlow", lambda ids: {"flowId": ids("idle"), "versionId": ids("live/1")}, refusals=("VERSION_NOT_FOUND",)),
    Call("running", "stopFlow", lambda ids: {"flowId": ids("idle")}, ("FLOW_STOPPED Idle in Prod",)),
    Call("not running", "stopFlow", lambda ids: {"flowId": ids("idle")}),
    Call("refused", "stopFlow", lambda ids: {"flowId": ids("idle")}, refusals=("INSUFFICIENT_PERMISSION",), by="gil"),
    Call("not running", "startFlow", lambda ids: {"flowId": ids("idle")}, ("FLOW_STARTED Idle in Prod",)),
    Call("running", "startFlow", lambda ids: {"flowId": ids("idle")}),
    Call("refused", "startFlow", lambda ids: {"flowId": ids("halted")}, refusals=("FLOW_IS_SUSPENDED",)),
    Call("of several, one of which doesn't run", "stopFlows", lambda ids: {"flowIds": [ids("orders"), ids("idle"), ids("live")]}, ("FLOW_STOPPED Idle in Prod", "FLOW_STOPPED Live in Prod")),
    Call("refused", "stopFlows", lambda ids: {"flowIds": [ids("dev")]}, refusals=("FLOW_NOT_FOUND",)),
    Call("of several", "startFlows", lambda ids: {"flowIds": [ids("orders"), ids("idle")]}, ("FLOW_STARTED Intake in Dev", "FLOW_STARTED Idle in Prod")),
    Call("refused", "startFlows", lambda ids: {"flowIds": [ids("orders"), ids("halted")]}, refusals=("BATCH_NOT_APPLIED", "FLOW_IS_SUSPENDED")),
    Call("with a draft", "exportFlow", lambda ids: over(ids, "idle"), ("FLOW_EXPORTED Idle in Prod from Dev, recorded",)),
    Call("of a flow with a version", "discardFlowDraft", lambda ids: {"flowId": ids("idle")}),
    Call("refused", "discardFlowDraft", lambda ids: {"flowId": ids("idle")}, refusals=("DRAFT_NOT_FOUND",)),
    Call("to a new flow", "copyFlow", lambda ids: {"flowId": ids("orders"), "name": "Third"}, ("FLOW_COPIED Third in Dev, recorded",)),
    Call("over a draft", "exportFlow", lambda ids: over(ids, "new flow"), ("FLOW_EXPORTED Third in Dev, recorded",)),
    Call("set aside", "restoreFlowDraft", lambda ids: {"draftId": ids("draft set aside")}),
    Call("refused", "restoreFlowDraft", lambda ids: {"draftId": ids("dev")}, refusals=("DRAFT_NOT_FOUND",)),
    Call("to a new flow", "copyFlow", lambda ids: {"flowId": ids("orders"), "name": "Fourth"}, ("FLOW_COPIED Fourth in Dev, recorded",)),
    Call("with its flow", "discardFlowDraft", lambda ids: {"flowId": ids("new flow")}, ("FLOW_DELETED Fourth in Dev",)),
    Call("running", "deleteFlow", lambda ids: {"flowId": ids("idle")}, refusals=("FLOW_IS_ACTIVE",)),
    Call("not running", "deleteFlow", lambda ids: {"flowId": ids("live")}, ("FLOW_DELETED Live in Prod",)),
    Call("of a draft", "requestRelease", lambda ids: {"title": "One", "items": [{"flowId": ids("One"), "expectedRevision": 1}]}, ("RELEASE_REQUESTED in Prod",)),
    Call("refused", "requestRelease", lambda ids: {"title": "", "items": [{"flowId": ids("One"), "expectedRevision": 1}]}, refusals=("INVALID_INPUT",)),
    Call("of its own", "reviewRelease", lambda ids: {"releaseId": ids("release"), "decision": "APPROVE"}, refusals=("INSUFFICIENT_PERMISSION", "CANNOT_REVIEW_OWN_RELEASE")),
    Call("refused", "withdrawRelease", lambda ids: {"releaseId": ids("release")}, refusals=("INSUFFICIENT_PERMISSION",), by="gil"),
    Call("open", "withdrawRelease", lambda ids: {"releaseId": ids("release")}, ("RELEASE_WITHDRAWN in Prod",)),
    Call("of a draft", "requestRelease", lambda ids: {"title": "Two", "items": [{"flowId": ids("One"), "expectedRevision": 1}]}, ("RELEASE_REQUESTED in Prod",)),
    Call("rejected", "reviewRelease", lambda ids: {"releaseId": ids("release"), "decision": "REJECT"}, ("RELEASE_REJECTED in Prod",), by="rita"),
    Call("of a draft, to be started", "requestRelease", lambda ids: {"title": "Three", "items": [{"flowId": ids("One"), "expectedRevision": 1}], "start": True}, ("RELEASE_REQUESTED in Prod",)),
    Call("approved", "reviewRelease", lambda ids: {"releaseId": ids("release"), "decision": "APPROVE"}, ("FLOW_PUBLISHED One in Prod, version 1", "FLOW_STARTED One in Prod", "RELEASE_APPLIED in Prod"), by="rita"),
    Call("refused", "undoRelease", lambda ids: {"releaseId": ids("release before")}, refusals=("RELEASE_IS_CLOSED",)),
    Call("of a flow without an earlier version", "undoRelease", lambda ids: {"releaseId": ids("release")}, ("FLOW_STOPPED One in Prod", "RELEASE_UNDONE in Prod"), by="rita"),
    Call("edited", "updateFlowDraft", lambda ids: {"flowId": ids("One"), "name": "Uno"}),
    Call("of a new draft", "requestRelease", lambda ids: {"title": "Four", "items": [{"flowId": ids("One"), "expectedRevision": 2}]}, ("RELEASE_REQUESTED in Prod",)),
    Call("approved", "reviewRelease", lambda ids: {"releaseId": ids("release"), "decision": "APPROVE"}, ("FLOW_PUBLISHED Uno in Prod, version 2", "RELEASE_APPLIED in Prod"), by="rita"),
    Call("of a flow with an earlier version", "undoRelease", lambda ids: {"releaseId": ids("release")}, ("FLOW_PUBLISHED One in Prod, version 3", "RELEASE_UNDONE in Prod"), by="rita"),
    Call("that suspends a flow", "applyWorld", document(flows=[{"key": "orders", "workspace": "dev", "suspended": True}]), ("FLOW_SUSPENDED Intake in Dev", "WORLD_APPLIED in North"), by="robot"),
    Call("that changes nothing", "applyWorld", document(flows=[{"key": "orders", "workspace": "dev", "suspended": True}]), by="robot"),
    Call("that lifts it, with a new flow", "applyWorld", document(flows=[{"key": "orders", "workspace": "dev", "suspended": False}, new_flow("fresh")]), ("FLOW_RESUMED Intake in Dev", "WORLD_APPLIED in North", "FLOW_CREATED Fresh in Dev"), by="robot"),
    Call("that deletes a flow", "applyWorld", document(flows=[{"key": "fresh", "workspace": "dev", "remove": True}]), ("FLOW_DELETED Fresh in Dev", "WORLD_APPLIED in North"), by="robot"),
    Call("that renames a workspace", "applyWorld", document(workspaces=[{"key": "dev", "name": "Development"}]), ("WORLD_APPLIED in North",), by="robot"),
    Call("refused", "applyWorld", document(workspaces=[{"key": "dev", "name": ""}]), refusals=("INVALID_INPUT",), by="robot"),
)  # fmt: skip
"""One after the other."""


@pytest.fixture
async def api(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(world()) as loaded, databases.serving(loaded) as served:
        yield served


def test_every_mutation_of_the_schema_is_in_the_table_with_what_it_writes() -> None:
    assert {call.mutation for call in CALLS} == {*MUTATIONS}
    assert {call.mutation for call in CALLS if call.refusals} == {*MUTATIONS}


async def test_a_change_writes_its_events_and_what_changes_nothing_writes_none(api: Api) -> None:
    known: set[str] = {event["id"] for event in await events_of(api.database_url)}
    for call in CALLS:
        ids = await ids_after(api)
        before = await contents(api.database_url)
        answer = await api.caller(call.by).one(document_for(call.mutation), input=call.input(ids.__getitem__))
        new = [event for event in await events_of(api.database_url) if event["id"] not in known]
        assert (codes_of(answer), tuple(map(in_words, new))) == (call.refusals, call.events), call
        assert {(event["actor_id"], event["without_review"]) for event in new} <= {(api.id(call.by), False)}
        if not call.events and call.refusals:
            assert await contents(api.database_url) == before, call
        known |= {event["id"] for event in new}


async def ids_after(api: Api) -> Mapping[str, str]:
    """The ids of the world, and those of what was made last."""
    async with connected(api.database_url) as connection:
        latest = {name: await connection.fetchval(query) for name, query in LATEST.items()}
    return {**api.ids, **latest}


def document_for(mutation: str) -> str:
    field = MUTATIONS[mutation]
    payload: Any = get_named_type(field.type)
    input_type = get_named_type(field.args["input"].type)
    assert isinstance(input_type, GraphQLInputObjectType)
    results = "results { errors { code } }" if "results" in payload.fields else ""
    return f"mutation($input: {input_type.name}!) {{ {mutation}(input: $input) {{ errors {{ code }} {results} }} }}"


def codes_of(payload: Json) -> tuple[str, ...]:
    refusals = [*payload["errors"], *(error for result in payload.get("results", ()) for error in result["errors"])]
    return tuple(dict.fromkeys(error["code"] for error in refusals))
