"""A read that fails after the commit makes its own field null: the rest of the payload says what was written."""

from typing import Any

import pytest

from app.execution.lookups import Loader
from app.graphql.loading.loaders import Loaders
from tests.api.client import Api, Caller, Json, body_of
from tests.api.writing import export_input

GRAPH = {"nodes": [{"id": "1", "command": "acme/timer:tick"}], "edges": []}
REFERENCES = "references { action }"
MUTATIONS = {
    "copyFlow": f"flow {{ id }} draft {{ id }} exportRecord {{ id }} {REFERENCES} replayed copiedFrom",
    "exportFlow": f"flow {{ id }} draft {{ id }} setAside {{ id }} {REFERENCES} replayed copiedFrom warnings {{ message }}",
    "createFlow": "flow { id } draft { id } replayed",
    "updateFlowDraft": "flow { id } draft { id }",
    "publishFlowDraft": "flow { id } version { id } replayed",
    "revertFlow": f"flow {{ id }} draft {{ id }} setAside {{ id }} {REFERENCES} replayed",
    "discardFlowDraft": "flow { id } discardedDraftId deletedFlowId",
    "restoreFlowDraft": "flow { id } draft { id } setAside { id }",
    "undoExport": "flow { id } restoredDraft { id } deletedFlowId exportRecord { id }",
    "startFlow": "flow { id }",
    "stopFlow": "flow { id }",
    "deleteFlow": "deletedFlowId",
}
READ = {"flow", "draft", "version", "setAside", "restoredDraft", "exportRecord"}
"""The fields that are read after the commit."""
STATE = """query($id: ID!) { flow(id: $id) {
  draft { id } draftsSetAside { nodes { id } } history { nodes { id } }
} }"""


class Unreadable(RuntimeError):
    pass


class FailingReads:
    """A caller whose mutations are written, and not read afterwards."""

    def __init__(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        self._caller: Caller = api.caller("ada")
        self._monkeypatch = monkeypatch

    async def payload(self, mutation: str, wish: Json) -> Json:
        """What is answered: the errors of the fields that could not be read are looked at."""
        document = f"mutation($input: {mutation[0].upper()}{mutation[1:]}Input!) {{ {mutation}(input: $input) {{ "
        document += f"{MUTATIONS[mutation]} errors {{ message }} }} }}"
        with self._monkeypatch.context() as patch:
            fail_to_read(patch)
            response = await self._caller.http.post(
                "/graphql", json={"query": document, "variables": {"input": wish}}, headers=self._caller.headers
            )
        body = body_of(response)
        payload: Json = body["data"][mutation]
        assert payload is not None, body
        assert payload.pop("errors") == []
        null = {tuple(error["path"]) for error in body.get("errors", [])}
        assert null <= {(mutation, field) for field in READ}, body
        assert all(error["extensions"]["written"] == "YES" for error in body.get("errors", []))
        assert all(payload[field] is None for _, field in null)
        return payload

    async def state(self, flow_id: str) -> Json:
        flow: Json = await self._caller.one(STATE, id=flow_id)
        return flow


async def unreadable(*_: object) -> list[Any]:
    raise Unreadable


def fail_to_read(patch: pytest.MonkeyPatch) -> None:
    """Whatever a payload shows by its id can't be read."""
    for name in ("flows", "drafts", "versions", "exports"):
        patch.setattr(Loaders, name, property(lambda loaders: Loader(unreadable, loaders.reading)))


@pytest.fixture
def reads(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> FailingReads:
    return FailingReads(fresh, monkeypatch)


async def test_what_was_copied_or_exported_is_answered_without_what_could_not_be_read(
    fresh: Api, reads: FailingReads
) -> None:
    """Flow and draft are answered from the rows that were written, and read by nobody."""
    copied = await reads.payload("copyFlow", {"flowId": fresh.id("plain")})
    assert await reads.state(copied["flow"]["id"]) | {"history": None} == {
        "draft": copied["draft"],
        "draftsSetAside": {"nodes": []},
        "history": None,
    }
    assert copied["exportRecord"] is None
    assert (copied["replayed"], copied["copiedFrom"]) == (False, "PUBLISHED_VERSION")
    exported = await reads.payload("exportFlow", export_input(fresh, "plain", to="workshop"))
    assert (await reads.state(exported["flow"]["id"]))["draft"] == exported["draft"]
    assert (exported["setAside"], exported["copiedFrom"]) == (None, "PUBLISHED_VERSION")
    created = await reads.payload("createFlow", {"workspaceId": fresh.id("workshop"), "name": "Made", "graph": GRAPH})
    assert created == {"flow": None, "draft": None, "replayed": False}


async def test_a_change_of_a_flow_is_answered_without_what_could_not_be_read(fresh: Api, reads: FailingReads) -> None:
    flow = fresh.id("plain")
    assert await reads.payload("updateFlowDraft", {"flowId": flow, "name": "Other"}) == {"flow": None, "draft": None}
    published = await reads.payload("publishFlowDraft", {"flowId": flow})
    assert published == {"flow": None, "version": None, "replayed": False}
    oldest = (await reads.state(flow))["history"]["nodes"][-1]["id"]
    await reads.payload("revertFlow", {"flowId": flow, "versionId": oldest})
    again = await reads.payload("revertFlow", {"flowId": flow, "versionId": oldest})
    assert (again["flow"], again["draft"], again["setAside"], again["replayed"]) == (None, None, None, False)
    [aside] = (await reads.state(flow))["draftsSetAside"]["nodes"]
    assert await reads.payload("restoreFlowDraft", {"draftId": aside["id"]}) == dict.fromkeys(
        ("flow", "draft", "setAside")
    )
    discarded = await reads.payload("discardFlowDraft", {"flowId": flow})
    assert discarded == {"flow": None, "discardedDraftId": aside["id"], "deletedFlowId": None}


async def test_a_flow_that_is_started_or_stopped_and_deleted_is_answered(fresh: Api, reads: FailingReads) -> None:
    flow = fresh.id("plain")
    assert await reads.payload("startFlow", {"flowId": flow}) == {"flow": None}
    assert await reads.payload("stopFlow", {"flowId": flow}) == {"flow": None}
    assert await reads.payload("deleteFlow", {"flowId": flow}) == {"deletedFlowId": flow}


async def test_an_export_that_is_undone_is_answered(fresh: Api, reads: FailingReads) -> None:
    document = """mutation($input: ExportFlowInput!) {
      exportFlow(input: $input) { flow { id } exportRecord { id } errors { message } } }"""
    exported = await fresh.caller("ada").one(document, input=export_input(fresh, "plain", to="workshop"))
    undone = await reads.payload("undoExport", {"exportId": exported["exportRecord"]["id"]})
    assert undone == {
        "flow": None,
        "restoredDraft": None,
        "deletedFlowId": exported["flow"]["id"],
        "exportRecord": None,
    }


async def test_items_of_a_call_are_answered_each_for_itself(fresh: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (
        "mutation($input: ExportFlowsInput!) { "
        "exportFlows(input: $input) { succeeded results { exportRecord { id } } } }"
    )
    items = [export_input(fresh, flow, to="workshop") for flow in ("plain", "bread")]
    caller = fresh.caller("ada")
    with monkeypatch.context() as patch:
        fail_to_read(patch)
        response = await caller.http.post(
            "/graphql", json={"query": document, "variables": {"input": {"items": items}}}, headers=caller.headers
        )
    body = body_of(response)
    assert body["data"] == {
        "exportFlows": {"succeeded": 2, "results": [{"exportRecord": None}, {"exportRecord": None}]}
    }
    assert [error["path"] for error in body["errors"]] == [
        ["exportFlows", "results", index, "exportRecord"] for index in (0, 1)
    ]
