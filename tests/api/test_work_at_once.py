"""What one request may have done: it begins no further mutation once graphs took as much as they may."""

from typing import Any

import pytest

from app.http.limits import Limits
from tests.api.client import Api, codes_of
from tests.databases import Databases, Loaded

NOBODY: Any = None
NOT_BEGUN = (
    "This was not begun: what was done before it in this request took as much as one request may take. Ask for it in a "
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
DISCARD = 'discardFlowDraft(input: {flowId: "versions"}) { errors { message } }'
FLOWS = 'query($id: ID!) { workspace(id: $id) { flows(search: "made") { totalCount } } }'


async def answered(api: Api, document: str) -> dict[str, Any]:
    """The answer to a document in which things are called by their keys."""
    for key in ("plain", "versions", "versions/1", "store", "workshop"):
        document = document.replace(f'"{key}"', f'"{api.id(key)}"')
    return await api.caller("ada").answer(document)


@pytest.mark.parametrize("mutation", MUTATIONS)
async def test_a_mutation_is_not_begun_after_one_that_took_too_much(
    databases: Databases, loaded_trade: Loaded, mutation: str
) -> None:
    async with databases.serving(loaded_trade, max_graph_characters=1) as api:
        body = await answered(api, f"mutation {{ a: {MUTATIONS[mutation]} b: {MUTATIONS['create']} }}")
        found = await api.caller("ada").one(FLOWS, id=api.id("workshop"))
    assert (body["data"]["a"] is not None, body["data"]["b"]) == (True, None)
    assert [(error["path"], error["message"]) for error in body["errors"]] == [(["b"], NOT_BEGUN)]
    assert body["errors"][0]["extensions"] == {
        "code": "LIMIT_EXCEEDED",
        "limit": "characters of graphs",
        "maximum": 1,
        "written": "NO",
    }
    assert found["flows"]["totalCount"] == (1 if mutation == "create" else 0)


async def test_a_mutation_that_reads_no_graph_leaves_room_for_another(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, max_graph_characters=1) as api:
        body = await answered(api, f"mutation {{ a: {DISCARD} b: {MUTATIONS['create']} }}")
    assert body == {"data": {"a": {"errors": []}, "b": {"errors": []}}}


async def test_every_mutation_that_was_not_begun_is_told(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_graph_characters=1) as api:
        creation = MUTATIONS["create"]
        body = await answered(api, f"mutation {{ a: {creation} b: {creation} c: {creation} }}")
    assert [error["path"] for error in body["errors"]] == [["b"], ["c"]]


async def test_after_a_mutation_whose_answer_was_cut_none_is_begun(databases: Databases, loaded_trade: Loaded) -> None:
    creation = MUTATIONS["create"].replace("errors { message }", "draft { graph { again: native native } }")
    longer = creation.replace("edges: []", f'edges: [], more: "{"x" * 600}"')
    async with databases.serving(loaded_trade, max_answer_bytes=1024) as api:
        body = await answered(api, f"mutation {{ a: {longer} b: {creation} }}")
        found = await api.caller("ada").one(FLOWS, id=api.id("workshop"))
    assert codes_of(body) == ["LIMIT_EXCEEDED"] * 2
    assert [(error["path"][0], error["message"] == NOT_BEGUN) for error in body["errors"]] == [
        ("a", False),
        ("b", True),
    ]
    assert found["flows"]["totalCount"] == 1


async def test_what_is_done_is_charged_for_its_graphs() -> None:
    meter = Limits().meter()
    meter.take_graph_decided(20_480)
    assert meter.cost == 10
