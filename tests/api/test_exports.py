"""What exportFlow writes and answers when it goes through."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api import answers
from tests.api.client import Api, Json
from tests.api.documents import CREATE, EXPORT, NODE, OVERRIDE_CANDIDATES
from tests.api.writing import export, export_input
from tests.databases import Databases, Loaded, run_sql

INHERITED = {"name": "Bound", "description": "All that binds", "cron": "0 * * * *"}
SAVE = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { contentHash } errors { code } } }"
PUBLISH = """mutation($input: PublishFlowDraftInput!) {
  publishFlowDraft(input: $input) { version { origin } errors { code } }
}"""
TYPES = {"CREDENTIAL": "Credential", "SECRET": "Secret", "AGENT": "Agent", "TOPIC": "Topic"}


def outcome(api: Api, step: str, became: str, source: str | None = None, result: str | None = None) -> Json:
    """What became of a reference, its kind and the action: from a thing to another, by their keys."""
    kind, action = became.split()

    def thing(key: str | None) -> Json | None:
        return None if key is None else {"__typename": TYPES[kind], "id": api.id(key)}

    return {
        "stepId": step,
        "kind": kind,
        "action": action,
        "fromId": None if source is None else api.id(source),
        "toId": None if result is None else api.id(result),
        "from": thing(source),
        "to": thing(result),
    }


def new_flow(api: Api, flow: Json, draft: Json) -> Json:
    return {
        "__typename": "Flow",
        "id": flow["id"],
        **INHERITED,
        "type": "REAL_TIME",
        "status": "INACTIVE",
        "workspace": {"id": api.id("store")},
        "createdBy": {"id": api.id("ada")},
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
        "draft": {"id": draft["id"]},
        "publishedVersion": None,
    }


async def native_of(api: Api, key: str) -> Json:
    graph: Json = (await api.caller("ada").one(NODE, id=api.id(key)))["graph"]["native"]
    return graph


async def test_a_new_flow_is_made_as_a_draft_and_every_cleared_reference_is_told(fresh: Api) -> None:
    source = await fresh.caller("ada").one(NODE, id=fresh.id("bound/1"))
    answer = await export(fresh, "bound", to="store")
    flow, draft = answer.pop("flow"), answer.pop("draft")
    assert answer.pop("references") == [
        outcome(fresh, "2", "SECRET CLEARED", "workshop-erp"),
        outcome(fresh, "2", "AGENT CLEARED", "workshop-agent"),
        outcome(fresh, "2", "DATA_SAMPLES CLEARED"),
        outcome(fresh, "3", "CREDENTIAL CLEARED", "workshop-mail"),
        outcome(fresh, "4", "TOPIC CLEARED", "workshop-orders"),
    ]
    without_agent = answers.agent_not_copied(fresh, "workshop-agent", "store", "2")
    assert answer == {"setAside": None, "copiedFrom": "PUBLISHED_VERSION", "warnings": [without_agent]}
    assert flow == new_flow(fresh, flow, draft)
    [timer, erp, mailer, pubsub] = deepcopy(source["graph"]["native"]["nodes"])
    for key in ("secret_id", "vpn_agent_id", "selected_data_samples"):
        del erp[key]
    del mailer["credentials_id"], pubsub["fields"]["topic"]
    assert draft == {
        "__typename": "FlowDraft",
        "id": draft["id"],
        "flow": {"id": flow["id"]},
        **INHERITED,
        "graph": {"native": {**source["graph"]["native"], "nodes": [timer, erp, mailer, pubsub]}},
        "contentHash": source["contentHash"],
        "revision": 1,
        "author": {"id": fresh.id("ada")},
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
        "setAsideAt": None,
    }
    assert await fresh.caller("ada").one(NODE, id=flow["id"]) == flow
    assert await fresh.caller("ada").one(NODE, id=draft["id"]) == draft
    assert await fresh.caller("ada").one(NODE, id=fresh.id("bound/1")) == source


async def test_inside_its_workspace_a_flow_keeps_everything(fresh: Api) -> None:
    answer = await export(fresh, "bound", to="workshop", name="  Bound again ")
    assert answer["flow"]["name"] == "Bound again"
    assert answer["draft"]["graph"]["native"] == await native_of(fresh, "bound/1")
    assert answer["references"] == [
        outcome(fresh, "2", "SECRET KEPT", "workshop-erp", "workshop-erp"),
        outcome(fresh, "2", "AGENT KEPT", "workshop-agent", "workshop-agent"),
        outcome(fresh, "2", "DATA_SAMPLES KEPT"),
        outcome(fresh, "3", "CREDENTIAL KEPT", "workshop-mail", "workshop-mail"),
        outcome(fresh, "4", "TOPIC KEPT", "workshop-orders", "workshop-orders"),
    ]


async def test_an_override_takes_what_the_overridden_flow_had_chosen(fresh: Api) -> None:
    answer = await export(fresh, "bound", onto="bound-live")
    assert answer["flow"]["id"] == fresh.id("bound-live")
    assert answer["references"] == [
        outcome(fresh, "2", "SECRET REPLACED", "workshop-erp", "store-erp"),
        outcome(fresh, "2", "AGENT REPLACED", "workshop-agent", "store-agent"),
        outcome(fresh, "2", "DATA_SAMPLES CLEARED"),
        outcome(fresh, "3", "CREDENTIAL REPLACED", "workshop-mail", "store-mail"),
        outcome(fresh, "4", "TOPIC REPLACED", "workshop-orders", "store-orders"),
    ]
    assert answer["warnings"] == []


async def test_an_override_changes_nothing_but_the_draft_and_sets_the_present_one_aside(fresh: Api) -> None:
    ada = fresh.caller("ada")
    before = await ada.one(NODE, id=fresh.id("live"))
    first = await export(fresh, "versions", onto="live", name="Renamed")
    second = await export(fresh, "bound", onto="live")
    changed = {"updatedAt": second["flow"]["updatedAt"], "draft": {"id": second["draft"]["id"]}}
    assert second["flow"] == before | changed
    assert (first["draft"]["name"], second["draft"]["name"]) == ("Renamed", "Plain")
    assert (second["draft"]["description"], second["draft"]["cron"]) == ("All that binds", "0 * * * *")
    assert [first["setAside"]["id"], second["setAside"]["id"]] == [fresh.id("live/draft"), first["draft"]["id"]]
    assert [first["draft"]["revision"], second["draft"]["revision"]] == [2, 3]
    aside = await ada.one(NODE, id=fresh.id("live/draft"))
    assert aside == first["setAside"]
    assert aside["setAsideAt"] == first["draft"]["createdAt"]
    assert aside["graph"]["native"] == {"nodes": [], "edges": []}


async def test_a_draft_that_was_set_aside_tells_when_it_is_removed(databases: Databases, loaded_trade: Loaded) -> None:
    """H8"""
    document = """query($id: ID!) { flow(id: $id) {
      draft { setAsideAt expiresAt } draftsSetAside { nodes { setAsideAt expiresAt } }
    } }"""
    async with databases.serving(loaded_trade, set_aside_days=7) as served:
        await export(served, "bound", onto="live")
        flow = await served.caller("ada").one(document, id=served.id("live"))
    assert flow["draft"] == {"setAsideAt": None, "expiresAt": None}
    [aside] = flow["draftsSetAside"]["nodes"]
    at, until = (datetime.fromisoformat(aside[key]) for key in ("setAsideAt", "expiresAt"))
    assert until - at == timedelta(days=7)


async def test_a_flow_that_was_never_published_shows_the_draft_that_overrides_it(fresh: Api) -> None:
    answer = await export(fresh, "bound", onto="in-the-making", name="Nearly made")
    shown = {key: answer["flow"][key] for key in ("name", "description", "cron", "type", "status")}
    assert shown == {
        "name": "Nearly made",
        "description": "All that binds",
        "cron": "0 * * * *",
        "type": "ORDINARY",
        "status": "INACTIVE",
    }


@pytest.mark.parametrize(
    ("flow", "source", "note", "copied_from"),
    [
        ("versions", None, "now", "PUBLISHED_VERSION"),
        ("versions", {"state": "PUBLISHED_VERSION"}, "now", "PUBLISHED_VERSION"),
        ("versions", {"versionId": "versions/2"}, "now", "PUBLISHED_VERSION"),
        ("versions", {"versionId": "versions/1"}, "old", "OLDER_VERSION"),
        ("versions", {"state": "DRAFT"}, "next", "DRAFT"),
        ("only-draft", None, None, "DRAFT"),
    ],
)
async def test_the_state_that_is_exported_is_the_one_asked_for_or_the_published_one(
    fresh: Api, flow: str, source: Json | None, note: str | None, copied_from: str
) -> None:
    named = {"versionId": fresh.id(source["versionId"])} if source and "versionId" in source else source
    answer = await export(fresh, flow, to="store", source=named)
    assert (answer["draft"]["graph"]["native"].get("note"), answer["copiedFrom"]) == (note, copied_from)


async def test_one_topic_is_replaced_by_the_one_that_is_given(fresh: Api) -> None:
    answer = await export(fresh, "one-topic", to="store", topicId=fresh.id("store-orders"))
    assert answer["references"] == [outcome(fresh, "2", "TOPIC REPLACED", "workshop-orders", "store-orders")]
    assert answer["warnings"] == []
    assert answer["draft"]["graph"]["native"]["nodes"][1]["fields"] == {"topic": fresh.id("store-orders")}


async def test_a_topic_whose_schema_does_not_fit_is_taken_with_a_warning(fresh: Api) -> None:
    answer = await export(fresh, "one-topic", to="store", topicId=fresh.id("store-strict"))
    old, new = ("workshop-orders", "Orders"), ("store-strict", "Orders, strict")
    assert answer["warnings"] == [answers.topic_schema_mismatch(fresh, old, new, "currency")]
    assert answer["references"] == [outcome(fresh, "2", "TOPIC REPLACED", old[0], new[0])]


async def test_a_topic_is_given_to_pub_sub_steps_that_had_none(fresh: Api) -> None:
    answer = await export(fresh, "no-topic-yet", to="store", topicId=fresh.id("store-orders"))
    assert answer["references"] == [outcome(fresh, "2", "TOPIC REPLACED", None, "store-orders")]
    assert (await export(fresh, "no-topic-yet", to="store"))["references"] == []


async def test_several_topics_are_cleared_with_a_warning_elsewhere_and_stay_inside(fresh: Api) -> None:
    abroad = await export(fresh, "two-topics", to="store")
    assert abroad["references"] == [
        outcome(fresh, "a", "TOPIC CLEARED", "workshop-orders"),
        outcome(fresh, "b", "TOPIC CLEARED", "workshop-items"),
    ]
    assert abroad["warnings"] == [
        answers.topics_were_not_copied(fresh, workshop_orders="Orders", workshop_items="Items")
    ]
    inside = await export(fresh, "two-topics", to="workshop")
    assert [each["action"] for each in inside["references"]] == ["KEPT", "KEPT"]
    assert inside["warnings"] == []


async def test_a_flow_of_a_suspended_contract_is_exported_from_there(fresh: Api) -> None:
    assert (await export(fresh, "flour", to="store"))["flow"]["workspace"] == {"id": fresh.id("store")}


async def test_an_override_needs_no_place_in_the_quota(fresh: Api) -> None:
    assert (await export(fresh, "plain", onto="bread"))["flow"]["id"] == fresh.id("bread")


async def test_a_role_of_the_tenants_own_counts_by_its_permissions(fresh: Api) -> None:
    assert (await export(fresh, "plain", to="shop"))["flow"]["workspace"] == {"id": fresh.id("shop")}


async def test_what_was_exported_is_the_first_candidate_for_the_next_release(fresh: Api) -> None:
    made = (await export(fresh, "one-topic", to="store", name="Zebra"))["flow"]["id"]
    wanted: dict[str, Any] = {"flowId": fresh.id("one-topic"), "workspaceId": fresh.id("store")}
    found = await fresh.caller("ada").one(OVERRIDE_CANDIDATES, **wanted)
    assert [(edge["node"]["name"], edge["matchReason"]) for edge in found["edges"]] == [
        ("Zebra", "COPIED_FROM_THIS_FLOW"),
        ("Bound-live", "OTHER"),
        ("In-the-making", "OTHER"),
        ("Plain", "OTHER"),
        ("Store-plain", "OTHER"),
    ]
    assert found["edges"][0]["node"]["id"] == made


async def test_things_that_the_viewer_can_not_see_or_that_are_gone_are_null_in_the_report(fresh: Api) -> None:
    ids = {key: fresh.id(key) for key in ("depot", "workshop-mail", "workshop-agent")}
    await run_sql(fresh.database_url, "update credential set workspace_id = :depot where id = :mail", **_sql(ids))
    await run_sql(fresh.database_url, "delete from agent where id = :agent", **_sql(ids))
    [_, agent, _, credential, _] = (await export(fresh, "bound", to="workshop"))["references"]
    cleared = {"action": "CLEARED", "from": None, "to": None, "toId": None}
    assert agent == {"stepId": "2", "kind": "AGENT", "fromId": ids["workshop-agent"], **cleared}
    assert credential == {"stepId": "3", "kind": "CREDENTIAL", "fromId": ids["workshop-mail"], **cleared}


def _sql(ids: Json) -> Json:
    return {"depot": ids["depot"], "mail": ids["workshop-mail"], "agent": ids["workshop-agent"]}


async def test_several_exports_in_one_document_are_each_answered_for_themselves(fresh: Api) -> None:
    wish, bad = export_input(fresh, "plain", to="store"), export_input(fresh, "plain", onto="plain")
    payload = EXPORT[EXPORT.index("{\n    flow") : EXPORT.index("}\n}") + 1]
    fragments = EXPORT[EXPORT.index("fragment flow") :]
    fields = f"first: exportFlow(input: $wish) {payload} second: exportFlow(input: $bad) {payload}"
    again = f"third: exportFlow(input: $wish) {payload}"
    document = f"mutation($wish: ExportFlowInput!, $bad: ExportFlowInput!) {{ {fields} {again} }} {fragments}"
    data = await fresh.caller("ada").ask(document, wish=wish, bad=bad)
    assert data["second"]["errors"] == [answers.cannot_override_itself("plain")]
    assert data["first"]["errors"] == data["third"]["errors"] == []
    assert data["first"]["flow"]["id"] < data["third"]["flow"]["id"]


@pytest.mark.parametrize("fields", [{}, {"fields": None}, {"fields": {"channel": 7}}])
async def test_an_exported_graph_that_is_sent_back_unchanged_is_published_as_an_export(
    fresh: Api, fields: Json
) -> None:
    """H7: also where its pub/sub step had no topic before."""
    ada = fresh.caller("ada")
    native: Json = {"nodes": [{"id": "1", "command": "acme/queue:pub", **fields}], "edges": []}
    wish = {"workspaceId": fresh.id("workshop"), "name": "Made", "graph": native}
    source = (await ada.one(CREATE, input=wish))["flow"]["id"]
    there = {"workspaceId": fresh.id("store")}
    wish = {"flowId": source, "destination": there, "topicId": fresh.id("store-orders")}
    exported = await ada.one(EXPORT, input=wish)
    flow, draft = exported["flow"]["id"], exported["draft"]
    sent = draft["graph"]["native"]
    assert sent["nodes"][0]["fields"] == {"channel": fresh.id("store-orders")}
    saved = await ada.one(SAVE, input={"flowId": flow, "graph": sent})
    assert (saved["draft"]["contentHash"], saved["errors"]) == (draft["contentHash"], [])
    published = await ada.one(PUBLISH, input={"flowId": flow})
    assert (published["version"], published["errors"]) == ({"origin": "EXPORT"}, [])
