"""What the platform removes: whatever named it stays, and shows null in its place (W7)."""

import pytest

from tests.api.client import Api, Json
from tests.api.documents import COPY, EXPORT
from tests.api.test_records import COPIES, EXPORTED, done
from tests.api.world_builder import graph, step
from tests.api.writing import create, export_input, written
from tests.databases import run_sql

STEPS = "steps { stepId credential { id } secret { id } agent { id } topic { id } } native"
FLOW = f"""query($id: ID!) {{ flow(id: $id) {{
  status draft {{ contentHash graph {{ {STEPS} }} readiness {{ ready blockers {{ stepId }} }} }}
  publishedVersion {{ contentHash graph {{ {STEPS} }} }}
}} }}"""
NOTHING = {"credential": None, "secret": None, "agent": None, "topic": None}
REMOVED = {"topic": "store-orders", "credential": "store-mail", "secret": "store-erp", "agent": "store-agent"}


async def remove(api: Api, **rows: str) -> None:
    for table, key in rows.items():
        await run_sql(api.database_url, f"delete from {table} where id = :id", id=api.ids.get(key, key))  # noqa: S608


async def bound_draft(api: Api) -> Json:
    """A flow of the store whose draft is bound as its published `bound-live` is."""
    bound = graph(
        step("2", "acme/erp:lookup@1a2b", secret=api.id("store-erp"), agent=api.id("store-agent")),
        step("3", "acme/mailer:send", credential=api.id("store-mail")),
        step("4", "acme/pubsub:pub@latest", topic=api.id("store-orders")),
    )
    return await create(api, "store", bound)


async def test_a_running_flow_keeps_running_and_its_removed_references_are_null(fresh: Api) -> None:
    gil, live = fresh.caller("gil"), fresh.id("bound-live")
    before = await gil.one(FLOW, id=live)
    await remove(fresh, **REMOVED)
    after = await gil.one(FLOW, id=live)
    assert after["status"] == "ACTIVE"
    assert after["publishedVersion"]["contentHash"] == before["publishedVersion"]["contentHash"]
    graph_before, graph_after = before["publishedVersion"]["graph"], after["publishedVersion"]["graph"]
    assert graph_after["native"] == graph_before["native"]
    assert graph_after["steps"] == [{"stepId": each["stepId"], **NOTHING} for each in graph_before["steps"]]


async def test_a_draft_is_not_ready_once_what_it_needs_is_removed(fresh: Api) -> None:
    made = (await bound_draft(fresh))["flow"]["id"]
    before = (await fresh.caller("ada").one(FLOW, id=made))["draft"]
    assert before["readiness"] == {"ready": True, "blockers": []}
    await remove(fresh, **REMOVED)
    after = (await fresh.caller("ada").one(FLOW, id=made))["draft"]
    assert after["readiness"] == {"ready": False, "blockers": [{"stepId": each} for each in ("2", "3", "4")]}
    assert (after["contentHash"], after["graph"]["native"]) == (before["contentHash"], before["graph"]["native"])


OUTCOMES = [
    {"stepId": "2", "kind": "SECRET", "action": "CLEARED"},
    {"stepId": "2", "kind": "AGENT", "action": "CLEARED"},
    {"stepId": "3", "kind": "CREDENTIAL", "action": "CLEARED"},
    {"stepId": "4", "kind": "TOPIC", "action": "CLEARED"},
]


@pytest.mark.parametrize("mutation", ["copyFlow", "exportFlow inside", "exportFlow across"])
async def test_a_copy_or_export_clears_and_reports_what_is_removed(fresh: Api, mutation: str) -> None:
    live, ada = fresh.id("bound-live"), fresh.caller("ada")
    await remove(fresh, **REMOVED)
    to = "workshop" if mutation == "exportFlow across" else "store"
    document, wish = EXPORT, export_input(fresh, "bound-live", to=to)
    if mutation == "copyFlow":
        document, wish = COPY, {"flowId": live}
    payload = await written(ada, document, wish)
    outcomes = [{name: each[name] for name in ("stepId", "kind", "action")} for each in payload["references"]]
    assert outcomes == OUTCOMES
    assert {each["from"] for each in payload["references"]} == {None}
    copied = (await ada.one(FLOW, id=payload["flow"]["id"]))["draft"]["graph"]
    assert [each for each in copied["steps"] if each != {"stepId": each["stepId"], **NOTHING}] == []
    assert not any(fresh.id(key) in str(copied["native"]) for key in REMOVED.values())


@pytest.mark.parametrize("gone", [["workshop-items"], ["workshop-orders", "workshop-items"]])
async def test_a_removed_topic_is_none_of_several(fresh: Api, gone: list[str]) -> None:
    for key in gone:
        await remove(fresh, topic=key)
    wish = export_input(fresh, "two-topics", to="store", topicId=fresh.id("store-orders"))
    payload = await written(fresh.caller("ada"), EXPORT, wish)
    assert [each["action"] for each in payload["references"]] == ["REPLACED"] * 3


async def remove_workspace(api: Api, key: str) -> None:
    """As the platform does it: what lives in it goes with it."""
    for table in ("flow", "topic", "credential", "secret", "agent"):
        await run_sql(api.database_url, f"delete from {table} where workspace_id = :id", id=api.id(key))  # noqa: S608
    await remove(api, workspace=key)


async def test_records_show_null_for_a_workspace_that_is_removed(fresh: Api) -> None:
    there = await done(fresh, EXPORTED, **export_input(fresh, "plain", to="shop"))
    await remove_workspace(fresh, "shop")
    [record] = (await fresh.caller("ada").one(COPIES, id=fresh.id("plain")))["copies"]["nodes"]
    gone = {"destinationFlow": None, "destinationWorkspace": None}
    assert record == {**there["exportRecord"], **gone}


async def test_what_came_from_a_workspace_that_is_removed_stays(fresh: Api) -> None:
    there = await done(fresh, EXPORTED, **export_input(fresh, "bound", to="shop"))
    asked = "query($id: ID!) { flow(id: $id) { name provenance { id sourceFlow { id } destinationFlow { id } } } }"
    await remove_workspace(fresh, "workshop")
    flow = await fresh.caller("ada").one(asked, id=there["flow"]["id"])
    record = {"id": there["exportRecord"]["id"], "sourceFlow": None, "destinationFlow": {"id": there["flow"]["id"]}}
    assert flow == {"name": "Bound", "provenance": record}


async def test_a_call_is_answered_again_after_its_workspace_was_removed(fresh: Api) -> None:
    wish = {**export_input(fresh, "plain", to="shop"), "idempotencyKey": "once"}
    asked = """mutation($input: ExportFlowInput!) { exportFlow(input: $input) {
      replayed flow { id } exportRecord { destinationWorkspace { id } } errors { code } } }"""
    first = await fresh.caller("ada").one(asked, input=wish)
    assert first["exportRecord"]["destinationWorkspace"] == {"id": fresh.id("shop")}
    await remove_workspace(fresh, "shop")
    again = await fresh.caller("ada").one(asked, input=wish)
    record = {"destinationWorkspace": None}
    assert again == {"replayed": True, "flow": None, "exportRecord": record, "errors": []}


async def test_flows_records_and_drafts_of_a_removed_user_have_no_author(fresh: Api) -> None:
    there = await done(fresh, EXPORTED, "berta", **export_input(fresh, "plain", to="workshop"))
    asked = (
        """query($id: ID!) { flow(id: $id) { createdBy { id } draft { author { id } } provenance { actor { id } } } }"""
    )
    await remove(fresh, user_account="berta")
    assert await fresh.caller("gil").one(asked, id=there["flow"]["id"]) == {
        "createdBy": None,
        "draft": {"author": None},
        "provenance": {"actor": None},
    }
