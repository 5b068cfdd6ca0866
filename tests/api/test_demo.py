"""The demo world over HTTP: each refusal is one call away, and the printed command exports."""

import json
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.model import Kind
from app.storage.world.demo import DEMO_TOKENS, demo_id, example_curl
from tests.api.client import Api, Caller, Json, body_of, serving
from tests.api.documents import COPY, EXPORT
from tests.databases import Databases, contents

INTEGRATOR, ADMIN, GUEST, OUTSIDER = DEMO_TOKENS


@asynccontextmanager
async def demo_server(databases: Databases, loaded_demo: str) -> AsyncIterator[Api]:
    async with databases.copy(loaded_demo) as url, serving(url) as http:
        for token in DEMO_TOKENS:
            await Caller(http, token).ask("{ viewer { id } }")
        yield Api(http, url, {}, dict(zip(DEMO_TOKENS, DEMO_TOKENS, strict=True)))


@pytest.fixture(scope="module")
async def demo(databases: Databases, loaded_demo: str) -> AsyncIterator[Api]:
    """The demo world, shared: refusals leave it as it is."""
    async with demo_server(databases, loaded_demo) as served:
        yield served


@pytest.fixture
async def fresh_demo(databases: Databases, loaded_demo: str) -> AsyncIterator[Api]:
    async with demo_server(databases, loaded_demo) as served:
        yield served


def flow(key: str) -> str:
    return demo_id(Kind.FLOW, key)


def to(workspace: str) -> Json:
    return {"workspaceId": demo_id(Kind.WORKSPACE, workspace)}


def onto(key: str) -> Json:
    return {"overrideFlowId": flow(key)}


SHOWN: list[tuple[str, str, Json]] = [
    ("ComponentNotAccessible", INTEGRATOR, {"flowId": flow("order-normalization"), "destination": to("foods-prod")}),
    (
        "MultipleTopicsNotCopied",
        INTEGRATOR,
        {
            "flowId": flow("order-fan-out"),
            "destination": to("retail-prod"),
            "topicId": demo_id(Kind.TOPIC, "orders-live"),
        },
    ),
    (
        "TopicNotAccessible",
        INTEGRATOR,
        {
            "flowId": flow("order-intake"),
            "destination": to("retail-prod"),
            "topicId": demo_id(Kind.TOPIC, "shipments-dev"),
        },
    ),
    ("InsufficientPermission", INTEGRATOR, {"flowId": flow("order-intake"), "destination": to("retail-staging")}),
    ("FlowNotFound", INTEGRATOR, {"flowId": flow("customs-declarations"), "destination": to("retail-prod")}),
    ("ContractSuspended", INTEGRATOR, {"flowId": flow("chat-bridge"), "destination": to("mill-prod")}),
    ("QuotaExceeded", INTEGRATOR, {"flowId": flow("chat-bridge"), "destination": to("bakery-prod")}),
    ("CannotOverrideItself", INTEGRATOR, {"flowId": flow("order-intake"), "destination": onto("order-intake")}),
    (
        "DraftAlreadyExists",
        INTEGRATOR,
        {"flowId": flow("price-feed"), "destination": onto("price-feed-live"), "existingDraft": "REFUSE"},
    ),
]


@pytest.mark.parametrize(("name", "token", "wish"), SHOWN, ids=[each[0] for each in SHOWN])
async def test_the_demo_shows_each_refusal_with_one_call(demo: Api, name: str, token: str, wish: Json) -> None:
    before = await contents(demo.database_url)
    payload = await demo.caller(token).one(EXPORT, input=wish)
    assert [error["__typename"] for error in payload["errors"]] == [name]
    assert await contents(demo.database_url) == before


async def test_the_demo_shows_every_inaccessible_component_with_its_steps(demo: Api) -> None:
    payload = await demo.caller(INTEGRATOR).one(EXPORT, input=SHOWN[0][2])
    [error] = payload["errors"]
    assert [(each["name"], each["stepIds"], each["reason"]) for each in error["components"]] == [
        ("orders-lab/normalizer", ["2", "5"], "TEAM_OF_ANOTHER_CONTRACT"),
        ("orders-lab/enricher", ["3"], "TEAM_OF_ANOTHER_CONTRACT"),
        ("harbor/code", ["4"], "NOT_WHITELISTED"),
    ]


async def test_the_demo_shows_topics_that_were_not_copied_as_a_warning_as_well(fresh_demo: Api) -> None:
    wish = {"flowId": flow("order-fan-out"), "destination": to("retail-prod")}
    payload = await fresh_demo.caller(INTEGRATOR).one(EXPORT, input=wish)
    assert payload["errors"] == []
    assert [warning["__typename"] for warning in payload["warnings"]] == ["MultipleTopicsNotCopied"]
    topics = [demo_id(Kind.TOPIC, "orders-dev"), demo_id(Kind.TOPIC, "shipments-dev")]
    assert payload["warnings"][0]["topics"] == [{"id": topic} for topic in topics]


async def test_the_outsider_and_the_guest_of_the_demo_see_what_they_may(demo: Api) -> None:
    wish = {"flowId": flow("order-intake"), "destination": to("retail-prod")}
    outsider = await demo.caller(OUTSIDER).one(EXPORT, input=wish)
    assert [error["__typename"] for error in outsider["errors"]] == ["FlowNotFound", "WorkspaceNotFound"]
    guest = await demo.caller(GUEST).one(EXPORT, input=wish)
    assert [error["__typename"] for error in guest["errors"]] == ["InsufficientPermission"] * 2


async def test_the_printed_command_exports_as_it_stands_and_once_however_often_it_is_sent(fresh_demo: Api) -> None:
    command = shlex.split(example_curl("http://localhost"))
    assert command[:3] == ["curl", "-s", "http://localhost/graphql"]
    headers = dict(command[index + 1].split(": ", 1) for index, part in enumerate(command) if part == "-H")
    content = command[command.index("-d") + 1]
    first, second = [await fresh_demo.http.post(command[2], content=content, headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    payload = body_of(first)["data"]["exportFlow"]
    assert (payload["flow"]["name"], payload["flow"]["status"], payload["errors"]) == ("Order intake", "INACTIVE", [])
    assert payload["references"] == [{"stepName": "Publish it", "kind": "TOPIC", "action": "REPLACED"}]
    live = await fresh_demo.caller(INTEGRATOR).one(FLOWS, id=to("retail-prod")["workspaceId"])
    assert [each["name"] for each in live["flows"]["nodes"]].count("Order intake") == 1


STATE = "contentHash graph { native }"
FLOWS = f"""query($id: ID!) {{ workspace(id: $id) {{ flows(first: 100) {{ nodes {{
  id name draft {{ {STATE} }} publishedVersion {{ {STATE} }}
}} }} }} }}"""


async def test_the_graphs_of_the_demo_are_copied_and_exported_unchanged_but_for_bindings(fresh_demo: Api) -> None:
    admin = fresh_demo.caller(ADMIN)
    flows = (await admin.one(FLOWS, id=to("retail-dev")["workspaceId"]))["flows"]["nodes"]
    exported = []
    for each in flows:
        source = each["publishedVersion"] or each["draft"]
        copied = await admin.one(COPY, input={"flowId": each["id"]})
        assert {key: copied["draft"][key] for key in source} == source
        payload = await admin.one(EXPORT, input={"flowId": each["id"], "destination": to("retail-prod")})
        if payload["errors"] == []:
            exported.append(each["name"])
            assert payload["draft"]["contentHash"] == source["contentHash"]
            bare = [unbound(state["graph"]["native"]) for state in (payload["draft"], source)]
            assert json.dumps(bare[0]) == json.dumps(bare[1])
    assert exported == sorted({each["name"] for each in flows} - {"Legacy import"})


def unbound(native: Json) -> Json:
    """A graph without what its steps are bound to."""
    bindings = {"credentials_id", "secret_id", "vpn_agent_id", "selected_data_samples"}
    nodes = [{key: value for key, value in node.items() if key not in bindings} for node in native["nodes"]]
    for node in nodes:
        if "pub-sub" in node["command"]:
            node["fields"] = {key: value for key, value in node["fields"].items() if key != "topic"}
    return {**native, "nodes": nodes}
