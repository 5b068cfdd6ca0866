"""Documents that can't be run, or are odd: told in words, never an unexpected error."""

import json

import pytest

from tests.api.client import Api, codes_of
from tests.api.documents import CREATE
from tests.api.writing import refused

SYNTAX = ["{", "}", "x", "query {", '{ node(id: "\\ud800") { id } }', "\0", "﻿"]
INVALID = [
    "{ nonsense }",
    "{ viewer }",
    "{ viewer { id { id } } }",
    "{ node { id } }",
    "{ node(id: null) { id } }",
    "{ node(id: {}) { id } }",
    "{ workspaces(first: 99999999999) { totalCount } }",
    '{ workspaces(first: "1") { totalCount } }',
    "{ workspaces(first: 1.5) { totalCount } }",
    "{ ...f } fragment f on Query { ...f }",
    "{ ...missing }",
    "subscription { __typename }",
    "query($x: Nothing) { __typename }",
    "query($x: Int!) { __typename }",
    "{ __typename @skip }",
    "{ __typename @unknown }",
]


@pytest.mark.parametrize("document", SYNTAX, ids=range(len(SYNTAX)))
async def test_a_document_that_can_not_be_read(api: Api, document: str) -> None:
    body = await api.caller("ada").answer(document)
    assert "data" not in body
    assert codes_of(body) == ["GRAPHQL_PARSE_FAILED"]


@pytest.mark.parametrize("document", INVALID, ids=range(len(INVALID)))
async def test_a_document_that_is_not_of_this_schema(api: Api, document: str) -> None:
    body = await api.caller("ada").answer(document)
    assert "data" not in body
    assert set(codes_of(body)) <= {"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}


@pytest.mark.parametrize("value", [None, 1.5, True, [], {}, [1], {"a": 1}])
async def test_a_variable_that_is_no_id(api: Api, value: object) -> None:
    body = await api.caller("ada").answer("query($id: ID!) { node(id: $id) { id } }", id=value)
    assert "data" not in body
    assert codes_of(body) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_whole_number_is_an_id_that_nothing_has(api: Api) -> None:
    for value in (1, -1, 2**31, 2**63):
        assert await api.caller("ada").one("query($id: ID!) { node(id: $id) { id } }", id=value) is None


@pytest.mark.parametrize("levels", [10, 60, 150, 300, 500, 3000])
async def test_a_document_is_nested_as_deep_as_it_may_or_refused(api: Api, levels: int) -> None:
    def nested(before: str, middle: str, after: str) -> str:
        return before * levels + middle + after * levels

    chain = " ".join(f"fragment f{level} on Flow {{ id ...f{level + 1} }}" for level in range(levels))
    roots = chain.replace("Flow", "Query").replace("{ id", "{ __typename")
    for document in (
        f"{{ ...f0 }} {roots} fragment f{levels} on Query {{ __typename }}",
        f'{{ flow(id: "x") {nested("{ draft { flow ", "{ id }", " } }")} }}',
        f"{{ {nested('... { ', '__typename', ' }')} }}",
        f"{{ {nested('workspaces { nodes { flows { nodes { draft { graph { topics { workspace { contract { id } ', '', '}' * 8)} }}",
        f"{{ __typename @include(if: {nested('[', '', ']')}) }}",
        f"{{ __typename @include(if: {nested('{a: ', '1', '}')}) }}",
        f"query($x: {nested('[', 'Int', ']')}) {{ __typename }}",
        f'{{ flow(id: "x") {{ ...f0 }} }} {chain} fragment f{levels} on Flow {{ id }}',
        f'mutation {{ createFlow(input: {{workspaceId: "x", name: "x", graph: {nested("[", "", "]")}}}) {{ errors {{ code }} }} }}',
    ):
        body = await api.caller("ada").answer(document)
        assert "INTERNAL" not in codes_of(body)


INTEGERS = [2**64, -(2**63) - 1, 10**40]


@pytest.mark.parametrize("number", INTEGERS)
async def test_an_integer_beyond_64_bits_in_a_literal_graph_is_invalid_input(api: Api, number: int) -> None:
    assert await literal_errors(api, str(number)) == [
        {"code": "INVALID_INPUT", "message": "The integer has more than 64 bits.", "path": ["graph", "n"]}
    ]


async def test_a_number_that_is_not_finite_in_a_literal_graph_is_invalid_input(api: Api) -> None:
    assert await literal_errors(api, "1e999") == [
        {"code": "INVALID_INPUT", "message": "The number is not finite.", "path": ["graph", "n"]}
    ]


async def test_an_integer_that_can_not_even_be_read_is_refused_in_words(api: Api) -> None:
    body = await api.caller("ada").answer(literal(api, "9" * 5000))
    assert codes_of(body) in (["BAD_USER_INPUT"], ["GRAPHQL_VALIDATION_FAILED"], ["GRAPHQL_PARSE_FAILED"], [])
    assert "set_int_max_str_digits" not in json.dumps(body)


async def test_nul_in_a_literal_graph_is_invalid_input(api: Api) -> None:
    [error] = await literal_errors(api, r'"a\u0000b"')
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["graph", "n"])


async def test_nul_in_variables_is_invalid_input_wherever_it_stands(api: Api) -> None:
    wish = {"workspaceId": "\0", "name": "\0", "description": "\0", "cron": "\0", "graph": {"\0": "\0"}}
    codes = [error["code"] for error in await refused(api, "ada", CREATE, wish)]
    assert codes == ["WORKSPACE_NOT_FOUND", *["INVALID_INPUT"] * 7]


def literal(api: Api, number: str) -> str:
    graph = f"{{nodes: [], edges: [], n: {number}}}"
    wish = f'{{workspaceId: "{api.id("workshop")}", name: "Literal", graph: {graph}}}'
    return f"mutation {{ createFlow(input: {wish}) {{ errors {{ code message ... on InvalidInput {{ path }} }} }} }}"


async def literal_errors(api: Api, number: str) -> list[dict[str, object]]:
    errors: list[dict[str, object]] = (await api.caller("ada").one(literal(api, number)))["errors"]
    return errors
