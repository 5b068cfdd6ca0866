"""Contracts: their workspaces as far as the caller sees them, and what is told of their quotas (A4, N6)."""

from collections.abc import AsyncIterator

import pytest

from tests.api import documents as ask
from tests.api.client import Api, Json
from tests.api.shelves import KEYS, PLACE_NAMES, name_order
from tests.api.walking import ids_of, page_of, walk
from tests.api.world_builder import LIMITED, WorldBuilder, graph, step
from tests.databases import Databases, run_sql


def house() -> WorldBuilder:
    """Ada is a member of some rooms, Bob sees all through the contract, Carl may only read in one, and Dora is elsewhere."""
    world = WorldBuilder()
    for user in ("ada", "bob", "carl", "dora"):
        world.user(user)
    world.tenant("town")
    world.contract("house", "town", quota=5)
    world.contract("shed", "town")
    for key, name in zip(KEYS, PLACE_NAMES, strict=True):
        world.workspace(f"room-{key}", "house", LIMITED if key == "00" else "FULL", name=name)
    for key in ("00", "03", "05"):
        world.members(f"room-{key}", ada="integrator")
    world.members("room-03", carl="guest")
    world.contract_members("house", bob="owner")
    world.workspace("tools", "shed")
    world.members("tools", dora="integrator", ada="integrator")
    world.team("makers", "house")
    world.component("timer", "makers")
    for place in ("room-00", "room-03", "room-05"):
        world.flow(f"flow-{place}", place, draft=graph(step("1", "makers/timer:tick")))
    return world


@pytest.fixture
async def home(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(house()) as loaded, databases.serving(loaded) as served:
        yield served


async def test_the_workspaces_of_a_contract_are_those_that_the_caller_sees_by_name(home: Api) -> None:
    everything = name_order({home.id(f"room-{key}"): name for key, name in zip(KEYS, PLACE_NAMES, strict=True)})
    of_ada = [room for room in everything if room in {home.id("room-00"), home.id("room-03"), home.id("room-05")}]
    contract = {"contract": home.id("house")}
    for user, rooms in (("bob", everything), ("ada", of_ada), ("carl", [home.id("room-03")])):
        for size in (1, 2, 100):
            for backwards in (False, True):
                caller = home.caller(user)
                assert await walk(caller, ask.WORKSPACES_OF_CONTRACT, contract, size, backwards=backwards) == rooms
        page = await page_of(home.caller(user), ask.WORKSPACES_OF_CONTRACT, **contract, first=1)
        assert page["totalCount"] == len(rooms)
    found = await page_of(home.caller("bob"), ask.WORKSPACES_OF_CONTRACT, **contract, search="aLpHa")
    assert ids_of(found) == [room for room in everything if room in {home.id(f"room-0{n}") for n in (1, 2, 3, 4)}]


QUOTA = "query($id: ID!) { node(id: $id) { ... on Contract { flowQuota flowsUsed } } }"
NOT_TOLD = {"flowQuota": None, "flowsUsed": None}


async def quota(api: Api, user: str, contract: str = "house") -> Json:
    told: Json = await api.caller(user).one(QUOTA, id=api.id(contract))
    return told


async def test_the_quota_is_told_to_whoever_may_create_flows_in_one_of_the_workspaces(home: Api) -> None:
    assert await quota(home, "ada") == {"flowQuota": 5, "flowsUsed": 2}
    assert await quota(home, "carl") == NOT_TOLD
    assert await quota(home, "bob") == NOT_TOLD
    assert await quota(home, "dora", "shed") == NOT_TOLD
    await run_sql(home.database_url, "update contract set flow_quota = 0 where id = :id", id=home.id("house"))
    assert await quota(home, "ada") == {"flowQuota": 0, "flowsUsed": 2}
    await run_sql(home.database_url, "update contract set status = 'SUSPENDED' where id = :id", id=home.id("house"))
    assert await quota(home, "ada") == NOT_TOLD


async def test_whoever_sees_a_workspace_through_its_contract_is_no_member(home: Api) -> None:
    asked = "query($id: ID!) { workspace(id: $id) { viewerIsMember } }"
    told = {
        user: (await home.caller(user).one(asked, id=home.id("room-03")))["viewerIsMember"] for user in ("ada", "bob")
    }
    assert told == {"ada": True, "bob": False}
    only_this = "{ workspaces { nodes { viewerIsMember } } }"
    listed = {user: (await home.caller(user).one(only_this))["nodes"] for user in ("ada", "bob")}
    assert listed == {"ada": [{"viewerIsMember": True}] * 4, "bob": [{"viewerIsMember": False}] * 11}
    destinations = """query($flow: ID!) { destinationWorkspaces(flowId: $flow, includeIneligible: true) {
      nodes { name viewerIsMember } } }"""
    await run_sql(
        home.database_url,
        "update workspace_access set role_id = null where workspace_id = :room and user_id = :ada",
        room=home.id("room-05"),
        ada=home.id("ada"),
    )
    page = await home.caller("ada").one(destinations, flow=home.id("flow-room-00"))
    members = {node["name"]: node["viewerIsMember"] for node in page["nodes"]}
    assert members == {PLACE_NAMES[0]: True, PLACE_NAMES[3]: True, PLACE_NAMES[5]: False, "Tools": True}
