"""What one request may have done: it is given up before a commit, and begins no mutation, once it took too long."""

from typing import Any

import pytest

from app.meter import Meter
from tests.api.client import Api, codes_of
from tests.databases import Databases, Loaded, contents

NOT_BEGUN = (
    "This was not begun: what was done before it in this request took as much as one request may take. Send it in a "
    "request of its own."
)
MUTATIONS = {
    "copy": 'copyFlow(input: {flowId: "plain"}) { errors { message } }',
    "export": 'exportFlow(input: {flowId: "plain", destination: {workspaceId: "store"}}) { errors { message } }',
    "create": 'createFlow(input: {workspaceId: "workshop", name: "Made", graph: {nodes: [], edges: []}}) { errors { message } }',
    "update": 'updateFlowDraft(input: {flowId: "plain", name: "Else"}) { errors { message } }',
    "publish": 'publishFlowDraft(input: {flowId: "versions"}) { errors { message } }',
    "revert": 'revertFlow(input: {flowId: "versions", versionId: "versions/1"}) { errors { message } }',
}
GRAPH: dict[str, Any] = {"nodes": [], "edges": []}
FLOWS = 'query($id: ID!) { workspace(id: $id) { flows(search: "made") { totalCount } } }'


async def answered(api: Api, document: str) -> dict[str, Any]:
    """The answer to a document in which things are called by their keys."""
    for key in ("plain", "versions", "versions/1", "store", "workshop"):
        document = document.replace(f'"{key}"', f'"{api.id(key)}"')
    return await api.caller("ada").answer(document)


@pytest.fixture
def used_up_by_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mutation takes more CPU time until its commit than a request may take."""
    lift_time_limit = Meter.lift_time_limit

    def used_up(meter: Meter) -> None:
        meter.cpu_seconds += 6
        lift_time_limit(meter)

    monkeypatch.setattr(Meter, "lift_time_limit", used_up)


@pytest.mark.usefixtures("used_up_by_the_first")
@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_mutation_is_not_begun_after_one_that_took_too_long(
    databases: Databases, loaded_trade: Loaded, mutation: str
) -> None:
    async with databases.serving(loaded_trade) as api:
        body = await answered(api, f"mutation {{ a: {MUTATIONS[mutation]} b: {MUTATIONS['create']} }}")
        flows = await api.caller("ada").one(FLOWS, id=api.id("workshop"))
    assert (body["data"]["a"] is not None, body["data"]["b"]) == (True, None)
    assert [(error["path"], error["message"]) for error in body["errors"]] == [(["b"], NOT_BEGUN)]
    assert body["errors"][0]["extensions"] == {
        "code": "LIMIT_EXCEEDED",
        "limit": "time",
        "maximum": 5,
        "written": "NO",
    }
    assert flows["flows"]["totalCount"] == (1 if mutation == "create" else 0)


@pytest.mark.usefixtures("used_up_by_the_first")
async def test_every_mutation_that_was_not_begun_is_told(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade) as api:
        creation = MUTATIONS["create"]
        body = await answered(api, f"mutation {{ a: {creation} b: {creation} c: {creation} }}")
    assert [error["path"] for error in body["errors"]] == [["b"], ["c"]]


@pytest.mark.usefixtures("used_up_by_the_first")
async def test_what_was_committed_is_answered_whole_however_long_it_took(
    databases: Databases, loaded_trade: Loaded
) -> None:
    created = MUTATIONS["create"].replace("errors { message }", "flow { name } draft { graph { native } }")
    async with databases.serving(loaded_trade) as api:
        body = await answered(api, f"mutation {{ a: {created} }}")
    assert body == {"data": {"a": {"flow": {"name": "Made"}, "draft": {"graph": {"native": GRAPH}}}}}


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_mutation_that_takes_too_long_is_given_up_and_nothing_of_it_is_written(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch, mutation: str
) -> None:
    begin_mutation = Meter.begin_mutation

    def nearly_used_up(meter: Meter) -> None:
        begin_mutation(meter)
        meter.cpu_seconds += 6

    monkeypatch.setattr(Meter, "begin_mutation", nearly_used_up)
    async with databases.serving(loaded_trade) as api:
        before = await contents(api.database_url)
        body = await answered(api, f"mutation {{ a: {MUTATIONS[mutation]} }}")
        assert await contents(api.database_url) == before
    [error] = body["errors"]
    assert error["message"] == (
        "This took more than 5 seconds of computing and was given up. Ask for less, or in several requests."
    )
    assert (error["path"], error["extensions"]) == (
        ["a"],
        {"code": "LIMIT_EXCEEDED", "limit": "time", "maximum": 5, "written": "NO"},
    )


async def test_a_query_that_takes_too_long_is_refused(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.execution.pace.UNCOUNTED_SECONDS", 0)
    async with databases.serving(loaded_trade, max_cpu_seconds=1e-12) as api:
        body = await api.caller("ada").answer("{ workspaces { nodes { name contract { name } } } }")
    assert ("data" in body, [error["extensions"]["limit"] for error in body["errors"]]) == (False, ["time"])


async def test_after_a_mutation_whose_answer_was_cut_none_is_begun(databases: Databases, loaded_trade: Loaded) -> None:
    creation = MUTATIONS["create"].replace("errors { message }", "draft { graph { again: native native } }")
    longer = creation.replace("edges: []", f'edges: [], more: "{"x" * 2000}"')
    async with databases.serving(loaded_trade, max_answer_bytes=5000) as api:
        body = await answered(api, f"mutation {{ a: {longer} b: {creation} }}")
        found = await api.caller("ada").one(FLOWS, id=api.id("workshop"))
    assert codes_of(body) == ["LIMIT_EXCEEDED"] * 2
    assert [(error["path"][0], error["message"] == NOT_BEGUN) for error in body["errors"]] == [
        ("a", False),
        ("b", True),
    ]
    assert found["flows"]["totalCount"] == 1
