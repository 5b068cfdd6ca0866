"""Forty flows in three calls: planned, exported and published, repeated without harm, and undone (P4, P5)."""

from collections.abc import AsyncIterator

import pytest

from tests.api.client import Api, Json
from tests.clients.releasing import FLOWS, forty_flows
from tests.databases import Databases, contents

PLAN = """query($input: ExportFlowsInput!) {
  exportPlans(input: $input) { plans { fingerprint blockers { code } readiness { ready } } errors { code } }
}"""
EXPORT = """mutation($input: ExportFlowsInput!) {
  exportFlows(input: $input) {
    succeeded replayed results { flow { id } draft { revision } exportRecord { id } errors { code } } errors { code }
  }
}"""
PUBLISH = """mutation($input: PublishFlowDraftsInput!) {
  publishFlowDrafts(input: $input) {
    succeeded replayed results { flow { id status } version { number } replayed errors { code } } errors { code }
  }
}"""
UNDO = """mutation($input: UndoExportsInput!) {
  undoExports(input: $input) { succeeded results { deletedFlowId errors { code } } errors { code } }
}"""


@pytest.fixture
async def api(databases: Databases) -> AsyncIterator[Api]:
    async with databases.loaded(forty_flows()) as loaded, databases.serving(loaded) as api:
        yield api


def the_release(api: Api, store: str) -> Json:
    flows = [f"flow-{number}" for number in range(1, FLOWS + 1)]
    into = {"workspaceId": api.id(store)}
    things = [(api.id(f"workshop-{thing}"), api.id(f"{store}-{thing}")) for thing in ("mail", "orders")]
    return {
        "items": [{"flowId": api.id(flow), "destination": into} for flow in flows],
        "mappings": [{"fromId": old, "toId": new} for old, new in things],
    }


async def exported(api: Api, release: Json) -> tuple[Json, Json]:
    """The first two calls: what was sent, with its key, and what was answered."""
    ada = api.caller("ada")
    planned = await ada.one(PLAN, input=release)
    assert planned["errors"] == []
    plans = planned["plans"]
    assert [(plan["blockers"], plan["readiness"]["ready"]) for plan in plans] == [([], True)] * FLOWS
    items = [
        {**item, "planFingerprint": plan["fingerprint"]} for item, plan in zip(release["items"], plans, strict=True)
    ]
    sent = {**release, "items": items, "idempotencyKey": "release 7"}
    answer: Json = await ada.one(EXPORT, input=sent)
    assert (answer["succeeded"], answer["replayed"]) == (FLOWS, False)
    return sent, answer


async def test_forty_flows_run_after_three_calls_and_nothing_more_comes_of_the_same_calls(api: Api) -> None:
    ada = api.caller("ada")
    sent, answer = await exported(api, the_release(api, "store"))
    drafts = [
        {"flowId": result["flow"]["id"], "expectedRevision": result["draft"]["revision"]}
        for result in answer["results"]
    ]
    wish = {"items": drafts, "start": True, "idempotencyKey": "release 7"}
    done = await ada.one(PUBLISH, input=wish)
    assert (done["succeeded"], done["replayed"], done["errors"]) == (FLOWS, False, [])
    told = [(each["flow"]["status"], each["version"], each["replayed"], each["errors"]) for each in done["results"]]
    assert told == [("ACTIVE", {"number": 1}, False, [])] * FLOWS

    before = await contents(api.database_url)
    again = await ada.one(EXPORT, input=sent)
    assert (again["succeeded"], again["replayed"]) == (FLOWS, True)
    assert [each["flow"] for each in again["results"]] == [each["flow"] for each in answer["results"]]
    replayed = [{**each, "replayed": True} for each in done["results"]]
    assert await ada.one(PUBLISH, input=wish) == {**done, "replayed": True, "results": replayed}
    assert await contents(api.database_url) == before


async def test_forty_exports_are_undone_in_one_call_more(api: Api) -> None:
    before = await without_records(api)
    _, answer = await exported(api, the_release(api, "store"))
    exports = [result["exportRecord"]["id"] for result in answer["results"]]
    undone = await api.caller("ada").one(UNDO, input={"exportIds": exports})
    assert (undone["succeeded"], undone["errors"]) == (FLOWS, [])
    assert [each["deletedFlowId"] for each in undone["results"]] == [each["flow"]["id"] for each in answer["results"]]
    assert await without_records(api) == before


async def without_records(api: Api) -> list[tuple[str, str]]:
    """Every row but of the tables that remember what was undone."""
    remember = {"event", "flow_export", "reference_report", "idempotency_key"}
    return [row for row in await contents(api.database_url) if row[0] not in remember]
