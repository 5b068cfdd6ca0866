"""Two tenants with a provisioner each, and what provisioners send."""

from operator import itemgetter
from typing import Any

from tests.api.client import Api, Json
from tests.api.world_builder import WorldBuilder, graph, step
from tests.databases import OF_SERVERS
from tests.usecases.world_files import contents

THINGS = "things { section key id change fields { path before after } usedByFlows usedByFlowIds }"
COUNTS = "created changed removed unchanged"
ERRORS = """{
  __typename message code path
  ... on TenantNotFound { tenantId }
  ... on ThingInUse { section key by count }
}"""
APPLY = f"mutation ($input: ApplyWorldInput!) {{ applyWorld(input: $input) {{ {THINGS} {COUNTS} errors {ERRORS} }} }}"
PLAN = f"query ($input: ApplyWorldInput!) {{ worldPlan(input: $input) {{ fingerprint {THINGS} {COUNTS} blockers {ERRORS} }} }}"
WORKSPACES = "{ workspaces(first: 50) { nodes { name } } }"


def office() -> WorldBuilder:
    """Two tenants with a provisioner each; in the first an integrator, a guest and the owner of the contract, and a running flow."""
    world = WorldBuilder()
    for tenant, robot in (("home", "robot"), ("abroad", "stranger")):
        world.tenant(tenant)
        world.user(robot)
        world.provisioner(robot, tenant)
    world.contract("retail", "home")
    world.contract("overseas", "abroad")
    world.workspace("dev", "retail")
    world.workspace("far", "overseas")
    for user in ("ada", "guest"):
        world.user(user, "home")
    world.user("boss", "home")
    world.members("dev", ada="integrator")
    world.contract_members("retail", guest="guest", boss="owner")
    world.team("core", "retail")
    world.component("mailer", "core", "TEAM", requires="CREDENTIAL")
    world.credential("mail", "dev", "mailer")
    steps = graph(step("1", "core/mailer:send", credential="mail"))
    world.flow("letters", "dev", published=steps, draft=steps, author="ada", status="ACTIVE")
    return world


def wish(api: Api, tenant: str | None = "home", *, more: Json | None = None, **sections: Any) -> Json:
    whose = {} if tenant is None else {"tenantId": api.ids.get(tenant, tenant)}
    return {**whose, "document": {"format": "flowport-world/1", **sections}, **(more or {})}


async def apply(api: Api, by: str = "robot", **options: Any) -> Json:
    payload: Json = (await api.caller(by).ask(APPLY, input=wish(api, **options)))["applyWorld"]
    return payload


async def held(api: Api) -> dict[str, Any]:
    """Everything in the database, but what servers note down of their own work."""
    everything = await contents(api.database_url)
    events = [
        {name: value for name, value in event.items() if name not in {"position", "place"}}
        for table in ("event", "pending_event")
        for event in everything[table]
    ]
    return {name: rows for name, rows in everything.items() if name not in OF_SERVERS} | {
        "event": sorted(events, key=itemgetter("id"))
    }


async def names_of(api: Api, user: str) -> list[str]:
    nodes = (await api.caller(user).ask(WORKSPACES))["workspaces"]["nodes"]
    return [node["name"] for node in nodes]
