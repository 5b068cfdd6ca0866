"""Idempotency keys over HTTP (P5): what is replayed is the outcome, read as it is now."""

import pytest

from tests.api.client import Api, Json
from tests.api.writing import export_input
from tests.databases import run_sql

EXPORT = """mutation($input: ExportFlowInput!) { exportFlow(input: $input) {
  flow { id name } draft { id revision } setAside { id } copiedFrom exportRecord { id }
  references { stepId kind action fromId toId } warnings { __typename message } replayed
  errors { __typename code path ... on IdempotencyKeyReused { firstUsedAt } }
} }"""
PUBLISH = """mutation($input: PublishFlowDraftInput!) { publishFlowDraft(input: $input) {
  flow { id name } version { id number } replayed errors { code }
} }"""
STOP = "mutation($input: StopFlowInput!) { stopFlow(input: $input) { errors { code } } }"
DELETE = "mutation($input: DeleteFlowInput!) { deleteFlow(input: $input) { errors { code } } }"
SAVE = (
    "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { draft { revision } errors { code } } }"
)


async def exported(api: Api, flow: str, key: str | None = "key", user: str = "ada", **where: str) -> Json:
    payload: Json = await api.caller(user).one(
        EXPORT, input={**export_input(api, flow, **where), "idempotencyKey": key}
    )
    return payload


@pytest.mark.parametrize(("flow", "where"), [("bound", {"to": "store"}), ("two-topics", {"onto": "live"})])
async def test_a_repeated_export_is_done_once_and_answered_the_same(
    fresh: Api, flow: str, where: dict[str, str]
) -> None:
    first = await exported(fresh, flow, **where)
    assert (first["errors"], first["replayed"]) == ([], False)
    assert await exported(fresh, flow, **where) == {**first, "replayed": True}
    assert first["warnings"] != []


async def test_what_has_changed_since_is_told_as_it_is_now_and_what_has_gone_is_null(fresh: Api) -> None:
    first = await exported(fresh, "plain", to="store")
    flow = first["flow"]["id"]
    ada = fresh.caller("ada")
    await ada.one(SAVE, input={"flowId": flow, "name": "Another name"})
    again = await exported(fresh, "plain", to="store")
    assert again["flow"] == {"id": flow, "name": "Another name"}
    assert again["draft"] == {"id": first["draft"]["id"], "revision": 2}
    await ada.one(DELETE, input={"flowId": flow})
    again = await exported(fresh, "plain", to="store")
    assert (again["flow"], again["draft"], again["replayed"], again["errors"]) == (None, None, True, [])
    assert again["exportRecord"] == first["exportRecord"]
    assert again["references"] == first["references"]


async def test_a_repeated_publish_of_a_flow_that_is_gone_answers_with_nothing(fresh: Api) -> None:
    ada, wish = fresh.caller("ada"), {"flowId": fresh.id("versions"), "idempotencyKey": "key"}
    first = await ada.one(PUBLISH, input=wish)
    assert (first["version"]["number"], first["errors"], first["replayed"]) == (3, [], False)
    assert await ada.one(PUBLISH, input=wish) == {**first, "replayed": True}
    await ada.one(STOP, input={"flowId": fresh.id("versions")})
    await ada.one(DELETE, input={"flowId": fresh.id("versions")})
    assert await ada.one(PUBLISH, input=wish) == {"flow": None, "version": None, "replayed": True, "errors": []}


async def test_the_key_of_one_caller_means_nothing_to_another(fresh: Api) -> None:
    first = await exported(fresh, "plain", user="berta", to="workshop")
    other = await exported(fresh, "plain", user="ada", to="workshop")
    assert (first["errors"], other["errors"], other["replayed"]) == ([], [], False)
    assert other["flow"]["id"] != first["flow"]["id"]


async def test_who_has_lost_sight_of_the_result_is_shown_nothing_of_it(fresh: Api) -> None:
    await exported(fresh, "plain", user="berta", to="workshop")
    await run_sql(fresh.database_url, "delete from workspace_access where user_id = :user", user=fresh.id("berta"))
    again = await exported(fresh, "plain", user="berta", to="workshop")
    assert (again["flow"], again["draft"], again["exportRecord"], again["replayed"]) == (None, None, None, True)


async def test_another_input_with_the_same_key_is_refused_with_when_it_was_used(fresh: Api) -> None:
    await exported(fresh, "plain", to="store")
    refused = await exported(fresh, "plain", to="kitchen")
    [error] = refused["errors"]
    assert error.pop("firstUsedAt")
    assert error == {
        "__typename": "IdempotencyKeyReused",
        "code": "IDEMPOTENCY_KEY_REUSED",
        "path": ["idempotencyKey"],
    }
    assert (refused["flow"], refused["replayed"]) == (None, False)


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_bad_key_is_told_with_everything_else(fresh: Api, key: str) -> None:
    refused = await exported(fresh, "plain", key, "gil", to="store")
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("INSUFFICIENT_PERMISSION", ["flowId"]),
        ("INSUFFICIENT_PERMISSION", ["destination", "workspaceId"]),
        ("INVALID_INPUT", ["idempotencyKey"]),
    ]


async def test_null_is_no_key(fresh: Api) -> None:
    outcomes = [await exported(fresh, "plain", None, to="store") for _ in range(2)]
    assert [outcome["replayed"] for outcome in outcomes] == [False, False]
