"""What differs from what was released, and which side was changed since: one call for forty flows, with the default limits."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.test_drift import change
from tests.api.world_builder import FULL, LIMITED, WorldBuilder, graph, step
from tests.databases import Databases

FLOWS = 40
RELEASED = """mutation($input: ExportFlowsInput!) { exportFlows(input: $input) {
  succeeded results { flow { id } draft { revision } }
} }"""
PUBLISHED = "mutation($input: PublishFlowDraftsInput!) { publishFlowDrafts(input: $input) { succeeded } }"
STANDING = (
    "flows(filter: {drift: %s}, first: 100) { totalCount nodes { name descendsFrom { sourceFlow { id name } } } }"
)
WHAT_DIFFERS = f"""query($id: ID!) {{ workspace(id: $id) {{
  toRelease: {STANDING % "SOURCE_AHEAD"}
  toBringBack: {STANDING % "DESTINATION_AHEAD"}
  toMerge: {STANDING % "DIVERGED"}
}} }}"""
ALL = "query($id: ID!) { workspace(id: $id) { flows(first: 100) { nodes { name drift } } } }"


@pytest.fixture
async def forty(databases: Databases) -> AsyncIterator[Api]:
    world = WorldBuilder()
    world.user("ada")
    world.tenant("north")
    world.contract("house", "north")
    world.workspace("bench", "house", LIMITED)
    world.workspace("line", "house", FULL)
    world.members("bench", ada="integrator")
    world.members("line", ada="integrator")
    world.team("team", "house", name="acme")
    world.component("timer", "team")
    for number in range(FLOWS):
        tick = step("1", "acme/timer:tick", fields={"number": number})
        world.flow(f"flow-{number:02}", "bench", published=graph(tick), author="ada")
    async with databases.loaded(world) as loaded, databases.serving(loaded) as served:
        yield served


async def released(api: Api) -> list[tuple[str, str]]:
    """The flows with those that they were exported to and that were published."""
    ada, sources = api.caller("ada"), [api.id(f"flow-{number:02}") for number in range(FLOWS)]
    items = [{"flowId": flow, "destination": {"workspaceId": api.id("line")}} for flow in sources]
    made = await ada.one(RELEASED, input={"items": items})
    destinations = [result["flow"]["id"] for result in made["results"]]
    drafts = [{"flowId": flow, "expectedRevision": 1} for flow in destinations]
    assert (await ada.one(PUBLISHED, input={"items": drafts})) == {"succeeded": FLOWS}
    return list(zip(sources, destinations, strict=True))


async def test_one_call_tells_what_differs_and_which_side_was_changed(forty: Api) -> None:
    pairs = await released(forty)
    for source, _ in pairs[:3]:
        await change(forty, source, "next")
    for _, destination in pairs[2:5]:
        await change(forty, destination, "fix")
    answer: Json = await forty.caller("ada").one(WHAT_DIFFERS, id=forty.id("line"))
    assert {name: (page["totalCount"], names(page)) for name, page in answer.items()} == {
        "toRelease": (2, ["Flow-00", "Flow-01"]),
        "toBringBack": (2, ["Flow-03", "Flow-04"]),
        "toMerge": (1, ["Flow-02"]),
    }
    [merge] = answer["toMerge"]["nodes"]
    assert merge["descendsFrom"]["sourceFlow"]["id"] == pairs[2][0]
    all_flows = (await forty.caller("ada").one(ALL, id=forty.id("line")))["flows"]["nodes"]
    assert sorted(flow["drift"] for flow in all_flows) == sorted(
        ["SOURCE_AHEAD"] * 2 + ["DESTINATION_AHEAD"] * 2 + ["DIVERGED"] + ["IN_SYNC"] * (FLOWS - 5)
    )


def names(page: Any) -> list[str]:
    return [flow["name"] for flow in page["nodes"]]
