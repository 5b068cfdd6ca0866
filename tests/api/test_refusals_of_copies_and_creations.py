"""Every refusal of copyFlow and createFlow with all its data; each leaves the whole database as it was."""

from typing import Any

import pytest

from tests.api import answers
from tests.api.client import Api, Json
from tests.api.documents import COPY, CREATE
from tests.api.world_builder import graph, step
from tests.api.writing import refused

EMPTY = "The name of a flow can't be empty."
TICK = graph(step("1", "acme/timer:tick"))


async def copy_refusals(api: Api, flow: str, user: str = "ada", **wish: Any) -> list[Json]:
    return await refused(api, user, COPY, {"flowId": api.id(flow), **wish})


async def create_refusals(api: Api, workspace: str, user: str = "ada", **wish: Any) -> list[Json]:
    made = {"workspaceId": api.id(workspace), "name": "Made", "graph": TICK, **wish}
    return await refused(api, user, CREATE, made)


async def test_a_copy_of_a_flow_that_is_not_visible(api: Api) -> None:
    for flow in ("hidden", "ship"):
        assert await copy_refusals(api, flow, name="") == [
            answers.flow_not_found(api.id(flow)),
            answers.invalid_input(EMPTY, "name"),
        ]


async def test_a_copy_of_a_state_that_the_flow_does_not_have(api: Api) -> None:
    never_published = await copy_refusals(api, "only-draft", source={"state": "PUBLISHED_VERSION"})
    assert never_published == [answers.version_not_found("only-draft", None)]
    anothers = await copy_refusals(api, "plain", source={"versionId": api.id("versions/1")})
    assert anothers == [answers.version_not_found("plain", api.id("versions/1"))]
    assert await copy_refusals(api, "plain", source={"state": "DRAFT"}) == [answers.draft_not_found("plain")]


async def test_a_copy_where_the_caller_may_only_read(api: Api) -> None:
    assert await copy_refusals(api, "plain", "gil") == [answers.insufficient_permission(api, "workshop")]


async def test_a_copy_in_a_suspended_contract(api: Api) -> None:
    assert await copy_refusals(api, "flour") == [answers.contract_suspended(api, "mill", "windmill", chosen=False)]


async def test_a_copy_beyond_the_quota_with_a_name_that_no_flow_can_have(api: Api) -> None:
    assert await copy_refusals(api, "bread", name="a\0b") == [
        answers.quota_exceeded("bakery", 1, 1),
        answers.invalid_input(answers.NO_CONTROL_CHARACTERS, "name"),
    ]


async def test_a_creation_in_a_workspace_that_is_not_visible(api: Api) -> None:
    assert await create_refusals(api, "harbour", name=" ") == [
        answers.workspace_not_found(api.id("harbour")),
        answers.invalid_input(EMPTY, "name"),
    ]


async def test_a_creation_where_the_caller_may_not_edit(api: Api) -> None:
    assert await create_refusals(api, "depot") == [answers.insufficient_permission(api, "depot")]
    assert await create_refusals(api, "workshop", "gil") == [answers.insufficient_permission(api, "workshop")]


async def test_a_creation_in_a_suspended_contract(api: Api) -> None:
    assert await create_refusals(api, "windmill") == [answers.contract_suspended(api, "mill", "windmill")]


async def test_a_creation_beyond_the_quota(api: Api) -> None:
    assert await create_refusals(api, "oven") == [answers.quota_exceeded("bakery", 1, 1)]


async def test_a_creation_with_references_that_can_not_be_used_here(api: Api) -> None:
    ids = {key: api.id(key) for key in ("store-mail", "harbour-mail", "workshop-mail", "depot-agent", "workshop-erp")}
    made = graph(
        step("1", "acme/mailer:send", credential=ids["store-mail"], agent=ids["depot-agent"]),
        step("2", "acme/mailer:send", credential=ids["harbour-mail"], secret=ids["workshop-erp"]),
        step("3", "acme/timer:tick", credential=ids["workshop-mail"]),
        step("4", "acme/pubsub:pub", topic=api.id("store-orders"), agent="nothing"),
        step("5", "acme/queue:pub", fields={"channel": ids["workshop-mail"], "topic": "no reference here"}),
    )
    unusable = answers.credential_not_accessible
    assert await create_refusals(api, "workshop", graph=made) == [
        answers.topic_not_accessible(api, "workshop", api.id("store-orders"), "4"),
        answers.topic_not_accessible(api, "workshop", ids["workshop-mail"], "5"),
        unusable(api, "workshop", "CREDENTIAL", ids["store-mail"], "1"),
        unusable(api, "workshop", "AGENT", ids["depot-agent"], "1"),
        unusable(api, "workshop", "CREDENTIAL", ids["harbour-mail"], "2"),
        unusable(api, "workshop", "SECRET", ids["workshop-erp"], "2"),
        unusable(api, "workshop", "CREDENTIAL", ids["workshop-mail"], "3"),
        unusable(api, "workshop", "AGENT", "nothing", "4"),
    ]


NO_GRAPH = ("A graph is an object with `nodes` and `edges`.", "graph")
NODES, EDGES = ("A graph has a list of nodes.", "graph", "nodes"), ("A graph has a list of edges.", "graph", "edges")
NUL = "The text holds a NUL character, which can't be stored."


@pytest.mark.parametrize(
    ("made", "mistakes"),
    [
        ([], [NO_GRAPH]),
        ("graph", [NO_GRAPH]),
        (3, [NO_GRAPH]),
        ({}, [NODES, EDGES]),
        ({"nodes": {}, "edges": None}, [NODES, EDGES]),
        ({"nodes": [None], "edges": []}, [("A step is an object.", "graph", "nodes", "0")]),
        (
            {"nodes": [{}], "edges": [{}]},
            [
                ("A step has a string as its id.", "graph", "nodes", "0", "id"),
                ("A step has a string as its command.", "graph", "nodes", "0", "command"),
                ("An edge has the id of a step, or error_all, as its target.", "graph", "edges", "0", "target"),
            ],
        ),
        (graph(step("\0", "acme/timer:tick")), [(NUL, "graph", "nodes", "0", "id")]),
        (
            graph(step("1", "acme/timer:tick", fields={"deep": ["\0"]})),
            [(NUL, "graph", "nodes", "0", "fields", "deep", "0")],
        ),
        (
            graph(layout={"\0": 1}),
            [("A key holds a NUL character, which can't be stored.", "graph", "layout")],
        ),
    ],
)
async def test_a_creation_from_what_is_no_graph(api: Api, made: object, mistakes: list[tuple[str, ...]]) -> None:
    assert await create_refusals(api, "workshop", graph=made) == [answers.invalid_input(*each) for each in mistakes]


async def test_a_creation_from_a_graph_that_is_nested_too_deep(api: Api) -> None:
    deep: object = 1
    for _ in range(250):
        deep = [deep]
    assert await create_refusals(api, "workshop", graph=graph(deep=deep)) == [
        answers.invalid_input("This is nested deeper than 200 levels.", "graph", "deep", "0", "0")
    ]


async def test_a_creation_with_texts_that_no_flow_can_have(api: Api) -> None:
    long = "The description has 1001 characters; at most 1000 are allowed."
    nul = "The description holds a NUL character, which can't be stored."
    schedule = (
        "The schedule isn't a cron expression of five fields with one space between them, such as */15 * * * * for every "
        "quarter of an hour."
    )
    weekday = (
        "The day of the week of the schedule can't be \N{REPLACEMENT CHARACTER}: its values are 0 to 7 or SUN to SAT."
    )
    assert await create_refusals(api, "workshop", name="\0", description="x" * 1001, cron="every day") == [
        answers.invalid_input(answers.NO_CONTROL_CHARACTERS, "name"),
        answers.invalid_input(long, "description"),
        answers.invalid_input(schedule, "cron"),
    ]
    assert await create_refusals(api, "workshop", description="\0", cron="* * * * \0") == [
        answers.invalid_input(nul, "description"),
        answers.invalid_input(weekday, "cron"),
    ]


async def test_all_refusals_of_a_creation_are_told_at_once_in_the_order_of_their_codes(api: Api) -> None:
    made = graph(step("1", "acme/pubsub:pub", topic="x", credential="y"))
    found = await create_refusals(api, "windmill", graph=made, name="")
    assert [error["code"] for error in found] == [
        "CONTRACT_SUSPENDED",
        "TOPIC_NOT_ACCESSIBLE",
        "CREDENTIAL_NOT_ACCESSIBLE",
        "INVALID_INPUT",
    ]
    guest = await create_refusals(api, "store", "gil", graph={"nodes": []}, name="")
    assert [error["code"] for error in guest] == ["INSUFFICIENT_PERMISSION", "INVALID_INPUT", "INVALID_INPUT"]
