"""What isn't foreseen of an answer: graphs and lists that aren't paged count by what is in them, while they are read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.graphql.allowance import PORTION, in_portions
from app.graphql.http import execution
from tests.api.client import Api, codes_of
from tests.api.databases import Loaded, Server

STEPS, PLENTY = 30, 3000
CREATE = """mutation($input: CreateFlowInput!) {
  createFlow(input: $input) { flow { id } draft { graph { %s } } errors { message } }
}"""


def graph(steps: int, *, text: str = "") -> dict[str, Any]:
    nodes = [{"id": f"s{number}", "command": "core/timer:timer"} for number in range(steps)]
    edges = [{"source": f"s{number}", "target": f"s{number + 1}"} for number in range(steps - 1)]
    return {"nodes": [{**nodes[0], "fields": {"text": text}}, *nodes[1:]], "edges": edges}


async def created(api: Api, made: dict[str, Any], answer: str = "native") -> dict[str, Any]:
    wish = {"workspaceId": api.id("workshop"), "name": "Large", "graph": made}
    return await api.caller("ada").answer(CREATE.replace("%s", answer), input=wish)


async def flow_with(api: Api, made: dict[str, Any]) -> str:
    body = await created(api, made, "__typename")
    assert body["data"]["createFlow"]["errors"] == []
    return str(body["data"]["createFlow"]["flow"]["id"])


def asking(selection: str) -> str:
    return f"query($id: ID!) {{ flow(id: $id) {{ draft {{ graph {{ {selection} }} }} }} }}"


@pytest.mark.parametrize(
    ("once", "twice"),
    [
        ("steps { stepId }", "steps { stepId } again: steps { stepId }"),
        ("links { linkId }", "links { linkId } again: links { linkId }"),
    ],
    ids=["steps", "links"],
)
async def test_steps_and_links_count_as_many_as_they_are(
    databases: Server, loaded_trade: Loaded, once: str, twice: str
) -> None:
    async with databases.serving(loaded_trade, max_cost=STEPS + 10) as api:
        flow = await flow_with(api, graph(STEPS))
        await api.caller("ada").ask(asking(once), id=flow)
        body = await api.caller("ada").answer(asking(twice), id=flow)
    assert "data" not in body
    [error] = body["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "cost", "maximum": STEPS + 10}
    assert (
        error["message"] == f"The document has a cost of more than {STEPS + 10}; at most {STEPS + 10} is allowed. "
        "Ask for less at once."
    )


async def test_what_is_read_again_because_something_vanished_counts_once(
    databases: Server, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with databases.serving(loaded_trade, max_cost=STEPS + 10) as api:
        flow = await flow_with(api, graph(STEPS))
        vanished = [False, True, True]
        monkeypatch.setattr(execution, "_met_what_vanished", lambda _: vanished.pop())
        found = await api.caller("ada").one(asking("steps { stepId }"), id=flow)
    assert len(found["draft"]["graph"]["steps"]) == STEPS
    assert vanished == [False]


async def test_a_graph_as_it_stands_counts_by_its_length(databases: Server, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_cost=50) as api:
        flow = await flow_with(api, graph(1, text="x" * 40 * 2048))
        await api.caller("ada").ask(asking("native"), id=flow)
        body = await api.caller("ada").answer(asking("native again: native"), id=flow)
    assert ("data" in body, codes_of(body)) == (False, ["LIMIT_EXCEEDED"])


async def test_a_mutation_is_done_although_its_answer_would_be_too_much(
    databases: Server, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, max_cost=50) as api:
        body = await created(api, graph(1, text="x" * 40 * 2048), "native again: native")
        listed = 'query($id: ID!) { workspace(id: $id) { flows(search: "large", first: 5) { nodes { name } } } }'
        found = await api.caller("ada").one(listed, id=api.id("workshop"))
    assert codes_of(body) == ["LIMIT_EXCEEDED"]
    assert found["flows"]["nodes"] == [{"name": "Large"}]


async def test_long_lists_are_answered_whole_and_in_order(databases: Server, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade) as api:
        flow = await flow_with(api, graph(PLENTY))
        found = await api.caller("ada").one(asking("steps { stepId topic { id } } links { source target }"), id=flow)
    steps, links = found["draft"]["graph"]["steps"], found["draft"]["graph"]["links"]
    assert [step["stepId"] for step in steps] == [f"s{number}" for number in range(PLENTY)]
    assert [(link["source"], link["target"]) for link in links] == [
        (f"s{number}", f"s{number + 1}") for number in range(PLENTY - 1)
    ]


async def test_a_long_list_lets_others_be_served_in_between() -> None:
    served = 0

    async def others() -> None:
        nonlocal served
        while True:
            served += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(others())
    portions = in_portions(list(range(10 * PORTION)))
    assert isinstance(portions, AsyncIterator)
    assert [each async for each in portions] == list(range(10 * PORTION))
    other.cancel()
    assert served == 10
    assert in_portions([1, 2]) == [1, 2]
