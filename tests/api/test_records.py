"""Records of copies and exports (P6), as both ends see them: what is gone, or what the viewer can't see, is null."""

from dataclasses import replace
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.documents import COPY, EXPORT
from tests.api.writing import export_input
from tests.databases import run_sql

RECORD = """fragment record on FlowExport {
  id copiedFrom undoneAt actor { email }
  sourceFlow { id } sourceVersion { id } destinationFlow { id } destinationWorkspace { id }
  references { stepId stepName kind action fromId toId from { __typename } to { __typename } }
}"""
EXPORTED = f"""mutation($input: ExportFlowInput!) {{ exportFlow(input: $input) {{
  flow {{ id }} draft {{ id revision }} setAside {{ id }} exportRecord {{ ...record }} errors {{ code }}
}} }} {RECORD}"""
COPIED = f"""mutation($input: CopyFlowInput!) {{ copyFlow(input: $input) {{
  flow {{ id }} exportRecord {{ ...record }} errors {{ code }}
}} }} {RECORD}"""
UNDO = f"""mutation($input: UndoExportInput!) {{ undoExport(input: $input) {{
  flow {{ id draft {{ id }} }} restoredDraft {{ id revision setAsideAt }} deletedFlowId exportRecord {{ ...record }}
  errors {{ __typename code path ... on ExportNotFound {{ exportId }} ... on CannotUndo {{ since }} }}
}} }} {RECORD}"""
PROVENANCE = f"query($id: ID!) {{ flow(id: $id) {{ provenance {{ ...record }} }} }} {RECORD}"
COPIES = f"""query($id: ID!, $workspaceId: ID) {{ flow(id: $id) {{
  copies(workspaceId: $workspaceId) {{ totalCount nodes {{ ...record }} }}
}} }} {RECORD}"""
NODE = f"query($id: ID!) {{ node(id: $id) {{ ...record }} }} {RECORD}"
SAVE = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { id } errors { code } } }"
PUBLISH = """mutation($input: PublishFlowDraftInput!) {
  publishFlowDraft(input: $input) { version { id } errors { code message } }
}"""
REVERT = "mutation($input: RevertFlowInput!) { revertFlow(input: $input) { draft { id } errors { code } } }"
DELETE = "mutation($input: DeleteFlowInput!) { deleteFlow(input: $input) { deletedFlowId errors { code } } }"


async def done(api: Api, document: str, user: str = "ada", **wish: object) -> Json:
    payload: Json = await api.caller(user).one(document, input=wish)
    assert payload.pop("errors") == []
    return payload


async def exported(api: Api, flow: str, **where: str) -> Json:
    """Export a flow by its key or id, to or onto something by its key or id."""
    known = replace(api, ids={**api.ids, **{id_: id_ for id_ in (flow, *where.values()) if id_ not in api.ids}})
    return await done(api, EXPORTED, **export_input(known, flow, **where))


async def provenance(api: Api, flow_id: str, user: str = "ada") -> str | None:
    """The id of the record that a flow came from."""
    flow = await api.caller(user).one(PROVENANCE, id=flow_id)
    found = flow["provenance"]
    return None if found is None else str(found["id"])


async def copies(api: Api, flow_id: str, user: str = "ada", **wanted: object) -> Json:
    flow = await api.caller(user).one(COPIES, id=flow_id, **wanted)
    found: Json = flow["copies"]
    return found


def ends(record: Json) -> tuple[Any, ...]:
    named = (record[end] for end in ("sourceFlow", "sourceVersion", "destinationFlow", "destinationWorkspace"))
    return tuple(None if end is None else end["id"] for end in named)


async def test_a_payload_has_the_record_with_everything_that_became_of_the_references(fresh: Api) -> None:
    payload = await exported(fresh, "bound", to="store")
    record = payload["exportRecord"]
    there = (fresh.id("bound"), fresh.id("bound/1"), payload["flow"]["id"], fresh.id("store"))
    assert ends(record) == there
    assert (record["copiedFrom"], record["undoneAt"]) == ("PUBLISHED_VERSION", None)
    assert record["actor"] == {"email": "ada@example.com"}
    asked = EXPORT[: EXPORT.index("(input: $input)")] + "(input: $input) { references { stepId action fromId } } }"
    again: Json = await fresh.caller("ada").one(asked, input=export_input(fresh, "bound", to="store"))
    assert [{name: one[name] for name in ("stepId", "action", "fromId")} for one in record["references"]] == again[
        "references"
    ]
    assert await fresh.caller("ada").one(NODE, id=record["id"]) == record


async def test_a_copy_has_a_record_too(fresh: Api) -> None:
    payload = await done(fresh, COPIED, flowId=fresh.id("bound"))
    there = (fresh.id("bound"), fresh.id("bound/1"), payload["flow"]["id"], fresh.id("workshop"))
    assert ends(payload["exportRecord"]) == there
    assert {one["action"] for one in payload["exportRecord"]["references"]} == {"KEPT"}


async def test_a_flow_knows_the_record_that_its_present_content_came_from(fresh: Api) -> None:
    first = await exported(fresh, "plain", to="store")
    flow, record = first["flow"]["id"], first["exportRecord"]["id"]
    assert await provenance(fresh, flow) == record
    version = (await done(fresh, PUBLISH, flowId=flow))["version"]["id"]
    assert await provenance(fresh, flow) == record
    second = (await exported(fresh, "one-topic", onto=flow))["exportRecord"]["id"]
    assert await provenance(fresh, flow) == second
    # Choosing what steps are bound to is no change of the content; a new graph is one, made by hand.
    topic = {"stepId": "2", "topicId": fresh.id("store-orders")}
    await done(fresh, SAVE, flowId=flow, bindings=[topic])
    assert await provenance(fresh, flow) == second
    await done(fresh, SAVE, flowId=flow, graph={"nodes": [{"id": "1", "command": "acme/timer:tick"}], "edges": []})
    assert await provenance(fresh, flow) is None
    by_hand = (await done(fresh, PUBLISH, flowId=flow))["version"]["id"]
    assert await provenance(fresh, flow) is None
    await done(fresh, REVERT, flowId=flow, versionId=version)
    assert await provenance(fresh, flow) == record
    await done(fresh, PUBLISH, flowId=flow)
    assert await provenance(fresh, flow) == record
    await done(fresh, REVERT, flowId=flow, versionId=by_hand)
    assert await provenance(fresh, flow) is None
    await done(fresh, PUBLISH, flowId=flow)
    await done(fresh, REVERT, flowId=flow, versionId=version)
    assert await provenance(fresh, flow) == record
    await done(fresh, PUBLISH, flowId=flow)
    # A draft that is begun by hand has none, though the version has one.
    await done(fresh, SAVE, flowId=flow, name="By hand")
    assert await provenance(fresh, flow) is None
    assert await provenance(fresh, fresh.id("plain")) is None


async def test_copies_are_one_for_each_destination_flow_the_latest_that_was_not_undone(fresh: Api) -> None:
    plain = fresh.id("plain")
    first = await exported(fresh, "plain", to="store")
    other = await exported(fresh, "plain", to="kitchen")
    second = await exported(fresh, "plain", onto=first["flow"]["id"])
    await exported(fresh, "bound", to="store")
    ids = [each["exportRecord"]["id"] for each in (first, other, second)]
    found = await copies(fresh, plain)
    assert (found["totalCount"], [each["id"] for each in found["nodes"]]) == (2, [ids[2], ids[1]])
    only = await copies(fresh, plain, workspaceId=fresh.id("kitchen"))
    assert (only["totalCount"], [each["id"] for each in only["nodes"]]) == (1, [ids[1]])
    await done(fresh, UNDO, exportId=ids[2])
    assert [each["id"] for each in (await copies(fresh, plain))["nodes"]] == [ids[1], ids[0]]
    await done(fresh, UNDO, exportId=ids[1])
    assert [each["id"] for each in (await copies(fresh, plain))["nodes"]] == [ids[0]]


async def test_who_sees_only_one_end_sees_the_record_and_nothing_of_the_other_end(fresh: Api) -> None:
    """Berta works in the workshop and reads in the store; the kitchen doesn't exist for her, nor for Gil."""
    there = await exported(fresh, "bound", to="kitchen")
    back = await exported(fresh, there["flow"]["id"], onto="in-the-making")
    [record] = (await copies(fresh, fresh.id("bound"), "berta"))["nodes"]
    assert record["id"] == there["exportRecord"]["id"]
    assert ends(record) == (fresh.id("bound"), fresh.id("bound/1"), None, None)
    assert record["actor"] == {"email": "ada@example.com"}
    assert {one["fromId"] is None for one in record["references"] if one["kind"] != "DATA_SAMPLES"} == {False}
    assert {one["toId"] for one in record["references"]} == {None}
    came = (await fresh.caller("gil").one(PROVENANCE, id=fresh.id("in-the-making")))["provenance"]
    assert came["id"] == back["exportRecord"]["id"]
    assert ends(came) == (None, None, fresh.id("in-the-making"), fresh.id("store"))
    assert {one["fromId"] for one in came["references"]} <= {None}
    for who, id_ in (("olga", record["id"]), ("carl", record["id"]), ("gil", "export_01jgfjjz00f0ban5yz2jahf60g")):
        assert await fresh.caller(who).one(NODE, id=id_) is None


@pytest.mark.parametrize("workspace", ["kitchen", "harbour", "workspace_01jgfjjz00f0ban5yz2jahf60g", "no id", "\0"])
async def test_copies_into_a_workspace_that_is_not_seen_are_like_those_into_one_that_does_not_exist(
    fresh: Api, workspace: str
) -> None:
    await exported(fresh, "plain", to="kitchen")
    wanted = fresh.ids.get(workspace, workspace)
    body = await fresh.caller("berta").answer(COPIES, id=fresh.id("plain"), workspaceId=wanted)
    assert body == {"data": {"flow": {"copies": {"totalCount": 0, "nodes": []}}}}


async def test_a_record_outlives_both_flows(fresh: Api) -> None:
    first = await done(fresh, COPIED, flowId=fresh.id("plain"))
    second = await exported(fresh, first["flow"]["id"], to="store")
    for gone in (first, second):
        await done(fresh, DELETE, flowId=gone["flow"]["id"])
    record = await fresh.caller("ada").one(NODE, id=second["exportRecord"]["id"])
    assert ends(record) == (None, None, None, fresh.id("store"))
    assert record["references"] == second["exportRecord"]["references"]


async def test_what_was_made_is_readable_when_the_account_that_made_it_is_gone(fresh: Api) -> None:
    """H7, P6."""
    outcome = await done(fresh, COPIED, "berta", flowId=fresh.id("plain"))
    flow = outcome["flow"]["id"]
    await done(fresh, PUBLISH, "berta", flowId=flow)
    over = {"overrideFlowId": flow}
    record = (await done(fresh, EXPORTED, "berta", flowId=fresh.id("plain"), destination=over))["exportRecord"]
    asked = f"""query($id: ID!) {{ flow(id: $id) {{
      createdBy {{ id }} draft {{ author {{ id }} }} provenance {{ ...record }} history {{ nodes {{ ...version }} }}
    }} flowHistory(flowId: $id) {{ nodes {{ ...version }} }} }}
    fragment version on FlowVersion {{ number origin publishedBy {{ id }} }} {RECORD}"""
    before = await fresh.caller("ada").ask(asked, id=flow)
    await run_sql(fresh.database_url, "delete from user_account where id = :id", id=fresh.id("berta"))
    after = await fresh.caller("ada").ask(asked, id=flow)
    berta = {"id": fresh.id("berta")}
    history = [{"number": 1, "origin": "COPY", "publishedBy": berta}]
    assert before == {
        "flow": {
            "createdBy": berta,
            "draft": {"author": berta},
            "provenance": record,
            "history": {"nodes": history},
        },
        "flowHistory": {"nodes": history},
    }
    gone = [{**history[0], "publishedBy": None}]
    assert after == {
        "flow": {
            "createdBy": None,
            "draft": {"author": None},
            "provenance": {**record, "actor": None},
            "history": {"nodes": gone},
        },
        "flowHistory": {"nodes": gone},
    }


async def test_an_undo_answers_with_what_was_there(fresh: Api) -> None:
    outcome = await exported(fresh, "plain", onto="live")
    payload = await done(fresh, UNDO, exportId=outcome["exportRecord"]["id"])
    aside = outcome["setAside"]["id"]
    assert payload["flow"] == {"id": fresh.id("live"), "draft": {"id": aside}}
    assert payload["restoredDraft"] == {"id": aside, "revision": outcome["draft"]["revision"] + 1, "setAsideAt": None}
    assert payload["deletedFlowId"] is None
    assert payload["exportRecord"]["undoneAt"] is not None
    assert ends(payload["exportRecord"]) == ends(outcome["exportRecord"])
    new = await exported(fresh, "plain", to="store")
    payload = await done(fresh, UNDO, exportId=new["exportRecord"]["id"])
    assert (payload["flow"], payload["restoredDraft"]) == (None, None)
    assert payload["deletedFlowId"] == new["flow"]["id"]
    assert ends(payload["exportRecord"]) == (fresh.id("plain"), fresh.id("plain/1"), None, fresh.id("store"))


async def test_an_undo_that_is_refused_says_why(fresh: Api) -> None:
    outcome = await exported(fresh, "plain", onto="live")
    record = outcome["exportRecord"]["id"]
    await done(fresh, SAVE, flowId=fresh.id("live"), name="Another name")
    expected = {
        "ada": {"__typename": "CannotUndo", "code": "CANNOT_UNDO", "path": ["exportId"], "since": "EDITED"},
        "olga": {"__typename": "ExportNotFound", "code": "EXPORT_NOT_FOUND", "path": ["exportId"], "exportId": record},
    }
    for who, error in expected.items():
        payload = await fresh.caller(who).one(UNDO, input={"exportId": record})
        assert payload["errors"] == [error]
        assert {value for name, value in payload.items() if name != "errors"} == {None}


async def test_the_record_is_read_only_where_it_is_asked_for(fresh: Api) -> None:
    ada, wish = fresh.caller("ada"), {"flowId": fresh.id("plain")}
    start = COPY[: COPY.index("(input: $input)")] + "(input: $input) "
    without = await ada.statements(f"{start}{{ flow {{ id }} }} }}", input=wish)
    with_it = await ada.statements(f"{start}{{ flow {{ id }} exportRecord {{ id }} }} }}", input=wish)
    assert with_it == without + 1
