"""What can't be foreseen of an answer is counted while it is made: graphs, long texts, aliases, repeated ids."""

from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError

from app.execution.executor import Executor
from app.execution.lookups import Vanished
from app.meter import BYTES_PER_CONNECTION, BYTES_PER_OBJECT, BYTES_PER_VALUE
from tests.api.client import Api, codes_of
from tests.databases import Databases, Loaded

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
    databases: Databases, loaded_trade: Loaded, once: str, twice: str
) -> None:
    maximum = (STEPS + 10) * (BYTES_PER_OBJECT + BYTES_PER_VALUE + len('"stepId":"s10",'))
    async with databases.serving(loaded_trade, max_answer_bytes=maximum) as api:
        flow = await flow_with(api, graph(STEPS))
        await api.caller("ada").ask(asking(once), id=flow)
        body = await api.caller("ada").answer(asking(twice), id=flow)
    assert "data" not in body
    [error] = body["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "bytes", "maximum": maximum}
    assert (
        error["message"] == f"The answer would hold more than {maximum} bytes. Ask for fewer fields, smaller pages "
        "or fewer aliases, or in several requests."
    )


async def test_what_is_read_again_because_something_vanished_counts_once(
    databases: Databases, loaded_trade: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=(STEPS + 10) * 250) as api:
        flow = await flow_with(api, graph(STEPS))
        vanished, run = [False, True, True], Executor.run

        async def run_and_vanish(executor: Executor) -> ExecutionResult:
            result = await run(executor)
            gone = GraphQLError("gone", original_error=Vanished())
            return ExecutionResult(None, [gone]) if vanished.pop() else result

        monkeypatch.setattr(Executor, "run", run_and_vanish)
        found = await api.caller("ada").one(asking("steps { stepId }"), id=flow)
    assert len(found["draft"]["graph"]["steps"]) == STEPS
    assert vanished == []


async def test_a_graph_as_it_stands_counts_by_its_length(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=100_000) as api:
        flow = await flow_with(api, graph(1, text="x" * 60_000))
        await api.caller("ada").ask(asking("native"), id=flow)
        body = await api.caller("ada").answer(asking("native again: native"), id=flow)
    assert ("data" in body, codes_of(body)) == (False, ["LIMIT_EXCEEDED"])


async def test_a_mutation_is_done_although_its_answer_would_be_too_much(
    databases: Databases, loaded_trade: Loaded
) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=100_000) as api:
        body = await created(api, graph(1, text="x" * 60_000), "native again: native")
        listed = 'query($id: ID!) { workspace(id: $id) { flows(search: "large", first: 5) { nodes { name } } } }'
        found = await api.caller("ada").one(listed, id=api.id("workshop"))
    assert codes_of(body) == ["LIMIT_EXCEEDED"]
    assert found["flows"]["nodes"] == [{"name": "Large"}]


async def test_one_id_that_is_repeated_counts_each_time(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=100_000) as api:
        flow = await flow_with(api, graph(1, text="x" * 5_000))
        fields = " ".join(f"a{number}: fields" for number in range(10))
        asked = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Flow { draft { graph { steps { %s } } } } } }"
        body = await api.caller("ada").answer(asked.replace("%s", fields), ids=[flow] * 3)
        assert codes_of(body) == ["LIMIT_EXCEEDED"]
        [error] = body["errors"]
        assert (error["extensions"]["limit"], error["path"][:1]) == ("bytes", ["nodes"])
        await api.caller("ada").ask(asked.replace("%s", "a0: fields"), ids=[flow] * 3)


async def test_graphs_are_not_read_beyond_what_an_answer_may_hold(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=100_000) as api:
        flows = [await flow_with(api, graph(1, text=letter * 60_000)) for letter in "xy"]
        asked = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Flow { draft { graph { steps { stepId } } } } } }"
        await api.caller("ada").ask(asked, ids=flows[:1])
        body = await api.caller("ada").answer(asked, ids=flows)
    assert [error["extensions"]["limit"] for error in body["errors"]] == ["bytes of graphs"]


async def test_connections_count_however_short_they_are(databases: Databases, loaded_trade: Loaded) -> None:
    asked = (
        'query($ids: [ID!]!) { nodes(ids: $ids) { ... on Workspace { flows(first: 1, search: "no") { totalCount } } } }'
    )
    async with databases.serving(loaded_trade, max_answer_bytes=20 * (BYTES_PER_CONNECTION + 500)) as api:
        await api.caller("ada").ask(asked, ids=[api.id("workshop")] * 20)
        body = await api.caller("ada").answer(asked, ids=[api.id("workshop")] * 25)
    assert [error["extensions"]["limit"] for error in body["errors"]] == ["bytes"]


async def test_aliases_of_leaf_values_count_each(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_answer_bytes=30_000) as api:
        asked = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Workspace { viewerPermissions } } }"
        await api.caller("ada").ask(asked, ids=[api.id("workshop")] * 45)
        body = await api.caller("ada").answer(asked, ids=[api.id("workshop")] * 95)
    assert [error["extensions"]["limit"] for error in body["errors"]] == ["bytes"]


@pytest.mark.parametrize("selected", ["credential { id }", "__typename", "function"])
async def test_of_many_steps_aliases_count_each_even_where_they_are_null(
    databases: Databases, loaded_trade: Loaded, selected: str
) -> None:
    aliases = [f"a{number}: {selected}" for number in range(100)]
    least = STEPS * 100 * (BYTES_PER_VALUE + len('"a0":,'))
    async with databases.serving(loaded_trade, max_answer_bytes=least) as api:
        flow = await flow_with(api, graph(STEPS))
        await api.caller("ada").ask(asking(f"steps {{ {' '.join(aliases[:20])} }}"), id=flow)
        body = await api.caller("ada").answer(asking(f"steps {{ {' '.join(aliases)} }}"), id=flow)
    assert [error["extensions"]["limit"] for error in body["errors"]] == ["bytes"]


async def test_long_lists_are_answered_whole_and_in_order(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade) as api:
        flow = await flow_with(api, graph(PLENTY))
        found = await api.caller("ada").one(asking("steps { stepId topic { id } } links { source target }"), id=flow)
    steps, links = found["draft"]["graph"]["steps"], found["draft"]["graph"]["links"]
    assert [step["stepId"] for step in steps] == [f"s{number}" for number in range(PLENTY)]
    assert [(link["source"], link["target"]) for link in links] == [
        (f"s{number}", f"s{number + 1}") for number in range(PLENTY - 1)
    ]
