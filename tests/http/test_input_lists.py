"""The lists in variables are as long as is allowed, all together, before anything is made of their elements."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from app.http.limits.query_cost import LimitExceeded, check_inputs
from tests.databases import Databases, Loaded, contents

UPDATE = "mutation($input: UpdateFlowDraftInput!) { updateFlowDraft(input: $input) { errors { message } } }"
EXPORTS = "mutation($input: ExportFlowsInput!) { exportFlows(input: $input) { succeeded } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def check(document: str, **variables: Any) -> None:
    [operation] = parse(document).definitions
    assert isinstance(operation, OperationDefinitionNode)
    check_inputs(operation, variables, most=10)


def exports(items: int, mappings: int) -> dict[str, Any]:
    """Exports in one call, each with so many mappings."""
    mapping = {"fromId": "a", "toId": "b"}
    return {"items": [{"flowId": "x", "mappings": [mapping] * mappings} for _ in range(items)]}


def bindings(number: int) -> dict[str, Any]:
    return {"flowId": "x", "bindings": [{"stepId": f"s{index}"} for index in range(number)]}


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (NODES, {"ids": ["x"] * 10}),
        (UPDATE, {"input": bindings(10)}),
        # A graph is one value, whatever lists are in it.
        (UPDATE, {"input": {"flowId": "x", "graph": {"nodes": [{}] * 100, "edges": []}}}),
        # Eight for each item, besides those that any call may have.
        (EXPORTS, {"input": exports(100, 7)}),
        (NODES, {}),
        (NODES, {"ids": None}),
        (NODES, {"ids": "not a list"}),
        ("query($nothing: Nothing) { viewer { id } }", {"nothing": ["x"] * 100}),
    ],
)
def test_as_many_elements_as_are_allowed_pass(document: str, variables: dict[str, Any]) -> None:
    check(document, **variables)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (NODES, {"ids": ["x"] * 11}),
        (UPDATE, {"input": bindings(11)}),
        (
            "query($some: [ID!]!, $more: [ID!]!) { some: nodes(ids: $some) { id } more: nodes(ids: $more) { id } }",
            {"some": ["x"] * 6, "more": ["x"] * 5},
        ),
    ],
)
def test_one_more_is_refused_whichever_variable_it_is_in(document: str, variables: dict[str, Any]) -> None:
    with pytest.raises(LimitExceeded) as refused:
        check(document, **variables)
    assert refused.value.extensions == {
        "code": "LIMIT_EXCEEDED",
        "limit": "elements in lists of its variables",
        "maximum": 10,
    }


async def test_too_many_bindings_are_refused_and_nothing_is_written(databases: Databases, loaded_trade: Loaded) -> None:
    async with databases.serving(loaded_trade, max_input_elements=100) as api:
        before = await contents(api.database_url)
        body = await api.caller("ada").answer(UPDATE, input=bindings(101) | {"flowId": api.id("plain")})
        assert await contents(api.database_url) == before
    [error] = body["errors"]
    assert (error["extensions"]["code"], error["extensions"]["maximum"]) == ("LIMIT_EXCEEDED", 100)


@pytest.mark.parametrize("number", [1001, 3000])
def test_items_beyond_those_that_are_done_bring_no_elements_with_them(number: int) -> None:
    with pytest.raises(LimitExceeded):
        check(EXPORTS, input=exports(number, 8))
    check(EXPORTS, input=exports(1000, 7))
