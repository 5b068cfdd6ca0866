"""Every refusal of exportFlow with all its data; each leaves the whole database as it was."""

from typing import Any

import pytest

from tests.api import answers
from tests.api.client import Api, Json
from tests.api.documents import EXPORT, TOPIC_CANDIDATES
from tests.api.writing import export_input, refused


async def refusals(api: Api, flow: str, user: str = "ada", *, to: str = "", onto: str = "", **wish: Any) -> list[Json]:
    return await refused(api, user, EXPORT, export_input(api, flow, to=to, onto=onto, **wish))


async def test_a_flow_that_is_not_visible(api: Api) -> None:
    assert await refusals(api, "ship", to="store") == [answers.flow_not_found(api.id("ship"))]


async def test_a_workspace_that_is_not_visible(api: Api) -> None:
    assert await refusals(api, "plain", to="harbour") == [answers.workspace_not_found(api.id("harbour"))]


async def test_an_overridden_flow_that_is_not_visible(api: Api) -> None:
    assert await refusals(api, "plain", onto="hidden") == [answers.flow_not_found(api.id("hidden"))]


async def test_what_is_not_found_on_both_sides_is_told_at_once(api: Api) -> None:
    assert await refusals(api, "hidden", to="harbour", topicId="x", name="") == [
        answers.flow_not_found(api.id("hidden")),
        answers.workspace_not_found(api.id("harbour")),
        answers.invalid_input("The name of a flow can't be empty.", "name"),
    ]
    assert await refusals(api, "hidden", onto="ship") == [
        answers.flow_not_found(api.id("hidden")),
        answers.flow_not_found(api.id("ship")),
    ]
    assert await refusals(api, "ship", onto="ship") == [answers.flow_not_found(api.id("ship"))]


async def test_a_published_version_where_there_is_none(api: Api) -> None:
    assert await refusals(api, "only-draft", to="store", source={"state": "PUBLISHED_VERSION"}) == [
        answers.version_not_found("only-draft", None)
    ]


@pytest.mark.parametrize("version", ["plain/1", "hidden/1", "ship/1", "versions/draft"])
async def test_a_version_that_the_flow_does_not_have(api: Api, version: str) -> None:
    assert await refusals(api, "versions", to="store", source={"versionId": api.id(version)}) == [
        answers.version_not_found("versions", api.id(version))
    ]


async def test_a_draft_where_there_is_none(api: Api) -> None:
    assert await refusals(api, "plain", to="store", source={"state": "DRAFT"}) == [answers.draft_not_found("plain")]


async def test_permissions_are_needed_in_both_workspaces_and_each_missing_one_is_told_the_sources_first(
    api: Api,
) -> None:
    workshop, store = (answers.insufficient_permission(api, workspace) for workspace in ("workshop", "store"))
    assert await refusals(api, "plain", "berta", to="store") == [store]
    assert await refusals(api, "store-plain", "berta", to="workshop") == [store]
    assert await refusals(api, "plain", "gil", to="store") == [workshop, store]
    assert await refusals(api, "store-plain", "gil", to="workshop") == [store, workshop]
    assert await refusals(api, "plain", "gil", to="workshop") == [workshop]
    assert await refusals(api, "plain", "gil", onto="live") == [workshop, store]


async def test_a_workspace_of_which_only_the_name_is_visible_can_not_be_written_into(api: Api) -> None:
    assert await refusals(api, "plain", to="depot") == [answers.insufficient_permission(api, "depot")]


async def test_a_suspended_contract(api: Api) -> None:
    suspended = answers.contract_suspended(api, "mill", "windmill")
    assert await refusals(api, "plain", to="windmill") == [suspended]
    assert await refusals(api, "plain", onto="flour") == [
        answers.contract_suspended(api, "mill", "windmill", chosen=False)
    ]
    assert await refusals(api, "flour", to="windmill") == [suspended]


async def test_every_inaccessible_component_is_told_once_with_its_steps_and_the_reason(api: Api) -> None:
    normalizer = answers.inaccessible(api, "lab/normalizer", "normalizer", "TEAM_OF_ANOTHER_CONTRACT", "2", "5")
    enricher = answers.inaccessible(api, "lab/enricher", "enricher", "TEAM_OF_ANOTHER_CONTRACT", "3")
    code = answers.inaccessible(api, "acme/code", "code", "NOT_WHITELISTED", "4")
    unknown = (
        answers.inaccessible(api, "nobody/knows", None, "UNKNOWN_COMPONENT", "6"),
        answers.inaccessible(api, "not a command", None, "UNKNOWN_COMPONENT", "7"),
    )
    assert await refusals(api, "laboratory", to="shop") == [
        answers.component_not_accessible(api, "shop", normalizer, enricher, code, *unknown)
    ]
    assert await refusals(api, "laboratory", to="kitchen") == [
        answers.component_not_accessible(api, "kitchen", normalizer, enricher, *unknown)
    ]
    assert await refusals(api, "laboratory", to="store") == [
        answers.component_not_accessible(api, "store", code, *unknown)
    ]


async def test_a_topic_for_a_flow_with_several(api: Api) -> None:
    assert await refusals(api, "two-topics", to="store", topicId=api.id("store-orders")) == [
        answers.multiple_topics_not_copied(api, workshop_orders="Orders", workshop_items="Items")
    ]


@pytest.mark.parametrize("topic", ["workshop-orders", "depot-orders", "harbour-orders", "store-mail", "plain"])
async def test_a_topic_that_does_not_live_at_the_destination(api: Api, topic: str) -> None:
    assert await refusals(api, "one-topic", to="store", topicId=api.id(topic)) == [
        answers.topic_not_accessible(api, "store", api.id(topic))
    ]


async def test_a_topic_for_a_flow_that_has_no_pub_sub_step(api: Api) -> None:
    assert await refusals(api, "plain", to="store", topicId=api.id("store-orders")) == [
        answers.flow_has_no_topic("plain")
    ]


@pytest.mark.parametrize("flow", ["plain", "two-topics", "one-topic", "no-topic-yet"])
async def test_topics_are_offered_exactly_where_an_export_takes_one(api: Api, flow: str) -> None:
    asked = {"flowId": api.id(flow), "workspaceId": api.id("store")}
    page = await api.caller("ada").one(TOPIC_CANDIDATES, **asked)
    offered = {edge["node"]["id"] for edge in page["edges"]}
    if flow in ("plain", "two-topics"):
        code = {"plain": "FLOW_HAS_NO_TOPIC", "two-topics": "MULTIPLE_TOPICS_NOT_COPIED"}[flow]
        assert (offered, page["totalCount"]) == (set(), 0)
        assert [each["code"] for each in await refusals(api, flow, to="store", topicId=api.id("store-orders"))] == [
            code
        ]
    else:
        assert offered == {api.id(topic) for topic in ("store-orders", "store-items", "store-strict")}


@pytest.mark.parametrize(
    ("flow", "meant", "best"),
    [
        ("two-topics", "workshop-orders", "store-orders"),
        ("two-topics", "workshop-items", "store-items"),
        ("one-topic", "workshop-orders", "store-orders"),
        ("one-topic", "workshop-items", None),
        ("two-topics", "store-orders", None),
        ("two-topics", "nonsense", None),
        ("plain", "workshop-orders", None),
    ],
)
async def test_topics_are_offered_for_the_one_of_several_that_is_meant(
    api: Api, flow: str, meant: str, best: str | None
) -> None:
    """T3: for those that the flow uses; what they are mapped to goes through."""
    asked = {"flowId": api.id(flow), "workspaceId": api.id("store"), "fromTopicId": api.ids.get(meant, meant)}
    page = await api.caller("ada").one(TOPIC_CANDIDATES, **asked)
    assert page["totalCount"] == len(page["edges"]) == (0 if best is None else 3)
    assert [edge["node"]["id"] for edge in page["edges"] if edge["sameName"]] == (
        [] if best is None else [api.id(best)]
    )


async def test_a_draft_that_may_not_be_set_aside(api: Api) -> None:
    assert await refusals(api, "plain", onto="live", existingDraft="REFUSE") == [
        answers.draft_already_exists(api, "live", "Plain")
    ]


async def test_a_flow_onto_itself(api: Api) -> None:
    assert await refusals(api, "plain", onto="plain") == [answers.cannot_override_itself("plain")]


async def test_a_quota_that_is_used_up(api: Api) -> None:
    exceeded = answers.quota_exceeded("bakery", 1, 1, can_override=True)
    assert await refusals(api, "plain", to="oven") == [exceeded]
    assert await refusals(api, "bread", to="oven") == [exceeded]


LONG = "The name has 256 characters; at most 255 are allowed."


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "The name of a flow can't be empty."),
        (" \t\n ", "The name of a flow can't be empty."),
        ("x" * 256, LONG),
        ("\N{GRINNING FACE}" * 256, LONG),
        ("two\nlines", answers.NO_CONTROL_CHARACTERS),
        ("NUL\0", answers.NO_CONTROL_CHARACTERS),
        ("\x7f.", answers.NO_CONTROL_CHARACTERS),
    ],
)
async def test_a_name_that_no_flow_can_have(api: Api, name: str, message: str) -> None:
    assert await refusals(api, "plain", to="store", name=name) == [answers.invalid_input(message, "name")]


async def test_all_refusals_are_told_at_once_in_the_order_of_their_codes(api: Api) -> None:
    wish = {"name": "", "existingDraft": "REFUSE", "topicId": api.id("store-orders")}
    found = await refusals(api, "orphan", "gil", onto="orphan", source={"state": "DRAFT"}, **wish)
    assert [error["code"] for error in found] == [
        "INSUFFICIENT_PERMISSION",
        "FLOW_HAS_NO_TOPIC",
        "DRAFT_ALREADY_EXISTS",
        "CANNOT_OVERRIDE_ITSELF",
        "INVALID_INPUT",
    ]
    assert [error["code"] for error in await refusals(api, "laboratory", to="oven", topicId="x", name="\n.\n.")] == [
        "COMPONENT_NOT_ACCESSIBLE",
        "FLOW_HAS_NO_TOPIC",
        "QUOTA_EXCEEDED",
        "INVALID_INPUT",
    ]
    assert [error["code"] for error in await refusals(api, "laboratory", "gil", to="harbour", name="")] == [
        "WORKSPACE_NOT_FOUND",
        "INSUFFICIENT_PERMISSION",
        "INVALID_INPUT",
    ]


@pytest.mark.parametrize(
    "destination",
    [{}, {"workspaceId": None}, {"overrideFlowId": None}, {"workspaceId": "a", "overrideFlowId": "b"}],
)
async def test_a_destination_is_exactly_one_of_a_workspace_and_a_flow(api: Api, destination: Json) -> None:
    body = await api.caller("ada").answer(EXPORT, input={"flowId": api.id("plain"), "destination": destination})
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


@pytest.mark.parametrize("source", [{}, {"state": None}, {"state": "DRAFT", "versionId": "a"}, {"state": "DELETED"}])
async def test_a_source_is_exactly_one_of_a_state_and_a_version(api: Api, source: Json) -> None:
    body = await api.caller("ada").answer(EXPORT, input=export_input(api, "plain", to="store", source=source))
    assert "data" not in body
    assert {error["extensions"]["code"] for error in body["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
