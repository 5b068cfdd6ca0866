"""Events as the sequencer leaves them, and how callers read them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text

from app.domain.model import Kind
from app.storage.connections.engine import engine_of
from app.storage.ids import new_id
from tests.api.client import Api, Json
from tests.api.world_builder import WorldBuilder, graph, step
from tests.databases import Databases, Loaded, run_sql

FIELDS = "id type at actorId workspaceId flowId flowName versionId exportId"
RELATIONS = "actor { id } workspace { id name } flow { id name } version { number } exportRecord { id copiedFrom }"
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
ARGUMENTS = "$types: [EventType!], $first: Int, $after: String, $last: Int, $before: String"
PASSED_ON = "types: $types, first: $first, after: $after, last: $last, before: $before"
LISTED = f"{{ edges {{ cursor node {{ {FIELDS} {RELATIONS} }} }} {PAGE} }}"
OF_WORKSPACE = f"query($id: ID!, $flowId: ID, {ARGUMENTS}) {{ workspace(id: $id) {{ events(flowId: $flowId, {PASSED_ON}) {LISTED} }} }}"
OF_TENANT = f"query($id: ID!, {ARGUMENTS}) {{ tenantEvents(tenantId: $id, {PASSED_ON}) {LISTED} }}"

KEPT_DAYS = 36_500
AT = "2026-02-03T04:05:06.000007Z"


def newsroom() -> WorldBuilder:
    """Two tenants; people who are members at both ends of an export, at one, or at none; two kinds of provisioners."""
    world = WorldBuilder()
    for tenant, robot in (("home", "robot"), ("abroad", "stranger")):
        world.tenant(tenant)
        world.user(robot)
        world.provisioner(robot, tenant)
    for user in ("both", "ada", "bob", "chief", "guest"):
        world.user(user, "home")
    world.provisioner("chief", "home")
    world.contract("retail", "home")
    world.contract("overseas", "abroad")
    for workspace, contract in (("dev", "retail"), ("prod", "retail"), ("far", "overseas")):
        world.workspace(workspace, contract)
    world.members("dev", both="integrator", ada="integrator", chief="integrator")
    world.members("prod", both="integrator", bob="integrator")
    world.contract_members("retail", guest="guest")
    world.team("core", "retail")
    world.component("timer", "core")
    tick = graph(step("1", "core/timer:tick"))
    world.flow("source", "dev", published=tick, author="ada")
    world.flow("letters", "prod", published=[tick, graph(step("2", "core/timer:tick"))], author="bob")
    return world


USUAL: Json = {"type": "FLOW_PUBLISHED", "tenant": "home", "workspace": "prod", "flow": "letters"}
OTHERS = ("actor", "other_workspace", "other_tenant", "flow_name", "version", "export")
HAPPEN = text(
    "with feed as (update feed set position = position + 1 returning position) insert into event "
    "(id, position, at, type, actor_id, tenant_id, workspace_id, other_workspace_id, other_tenant_id, flow_id,"
    " flow_name, version_id, export_id) "
    "select :id, position, timestamptz '2026-02-03 04:05:06.000007+00', :type, :actor, :tenant, :workspace, :other_workspace, :other_tenant, :flow,"
    " :flow_name, :version, :export from feed"
)


@asynccontextmanager
async def loaded_newsroom(databases: Databases) -> AsyncIterator[Loaded]:
    """The world, in which nothing has happened yet, not even that it was loaded."""
    async with databases.loaded(newsroom()) as loaded:
        await run_sql(databases.url_of(loaded.name), "delete from pending_event")
        yield loaded


async def happen(api: Api, *events: Json) -> list[str]:
    """Have events happen, in this order, in production unless they say otherwise; answers their ids."""
    ids = [new_id(Kind.EVENT) for _ in events]
    async with engine_of(api.database_url).begin() as connection:
        for id_, event in zip(ids, events, strict=True):
            named = {**USUAL, **dict.fromkeys(OTHERS), **event, "id": id_}
            await connection.execute(HAPPEN, {name: api.ids.get(value, value) for name, value in named.items()})
    return ids


async def feed_of(api: Api, user: str, feed: str = "prod", **arguments: object) -> Json:
    """The page of a feed, of a workspace or of a tenant, as a user reads it."""
    id_ = api.ids.get(feed, feed)
    if id_.startswith("workspace_"):
        page: Json = (await api.caller(user).one(OF_WORKSPACE, id=id_, **arguments))["events"]
    else:
        page = await api.caller(user).one(OF_TENANT, id=id_, **arguments)
    return page


def ids_of(page: Json) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]
