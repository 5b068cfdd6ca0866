"""A replay answers with what its caller may see now, by the same masking as the record (P5, P6)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.api.client import Api, Json
from tests.api.documents import REFERENCES, WARNINGS
from tests.api.writing import export_input
from tests.databases import contents, run_sql

EXPORTED = """flow { id name } draft { id revision } copiedFrom exportRecord { id } references { ...references }
  replayed errors { code }"""
EXPORT = f"""mutation($input: ExportFlowInput!) {{
  exportFlow(input: $input) {{ {EXPORTED} setAside {{ id }} warnings {{ ...warnings }} }}
}} {REFERENCES} {WARNINGS}"""
EXPORTS = f"""mutation($input: ExportFlowsInput!) {{ exportFlows(input: $input) {{
  results {{ {EXPORTED} setAside {{ id }} warnings {{ ...warnings }} }} succeeded refused replayed errors {{ code }}
}} }} {REFERENCES} {WARNINGS}"""
COPY = f"mutation($input: CopyFlowInput!) {{ copyFlow(input: $input) {{ {EXPORTED} }} }} {REFERENCES}"
CREATE = """mutation($input: CreateFlowInput!) {
  createFlow(input: $input) { flow { id } draft { id } replayed errors { code } }
}"""
PUBLISH = """mutation($input: PublishFlowDraftInput!) {
  publishFlowDraft(input: $input) { flow { id } version { id number } replayed errors { code } }
}"""
REVERT = f"""mutation($input: RevertFlowInput!) {{
  revertFlow(input: $input) {{
    flow {{ id }} draft {{ id }} version {{ id }} setAside {{ id }} references {{ ...references }} replayed errors {{ code }}
  }}
}} {REFERENCES}"""
RECORD = f"""query($id: ID!) {{
  node(id: $id) {{ ... on FlowExport {{ references {{ ...references }} }} }}
}} {REFERENCES}"""
DELETE = "mutation($input: DeleteFlowInput!) { deleteFlow(input: $input) { errors { code } } }"
LEAVE = "delete from workspace_access where user_id = :user and workspace_id = :place"
GUEST = """update workspace_access set role_id = (select id from role where name = 'guest' and scope = 'WORKSPACE'
  and tenant_id is null) where user_id = :user and workspace_id = :place"""
HIDDEN: Json = {"flow": None, "draft": None, "copiedFrom": None, "exportRecord": None, "references": []}
DONE = {"replayed": True, "errors": []}


def strict_export(api: Api) -> Json:
    """With a topic that misses a property, and an agent that isn't copied."""
    return export_input(api, "bound", to="store", topicId=api.id("store-strict"))


def calls(api: Api) -> Mapping[str, tuple[str, Json]]:
    graph = {"nodes": [{"id": "1", "command": "acme/timer:tick"}], "edges": []}
    reverted = {"flowId": api.id("versions"), "versionId": api.id("versions/1")}
    items = [strict_export(api), export_input(api, "plain", onto="bread"), export_input(api, "bound", to="workshop")]
    return {
        "copyFlow": (COPY, {"flowId": api.id("bound")}),
        "exportFlow": (EXPORT, strict_export(api)),
        "exportFlows": (EXPORTS, {"items": items}),
        "createFlow": (CREATE, {"workspaceId": api.id("workshop"), "name": "Made", "graph": graph}),
        "publishFlowDraft": (PUBLISH, {"flowId": api.id("versions")}),
        "revertFlow": (REVERT, reverted),
        "revertFlow and publish": (REVERT, {**reverted, "publish": True}),
    }


async def called(api: Api, call: str) -> Json:
    document, wish = calls(api)[call]
    payload: Json = await api.caller("ada").one(document, input={**wish, "idempotencyKey": "key"})
    assert payload["errors"] == []
    return payload


async def leave(api: Api, *workspaces: str) -> None:
    for place in workspaces:
        await run_sql(api.database_url, LEAVE, user=api.id("ada"), place=api.id(place))


async def repeated(api: Api, call: str) -> Json:
    """The answer of the same call, which leaves the database as it is."""
    before = await contents(api.database_url)
    payload = await called(api, call)
    assert await contents(api.database_url) == before
    assert payload["replayed"]
    return payload


def ids_in(value: Any) -> Iterator[str]:
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from ids_in(each)
    if isinstance(value, dict):
        yield from (value[name] for name in ("id", "fromId", "toId") if value.get(name))


@pytest.mark.parametrize(
    "call", ["copyFlow", "exportFlow", "exportFlows", "createFlow", "publishFlowDraft", "revertFlow"]
)
async def test_while_nothing_has_changed_a_replay_is_the_first_answer(fresh: Api, call: str) -> None:
    first = await called(fresh, call)
    told = {name: value for name, value in first.items() if name not in {"results", "replayed"}}
    again = await repeated(fresh, call)
    assert {name: value for name, value in again.items() if name not in {"results", "replayed"}} == told
    assert (
        again.get("results") == [{**result, "replayed": True} for result in first["results"]]
        if "results" in first
        else True
    )


@pytest.mark.parametrize("call", ["exportFlow", "exportFlows"])
@pytest.mark.parametrize(
    ("gone", "end", "message"),
    [
        ("store-strict", "to", "With another topic instead of the source's Orders, 1 property is missing: currency. "),
        (
            "workshop-orders",
            "from",
            "With the destination's topic Orders, strict instead of the source's, 1 property is missing",
        ),
    ],
)
async def test_a_topic_of_a_warning_that_is_gone_is_null_and_nothing_fails(
    fresh: Api, call: str, gone: str, end: str, message: str
) -> None:
    first = await called(fresh, call)
    await run_sql(fresh.database_url, "delete from topic where id = :topic", topic=fresh.id(gone))
    again = await repeated(fresh, call)
    before, now = (payload["results"][0] if call == "exportFlows" else payload for payload in (first, again))
    [mismatch, agent] = now["warnings"]
    assert mismatch == {**before["warnings"][0], end: None, "message": mismatch["message"]}
    assert mismatch["message"].startswith(message)
    assert (agent, now["flow"], now["copiedFrom"]) == (before["warnings"][1], before["flow"], before["copiedFrom"])


@pytest.mark.parametrize("gone", ["credential", "secret", "agent"])
async def test_what_became_of_references_is_told_as_the_record_tells_it_though_they_are_gone(
    fresh: Api, gone: str
) -> None:
    first = await called(fresh, "exportFlow")
    await run_sql(fresh.database_url, f"delete from {gone}")  # noqa: S608 - a table of ours
    again = await repeated(fresh, "exportFlow")
    record = await fresh.caller("ada").one(RECORD, id=first["exportRecord"]["id"])
    assert again["references"] == record["references"]
    [told] = [one for one in again["references"] if one["kind"] == gone.upper()]
    [before] = [one for one in first["references"] if one["kind"] == gone.upper()]
    assert (told, before["from"] is None) == ({**before, "from": None}, False)


async def test_a_draft_that_was_published_since_is_null_and_its_flow_is_told(fresh: Api) -> None:
    wish = {**export_input(fresh, "plain", to="store"), "idempotencyKey": "key"}
    first = await fresh.caller("ada").one(EXPORT, input=wish)
    published = await fresh.caller("ada").one(PUBLISH, input={"flowId": first["flow"]["id"]})
    assert published["errors"] == []
    again = await fresh.caller("ada").one(EXPORT, input=wish)
    assert again == {**first, "replayed": True, "draft": None}


@pytest.mark.parametrize("call", ["exportFlow", "exportFlows"])
async def test_who_has_left_the_destination_is_told_nothing_of_it(fresh: Api, call: str) -> None:
    first = await called(fresh, call)
    outcome = first["results"][0] if call == "exportFlows" else first
    assert outcome["warnings"][1]["message"].endswith(
        "runs on the agent Workshop-agent, which Store can't use. Choose an agent in the draft, or nothing takes its place."
    )
    await leave(fresh, "store")
    again = await repeated(fresh, call)
    seen = again["results"][0] if call == "exportFlows" else again
    assert (seen["flow"], seen["draft"], seen["exportRecord"]) == (None, None, outcome["exportRecord"])
    assert [one["fromId"] for one in seen["references"]] == [one["fromId"] for one in outcome["references"]]
    assert {one["toId"] for one in seen["references"]} == {None}
    [mismatch, agent] = seen["warnings"]
    assert (mismatch["from"], mismatch["to"]) == (outcome["warnings"][0]["from"], None)
    assert ("strict" in mismatch["message"], "Store" in agent["message"]) == (False, False)
    hidden = {fresh.id(key) for key in ("store-strict", "store", "store-agent")} | {
        outcome["flow"]["id"],
        outcome["draft"]["id"],
    }
    assert [one for one in hidden if one in json.dumps(seen)] == []


@pytest.mark.parametrize("call", ["exportFlow", "exportFlows"])
async def test_who_has_left_the_source_is_told_nothing_of_it(fresh: Api, call: str) -> None:
    first = await called(fresh, call)
    outcome = first["results"][0] if call == "exportFlows" else first
    await leave(fresh, "workshop")
    again = await repeated(fresh, call)
    seen = again["results"][0] if call == "exportFlows" else again
    assert (seen["flow"], seen["draft"], seen["exportRecord"]) == (
        outcome["flow"],
        outcome["draft"],
        outcome["exportRecord"],
    )
    assert {one["fromId"] for one in seen["references"]} == {None}
    assert [one["toId"] for one in seen["references"]] == [one["toId"] for one in outcome["references"]]
    mismatch = seen["warnings"][0]
    assert (mismatch["from"], mismatch["to"]) == (None, outcome["warnings"][0]["to"])
    assert [one for one in fresh.ids if one.startswith("workshop-") and fresh.id(one) in json.dumps(seen)] == []


@pytest.mark.parametrize("call", ["copyFlow", "exportFlow"])
async def test_who_has_left_both_ends_is_told_nothing_at_all(fresh: Api, call: str) -> None:
    await called(fresh, call)
    await leave(fresh, "workshop", "store")
    again = await repeated(fresh, call)
    assert again == {**HIDDEN, **DONE} | ({"setAside": None, "warnings": []} if call == "exportFlow" else {})


async def test_of_a_call_of_many_each_result_is_told_as_its_record_is(fresh: Api) -> None:
    first = await called(fresh, "exportFlows")
    await leave(fresh, "workshop", "store")
    again = await repeated(fresh, "exportFlows")
    nothing = {**HIDDEN, **DONE, "setAside": None, "warnings": []}
    onto_bread = first["results"][1]
    assert again["results"] == [nothing, {**onto_bread, "replayed": True}, nothing]
    assert (again["succeeded"], again["refused"], again["replayed"]) == (3, 0, True)


@pytest.mark.parametrize("call", ["copyFlow", "exportFlow"])
async def test_a_flow_that_is_gone_is_null_and_the_record_tells_the_rest(fresh: Api, call: str) -> None:
    first = await called(fresh, call)
    await fresh.caller("ada").one(DELETE, input={"flowId": first["flow"]["id"]})
    again = await repeated(fresh, call)
    assert again == {**first, "replayed": True, "flow": None, "draft": None}


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ("createFlow", {"draft": None}),
        ("publishFlowDraft", {"version": None}),
        ("revertFlow", {"draft": None, "version": None, "setAside": None, "references": []}),
        ("revertFlow and publish", {"draft": None, "version": None, "setAside": None, "references": []}),
    ],
)
@pytest.mark.parametrize("how", ["deleted", "left"])
async def test_what_was_created_published_or_reverted_is_null_where_it_is_gone_or_out_of_sight(
    fresh: Api, call: str, outcome: Json, how: str
) -> None:
    first = await called(fresh, call)
    if how == "left":
        await leave(fresh, "workshop")
    else:
        await run_sql(
            fresh.database_url, "update flow set status = 'INACTIVE' where id = :flow", flow=first["flow"]["id"]
        )
        await fresh.caller("ada").one(DELETE, input={"flowId": first["flow"]["id"]})
    assert await repeated(fresh, call) == {"flow": None, **outcome, **DONE}


@pytest.mark.parametrize("goes", ["guest", "leaves"])
async def test_of_a_best_effort_what_was_done_is_replayed_masked_and_the_rest_is_tried_again(
    fresh: Api, goes: str
) -> None:
    items = [strict_export(fresh), export_input(fresh, "plain", to="kitchen"), export_input(fresh, "plain", to="depot")]
    wish = {"items": items, "mode": "BEST_EFFORT", "idempotencyKey": "key"}
    first = await fresh.caller("ada").one(EXPORTS, input=wish)
    assert (first["succeeded"], first["refused"]) == (2, 1)
    statement = GUEST if goes == "guest" else LEAVE
    await run_sql(fresh.database_url, statement, user=fresh.id("ada"), place=fresh.id("store"))
    before = await contents(fresh.database_url)
    again = await fresh.caller("ada").one(EXPORTS, input=wish)
    assert await contents(fresh.database_url) == before
    done, into_kitchen, refused = again["results"]
    assert (again["succeeded"], again["refused"], again["replayed"]) == (2, 1, True)
    assert into_kitchen == {**first["results"][1], "replayed": True}
    assert refused == first["results"][2]
    assert done["flow"] == (first["results"][0]["flow"] if goes == "guest" else None)
    assert {one["toId"] is None for one in done["references"] if one["kind"] == "TOPIC"} == {goes != "guest"}


async def test_a_replay_of_what_is_undone_or_whose_record_is_gone_answers_too(fresh: Api) -> None:
    first = await called(fresh, "exportFlow")
    await run_sql(fresh.database_url, "delete from flow where id = :flow", flow=first["flow"]["id"])
    await run_sql(fresh.database_url, "delete from flow_export where id = :id", id=first["exportRecord"]["id"])
    assert await repeated(fresh, "exportFlow") == {**HIDDEN, **DONE, "setAside": None, "warnings": []}
