"""What exportPlans answers: what is wrong with the call, and each item with what would become of it (P1)."""

from typing import Any

import pytest

from tests.api.client import Api, Json

SHOWN = """{
  plans {
    fingerprint copiedFrom references { stepId kind action } warnings { message }
    blockers { code message path } readiness { ready blockers { message stepId } } changes { identical }
  }
  errors { __typename code message path ... on IdempotencyKeyReused { firstUsedAt } }
}"""
PLANS = f"query($input: ExportFlowsInput!) {{ exportPlans(input: $input) {SHOWN} }}"
EXPORTS = """mutation($input: ExportFlowsInput!) { exportFlows(input: $input) {
  results { errors { code message path } } succeeded
  errors { __typename code message path ... on IdempotencyKeyReused { firstUsedAt } }
} }"""


def items(api: Api) -> list[Json]:
    """The second can't be exported, since the oven holds as many flows as it may."""
    return [
        {"flowId": api.id("bound"), "destination": {"overrideFlowId": api.id("bound-live")}},
        {"flowId": api.id("plain"), "destination": {"workspaceId": api.id("oven")}},
        {"flowId": api.id("one-topic"), "destination": {"workspaceId": api.id("store")}},
    ]


async def both(api: Api, **said: Any) -> tuple[Json, Json]:
    """What the plans say, and then what the exports answer."""
    ada, wish = api.caller("ada"), {"items": items(api), **said}
    return await ada.one(PLANS, input=wish), await ada.one(EXPORTS, input=wish)


async def test_items_that_others_keep_back_show_what_would_become_of_them(fresh: Api) -> None:
    await fresh.caller("ada").one(EXPORTS, input={"items": [items(fresh)[1]]})
    planned, exported = await both(fresh)
    assert (planned["errors"], exported["errors"], exported["succeeded"]) == ([], [], 0)
    first, second, third = planned["plans"]
    assert [plan["blockers"] for plan in planned["plans"]] == [result["errors"] for result in exported["results"]]
    assert [[blocker["code"] for blocker in plan["blockers"]] for plan in planned["plans"]] == [
        ["BATCH_NOT_APPLIED"],
        ["QUOTA_EXCEEDED"],
        ["BATCH_NOT_APPLIED"],
    ]
    assert {each["action"] for each in first["references"]} == {"REPLACED", "CLEARED"}
    assert (first["changes"]["identical"], first["readiness"]["ready"]) == (False, True)
    assert (second["references"], second["readiness"], second["changes"]) == ([], None, None)
    assert [each["kind"] for each in third["references"]] == ["TOPIC"]
    assert third["readiness"]["blockers"] == [
        {"message": "One-topic: " + third["readiness"]["blockers"][0]["message"][11:], "stepId": "2"}
    ]


async def test_every_blocker_of_a_call_of_many_begins_with_the_name_of_its_flow(fresh: Api) -> None:
    planned, exported = await both(fresh, mappings=[{"fromId": "credential_gone", "toId": "credential_gone"}])
    for answers in ([plan["blockers"] for plan in planned["plans"]], [each["errors"] for each in exported["results"]]):
        assert [[error["message"].partition(": ")[0] for error in errors] for errors in answers] == [
            ["Bound"],
            ["Plain"],
            ["One-topic"],
        ]
    alone = await fresh.caller("ada").one(
        "query($input: ExportFlowInput!) { exportPlan(input: $input) { blockers { message } } }",
        input=items(fresh)[0] | {"mappings": [{"fromId": "credential_gone", "toId": "credential_gone"}]},
    )
    [blocker] = alone["blockers"]
    assert blocker["message"].startswith("There is no credential credential_gone")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"items": []}, [("InvalidInput", "items")]),
        ({"idempotencyKey": ""}, [("InvalidInput", "idempotencyKey")]),
        (
            {"mappings": [{"fromId": "topic_gone", "toId": "agent_gone"}] * 2},
            [
                ("InvalidInput", "mappings/0/toId"),
                ("InvalidInput", "mappings/1/toId"),
                ("InvalidInput", "mappings/1/fromId"),
            ],
        ),
        ({"mappings": [{"fromId": "topic_gone", "toId": "topic_gone"}]}, [("InvalidInput", "mappings/0/fromId")]),
    ],
)
async def test_what_is_wrong_with_the_call_is_told_as_by_the_call(
    api: Api, said: Json, told: list[tuple[str, str]]
) -> None:
    planned, exported = await both(api, **said)
    assert [(error["__typename"], "/".join(error["path"])) for error in planned["errors"]] == told
    assert planned["errors"] == exported["errors"]
    assert [plan["blockers"] for plan in planned["plans"]] == [result["errors"] for result in exported["results"]]


async def test_too_many_items_are_an_error_of_the_call_beside_what_else_is_wrong_with_it(api: Api) -> None:
    many = items(api)[2:] * 1001
    planned, exported = await both(api, items=many)
    assert planned == {"plans": [], "errors": exported["errors"]}
    assert [error["path"] for error in planned["errors"]] == [["items"]]
    twice = [{"fromId": "topic_gone", "toId": "topic_gone"}] * 2
    planned, exported = await both(api, items=many, mappings=twice, idempotencyKey="")
    assert planned == {"plans": [], "errors": exported["errors"]}
    assert [error["path"] for error in planned["errors"]] == [
        ["items"],
        ["mappings", "1", "fromId"],
        ["idempotencyKey"],
    ]


async def test_a_key_that_was_used_for_another_input_is_told(fresh: Api) -> None:
    """P5."""
    ada = fresh.caller("ada")
    first = {"items": items(fresh)[2:], "idempotencyKey": "release"}
    assert (await ada.one(EXPORTS, input=first))["succeeded"] == 1
    assert (await ada.one(PLANS, input=first))["errors"] == []
    planned, exported = await both(fresh, idempotencyKey="release")
    assert [error["code"] for error in planned["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]
    assert planned["errors"] == exported["errors"]
    assert (len(planned["plans"]), exported["results"]) == (3, [])


async def test_a_plan_is_that_of_a_new_call_where_the_export_is_a_replay(fresh: Api) -> None:
    """P1."""
    ada = fresh.caller("ada")
    once = {**items(fresh)[0], "existingDraft": "REFUSE", "idempotencyKey": "once"}
    asked = "query($input: ExportFlowInput!) { exportPlan(input: $input) { blockers { code } } }"
    export = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { replayed errors { code } } }"
    assert await ada.one(asked, input=once) == {"blockers": []}
    assert await ada.one(export, input=once) == {"replayed": False, "errors": []}
    assert await ada.one(asked, input=once) == {"blockers": [{"code": "DRAFT_ALREADY_EXISTS"}]}
    assert await ada.one(export, input=once) == {"replayed": True, "errors": []}
