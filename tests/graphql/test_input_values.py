"""Messages on values that don't fit the schema: JSON for variables, GraphQL for literals, Python for neither."""

import re
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.input_values import mistakes_in_variables
from app.graphql.schema import mistakes_in, schema

EXPORT = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { errors { code } } }"
COPY = "mutation($input: CopyFlowInput!) { copyFlow(input: $input) { errors { code } } }"
PAGE = "query($first: Int) { workspaces(first: $first) { totalCount } }"
NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
IF = "query($if: Boolean!) { viewer @include(if: $if) { id } }"
CREATE = 'mutation($g: JSON!) { createFlow(input: { workspaceId: "w", name: "n", graph: $g }) { errors { code } } }'
TO = {"workspaceId": "w"}
TAKES_ONE = "ExportDestinationInput takes exactly one field that isn't null; given: "
NULL_COUNTS = " A field that is null counts as given: leave it out."


def messages_of(document: str, variables: dict[str, Any], *, hides_suggestions: bool = False) -> list[str]:
    """What is said of a document, or of the variables of a valid one."""
    read = parse(document)
    if found := mistakes_in(read, most=20, hides_suggestions=hides_suggestions):
        return [each.message for each in found]
    [operation] = read.definitions
    assert isinstance(operation, OperationDefinitionNode)
    wrong = mistakes_in_variables(schema.graphql_schema, operation, variables, hides_suggestions=hides_suggestions)
    return [each.message for each in wrong]


def exporting(**fields: Any) -> dict[str, Any]:
    return {"input": {"flowId": "f", "destination": TO, **fields}}


VARIABLES: list[tuple[str, dict[str, Any], list[str]]] = [
    (EXPORT, exporting(), []),
    (EXPORT, {}, ["Variable $input is missing; its type is ExportFlowInput!."]),
    (EXPORT, {"input": None}, ["Variable $input: Expected ExportFlowInput!, found null."]),
    (EXPORT, {"input": [{"a": None}]}, ['Variable $input: Expected ExportFlowInput, found [{"a":null}].']),
    (
        EXPORT,
        {"input": {"destination": "x"}},
        [
            'Variable $input: ExportFlowInput needs "flowId", which is missing.',
            'Variable $input.destination: Expected ExportDestinationInput, found "x".',
        ],
    ),
    (EXPORT, exporting(name=True), ["Variable $input.name: Expected String, found true."]),
    (EXPORT, exporting(flowId={"a": None}), ['Variable $input.flowId: Expected ID, found {"a":null}.']),
    (EXPORT, exporting(nam="n"), ["Variable $input: ExportFlowInput has no field \"nam\". Did you mean 'name'?"]),
    (
        EXPORT,
        exporting(existingDraft="REFUSED"),
        [
            'Variable $input.existingDraft: Expected ExistingDraft, found "REFUSED". Its values are SET_ASIDE and REFUSE.'
        ],
    ),
    (
        COPY,
        {"input": {"flowId": "f", "source": {"state": None}}},
        ["Variable $input.source: FlowSourceInput takes exactly one field that isn't null; given: state (null)."],
    ),
    (EXPORT, exporting(destination={**TO, "overrideFlowId": "f"}), [f"{TAKES_ONE}workspaceId and overrideFlowId."]),
    (
        EXPORT,
        exporting(destination={**TO, "overrideFlowId": None}),
        [f"{TAKES_ONE}workspaceId and overrideFlowId (null).{NULL_COUNTS}"],
    ),
    (EXPORT, exporting(destination={"workspaceId": None}), [f"{TAKES_ONE}workspaceId (null)."]),
    (EXPORT, exporting(destination={}), [f"{TAKES_ONE}none. Its fields are workspaceId and overrideFlowId."]),
    (PAGE, {"first": "5"}, ['Variable $first: Expected Int, found "5".']),
    (PAGE, {"first": 1.5}, ["Variable $first: Expected Int, found 1.5."]),
    (PAGE, {"first": 2**40}, ["Variable $first: Expected Int of 32 bits, found 1099511627776."]),
    (PAGE, {"first": None}, []),
    (NODES, {"ids": "only one"}, []),
    (
        NODES,
        {"ids": [None, "x", ["y"]]},
        ["Variable $ids[0]: Expected ID!, found null.", 'Variable $ids[2]: Expected ID, found ["y"].'],
    ),
    (IF, {"if": "yes"}, ['Variable $if: Expected Boolean, found "yes".']),
    (CREATE, {"g": None}, ["Variable $g: Expected JSON!, found null."]),
    (CREATE, {"g": {"anything": [True, None]}}, []),
]


@pytest.mark.parametrize(("document", "variables", "messages"), VARIABLES)
def test_messages_on_variables(document: str, variables: dict[str, Any], messages: list[str]) -> None:
    at_destination = [text.replace(TAKES_ONE, f"Variable $input.destination: {TAKES_ONE}") for text in messages]
    assert messages_of(document, variables) == at_destination


LITERALS = [
    ("first: 1", []),
    ('first: "a"', ['Expected Int, found "a".']),
    ("first: 99999999999", ["Expected Int of 32 bits, found 99999999999."]),
    ("search: true", ["Expected String, found true."]),
    ("search: { a: [null] }", ["Expected String, found { a: [null] }."]),
]


@pytest.mark.parametrize(("argument", "messages"), LITERALS)
def test_messages_on_literals(argument: str, messages: list[str]) -> None:
    assert messages_of(f"{{ workspaces({argument}) {{ totalCount }} }}", {}) == messages


INPUTS = [
    ('flowId: "f", destination: { workspaceId: "w" }', []),
    ('flowId: null, destination: { workspaceId: "w" }', ["At flowId: Expected ID!, found null."]),
    ('destination: { workspaceId: "w" }', ['ExportFlowInput needs "flowId", which is missing.']),
    ('flowId: "f", destination: {}', [f"{TAKES_ONE}none. Its fields are workspaceId and overrideFlowId."]),
    ('flowId: "f", destination: { workspaceId: null }', [f"{TAKES_ONE}workspaceId (null)."]),
    (
        'flowId: "f", destination: { workspaceId: "w", overrideFlowId: null }',
        [f"{TAKES_ONE}workspaceId and overrideFlowId (null).{NULL_COUNTS}"],
    ),
    (
        'flowId: "f", destination: { workspaceId: "w" }, existingDraft: "REFUSE"',
        ['At existingDraft: Expected ExistingDraft, found "REFUSE". Its values are SET_ASIDE and REFUSE.'],
    ),
    ('flowId: "f", destination: { workspaceId: $w }', ["Variable '$w' is not defined."]),
]


@pytest.mark.parametrize(("fields", "messages"), INPUTS)
def test_messages_on_inputs_written_as_literals(fields: str, messages: list[str]) -> None:
    at_destination = [text.replace(TAKES_ONE, f"At destination: {TAKES_ONE}") for text in messages]
    assert (
        messages_of(f"mutation {{ exportFlow(input: {{ {fields} }}) {{ errors {{ code }} }} }}", {}) == at_destination
    )


def test_a_variable_that_can_be_null_is_refused_where_exactly_one_field_is_needed() -> None:
    document = """mutation($w: ID) {
      exportFlow(input: { flowId: "f", destination: { workspaceId: $w } }) { errors { code } }
    }"""
    assert messages_of(document, {}) == [
        "Variable $w can be null; ExportDestinationInput takes exactly one field that isn't null. Declare it with `!`."
    ]
    assert messages_of(document.replace("ID)", "ID!)"), {"w": "w"}) == []


def test_introspection_tells_which_inputs_take_exactly_one_field() -> None:
    taking_one = [name for name, named in schema.graphql_schema.type_map.items() if getattr(named, "is_one_of", False)]
    assert sorted(taking_one) == ["ExportDestinationInput", "FlowSourceInput"]


@pytest.mark.parametrize(
    ("variables", "messages"),
    [
        (exporting(nam="n"), ['Variable $input: ExportFlowInput has no field "nam".']),
        (exporting(existingDraft="X"), ['Variable $input.existingDraft: Expected ExistingDraft, found "X".']),
        (exporting(destination={}), [f"Variable $input.destination: {TAKES_ONE}none."]),
    ],
)
def test_where_the_schema_is_closed_no_message_names_values_or_fields(
    variables: dict[str, Any], messages: list[str]
) -> None:
    assert messages_of(EXPORT, variables, hides_suggestions=True) == messages


def test_messages_repeat_no_more_than_100_characters_of_a_value() -> None:
    deep: Any = None
    for _ in range(500):
        deep = [deep]
    assert messages_of(PAGE, {"first": "x" * 1000}) == [f'Variable $first: Expected Int, found "{"x" * 99} ….']
    assert messages_of(PAGE, {"first": {"a": deep}}) == [
        "Variable $first: Expected Int, found a value that is nested too deeply."
    ]
    assert messages_of(EXPORT, exporting(**{"k" * 1000: 1})) == [
        f'Variable $input: ExportFlowInput has no field "{"k" * 99} ….'
    ]


NAMES = st.sampled_from(["flowId", "destination", "workspaceId", "overrideFlowId", "source", "state", "name", "other"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.just("text")
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5))


@given(value=VALUES)
def test_no_message_shows_a_value_as_python_writes_it(value: object) -> None:
    for message in messages_of(EXPORT, {"input": value}):
        assert re.findall(r"None|True|False|Undefined|\{'|\['|: '|found '", message) == []
