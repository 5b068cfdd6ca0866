"""How many SQL statements a call of many items takes: as many for a thousand as for one."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api, Json
from tests.api.crowd import crowd
from tests.databases import Databases


@pytest.fixture(scope="module")
async def crowded(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(crowd()) as loaded, databases.serving(loaded, max_cost=10_000_000) as served:
        yield served


REPORT = "references { stepId from { ... on Credential { id } } to { ... on Credential { id } } }"
ONLY_IDS = "flow { id } draft { id } errors { code }"
MANY = f"mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{ results {{ {ONLY_IDS} }} succeeded }} }}"
PLANS = f"""query($input: ExportFlowsInput!) {{
  exportPlans(input: $input) {{ errors {{ code }} plans {{
    fingerprint destinationWorkspace {{ id }} flowToOverride {{ id }} {REPORT} blockers {{ code }}
    readiness {{ ready blockers {{ stepId }} }} changes {{ identical changedSteps {{ stepId }} }}
  }} }}
}}"""


async def test_a_plan_is_made_once_however_many_aliases_ask_for_it(crowded: Api) -> None:
    plans = "{} {{ a: exportPlan(input: $one) {{ fingerprint }} b: exportPlan(input: {}) {{ fingerprint }} }}"
    [one] = items_for(crowded, 1)
    alone = "query($one: ExportFlowInput!) { exportPlan(input: $one) { fingerprint } }"
    mia, declared = crowded.caller("mia"), "query($one: ExportFlowInput!, $other: ExportFlowInput!)"
    number = await mia.statements(alone, one=one)
    assert await mia.statements(plans.format("query($one: ExportFlowInput!)", "$one"), one=one) == number
    another = {**one, "name": "Another"}
    assert await mia.statements(plans.format(declared, "$other"), one=one, other=another) > number


@pytest.mark.parametrize("number", [1, 2, 100, 1000])
async def test_a_call_of_many_exports_takes_as_many_statements_as_one(crowded: Api, number: int) -> None:
    mia, items = crowded.caller("mia"), items_for(crowded, number)
    variables = {"input": {"items": items, "mode": "BEST_EFFORT"}}
    assert await mia.statements(MANY, **variables) == 6
    # The plans take four; workspaces, flows, credentials and contents are read besides.
    assert await mia.statements(PLANS, **variables) == (8 if number > 1 else 6)


CALLS_OF_MANY = [
    ("publishFlowDrafts", "PublishFlowDraftsInput", "flow { id } version { id }", 7),
    ("startFlows", "StartFlowsInput", "flow { id }", 5),
    ("stopFlows", "StopFlowsInput", "flow { id }", 5),
]
TO_CHANGE = """mutation($input: ExportFlowsInput!) {
  exportFlows(input: $input) { results { flow { id } draft { revision } } }
}"""


@pytest.mark.parametrize("many", [1, 4, 40])
async def test_a_call_that_publishes_starts_or_stops_many_takes_as_many_statements_as_one(
    crowded: Api, many: int
) -> None:
    mia = crowded.caller("mia")
    [flows] = (await mia.ask(TO_CHANGE, input={"items": items_for(crowded, many)})).values()
    drafts = [
        {"flowId": result["flow"]["id"], "expectedRevision": result["draft"]["revision"]} for result in flows["results"]
    ]
    for name, input_type, selected, number in CALLS_OF_MANY:
        document = f"mutation($input: {input_type}!) {{ {name}(input: $input) {{ refused results {{ {selected} }} }} }}"
        wish = {"items": drafts} if name == "publishFlowDrafts" else {"flowIds": [draft["flowId"] for draft in drafts]}
        assert await mia.statements(document, input=wish) == number, name
    published = f"query {{ nodes(ids: {json.dumps([draft['flowId'] for draft in drafts])}) {{ ... on Flow {{ publishedVersion {{ id }} status }} }} }}"
    [nodes] = (await mia.ask(published)).values()
    assert [(node["publishedVersion"] is None, node["status"]) for node in nodes] == [(False, "INACTIVE")] * many


UNDO = "mutation($input: UndoExportInput!) { undoExport(input: $input) { flow { id } errors { code } } }"
UNDO_MANY = """mutation($input: UndoExportsInput!) {
  undoExports(input: $input) { refused results { flow { id } deletedFlowId } }
}"""


@pytest.mark.parametrize(
    ("argument", "place"),
    [
        # The caller, the flows of the records, locks, facts, two that write, and the flow of the answer.
        ("overrideFlowId", "flow-0"),
        # The locks of flows that go, instead of the first that writes.
        ("workspaceId", "place-2"),
    ],
)
async def test_undoing_many_takes_as_many_statements_as_undoing_one(crowded: Api, argument: str, place: str) -> None:
    mia, item = (
        crowded.caller("mia"),
        {"flowId": crowded.id("of-1-steps"), "destination": {argument: crowded.id(place)}},
    )
    make = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { exportRecord { id } } }"
    for many in (1, 2, 40):
        ids = [(await mia.one(make, input=item))["exportRecord"]["id"] for _ in range(many)]
        assert await mia.statements(UNDO_MANY, input={"exportIds": ids}) == 7
    record = (await mia.one(make, input=item))["exportRecord"]["id"]
    assert await mia.statements(UNDO, input={"exportId": record}) == 7
    assert [error["code"] for error in (await mia.one(UNDO, input={"exportId": record}))["errors"]] == ["CANNOT_UNDO"]


@pytest.mark.parametrize("number", [10, 1000])
async def test_undoing_a_thousand_takes_as_many_statements_as_undoing_ten(crowded: Api, number: int) -> None:
    mia = crowded.caller("mia")
    make = "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { results { exportRecord { id } } } }"
    made = (await mia.one(make, input={"items": items_for(crowded, number)}))["results"]
    ids = [result["exportRecord"]["id"] for result in made]
    # Of both kinds.
    assert await mia.statements(UNDO_MANY, input={"exportIds": ids}) == 8
    assert (await mia.one(UNDO_MANY, input={"exportIds": ids}))["refused"] == number


@pytest.mark.parametrize("selected", ["succeeded", "results { flow { name } draft { name } }"])
async def test_what_exports_have_made_is_answered_without_reading_it(crowded: Api, selected: str) -> None:
    document = f"mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{ {selected} }} }}"
    assert await crowded.caller("mia").statements(document, input={"items": items_for(crowded, 2)}) == 6


@pytest.mark.parametrize("number", [1, 2, 100, 1000])
async def test_a_replay_takes_as_many_statements_whatever_the_number_of_items(crowded: Api, number: int) -> None:
    """The caller, the key twice, the records and the flows; reports are read where they are selected."""
    mia, wish = crowded.caller("mia"), {"items": items_for(crowded, number), "idempotencyKey": f"key of {number}"}
    told = "mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{ replayed results {{ {} }} }} }}"
    flows, reports = told.format("flow { id }"), told.format("references { stepId }")
    first = await mia.statements(flows, input=wish)
    assert first == 9
    assert await mia.statements(flows, input=wish) == 5
    assert await mia.statements(reports, input=wish) == 6


async def test_what_became_of_references_is_not_read_again_from_what_was_written(crowded: Api) -> None:
    document = "mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{ results {{ {} }} }} }}"
    wish = {"items": items_for(crowded, 2)}
    without = await crowded.caller("mia").statements(document.format("replayed"), input=wish)
    again = {"items": items_for(crowded, 2)}
    assert await crowded.caller("mia").statements(document.format("references { stepId kind }"), input=again) == without


def items_for(crowded: Api, number: int) -> list[Json]:
    """New flows and overrides, of which no two are onto one flow."""
    onto = [{"overrideFlowId": crowded.id(f"flow-{index}")} for index in range(min(number - 1, 100))]
    into = [{"workspaceId": crowded.id("place-2")}] * (number - len(onto))
    return [{"flowId": crowded.id("of-1-steps"), "destination": each} for each in (*into, *onto)]
