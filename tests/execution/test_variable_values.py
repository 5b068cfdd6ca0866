"""Variables are coerced as graphql-core does it, whether they fit or not."""

from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    get_nullable_type,
    parse,
)
from graphql.execution.values import get_variable_values

from app.execution import variable_values
from app.execution.variable_values import coerced_variables, coercion_of, coercion_of_named
from app.graphql.schema import schema
from tests.property_settings import EXAMPLES

INPUTS = [each for each in schema.graphql_schema.type_map.values() if isinstance(each, GraphQLInputObjectType)]
ODD: list[Any] = [None, "", "a", "\0", 0, 1, 2**31, 1.0, True, [], ["a"], [None], {}, {"a": 1}, float("nan")]


def operation(wanted: str, default: str = "") -> OperationDefinitionNode:
    [found] = parse(f"query ($value: {wanted} {default}) {{ viewer {{ id }} }}").definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def some(wanted: GraphQLInputType, random: Random) -> Any:
    """A value that mostly fits."""
    if random.random() < 0.03:
        return random.choice(ODD)
    inner = get_nullable_type(wanted)
    if inner is wanted and random.random() < 0.1:
        return None
    if isinstance(inner, GraphQLList):
        return [some(inner.of_type, random) for _ in range(random.randint(0, 3))]
    if isinstance(inner, GraphQLInputObjectType):
        return members(inner, random)
    if isinstance(inner, GraphQLEnumType):
        return random.choice([*inner.values])
    return {"Int": 7, "Boolean": True, "GraphInput": {"nodes": []}}.get(str(inner), "text")


def members(wanted: GraphQLInputObjectType, random: Random) -> dict[str, Any]:
    names = [random.choice([*wanted.fields])] if wanted.is_one_of else [*wanted.fields]
    given = {
        name: some(wanted.fields[name].type, random)
        for name in names
        if isinstance(wanted.fields[name].type, GraphQLNonNull) or wanted.is_one_of or random.random() < 0.5
    }
    return given | ({"unknown": 1} if random.random() < 0.02 else {})


def coerced(asked: OperationDefinitionNode, variables: dict[str, Any]) -> tuple[object, object]:
    """By us, and by graphql-core."""
    ours = coerced_variables(schema.graphql_schema, asked, variables, most_mistakes=5, hides_suggestions=False)
    theirs = get_variable_values(schema.graphql_schema, asked.variable_definitions or (), variables, max_errors=5)
    return shown(ours), shown(theirs)


def shown(found: Any) -> object:
    if isinstance(found, list):
        return [str(error) for error in found]
    sources = {name: (str(source.signature.type), repr(source.value)) for name, source in found.sources.items()}
    return sources, repr(found.coerced)


@pytest.mark.parametrize("wanted", INPUTS, ids=str)
@pytest.mark.parametrize("form", ["{}", "{}!", "[{}!]!", "[{}]"])
def test_inputs_are_coerced_as_by_graphql_core(wanted: GraphQLInputObjectType, form: str) -> None:
    random, asked, fitted = Random(f"{wanted} {form}"), operation(form.format(wanted)), 0  # noqa: S311
    for _ in range(3 * EXAMPLES):
        value = [members(wanted, random) for _ in range(2)] if "[" in form else members(wanted, random)
        ours, theirs = coerced(asked, {"value": value})
        assert ours == theirs
        fitted += isinstance(theirs, tuple)
    assert fitted > EXAMPLES / 4


@pytest.mark.parametrize("wanted", ["Int", "Int!", "[Int!]", "ID", "Boolean!", "FlowOrder", "Unknown", "Flow"])
@pytest.mark.parametrize("default", ["", "= 3"])
def test_odd_values_are_coerced_as_by_graphql_core(wanted: str, default: str) -> None:
    asked = operation(wanted, default)
    for variables in [{}, *({"value": value} for value in ODD)]:
        ours, theirs = coerced(asked, variables)
        assert ours == theirs


def test_what_fits_is_coerced_without_graphql_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variable_values, "get_variable_values", None)
    asked = operation("ExportFlowInput!")
    wish = {"flowId": "flow_1", "destination": {"workspaceId": "workspace_1"}}
    found = coerced_variables(schema.graphql_schema, asked, {"value": wish}, most_mistakes=5, hides_suggestions=False)
    assert not isinstance(found, list)
    assert found.coerced["value"].flow_id == "flow_1"


def test_no_more_is_kept_however_many_documents_there_are() -> None:
    kept = []
    for wanted in ["ExportFlowInput!", "[ExportFlowInput!]", "ExportFlowInput"] * 20:
        coerced_variables(
            schema.graphql_schema, operation(wanted), {"value": None}, most_mistakes=5, hides_suggestions=False
        )
        kept.append(coercion_of_named.cache_info().currsize)
    assert kept == [kept[0]] * len(kept)


def test_no_input_holds_itself() -> None:
    assert all(callable(coercion_of(each)) for each in INPUTS)
