"""Resolvers get the arguments that Strawberry would make for them."""

from random import Random
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLNonNull, GraphQLObjectType
from strawberry.schema.schema_converter import get_arguments

from app.execution.resolver_arguments import DECLARED, arguments_of, maker_of_objects
from app.execution.variable_values import coercion_of
from app.graphql.schema import schema
from tests.execution.test_variable_values import some
from tests.property_settings import EXAMPLES


def object_type(name: str) -> GraphQLObjectType:
    found = schema.graphql_schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


FIELDS = {
    f"{parent}.{name}": field
    for parent in ("Query", "Mutation", "Workspace", "Flow")
    for name, field in object_type(parent).fields.items()
    if field.args
}


def coerced(field: GraphQLField, random: Random) -> dict[str, Any]:
    """Arguments that fit: all that have to be given, and some of the others."""
    given = {}
    for name, argument in field.args.items():
        while isinstance(argument.type, GraphQLNonNull) or random.random() < 0.5:
            try:
                given[name] = coercion_of(argument.type)(some(argument.type, random))
            except Exception:  # noqa: BLE001, S112 - another value may fit
                continue
            break
    return given


def as_strawberry_makes_them(field: GraphQLField, given: dict[str, Any]) -> dict[str, Any]:
    declared, converter = field.extensions[DECLARED], schema.schema_converter
    unused: Any = None
    made = get_arguments(
        field=declared,
        source=None,
        info=unused,
        kwargs=given,
        config=schema.config,
        scalar_registry=converter.scalar_registry,
    )
    named = {argument.python_name for argument in declared.arguments}
    return {name: value for name, value in made[1].items() if name in named}


@pytest.mark.parametrize("name", FIELDS)
def test_arguments_are_made_as_by_strawberry(name: str) -> None:
    field, random = FIELDS[name], Random(name)  # noqa: S311
    for _ in range(EXAMPLES):
        given = coerced(field, random)
        assert arguments_of(field, given) == as_strawberry_makes_them(field, given)


def test_no_input_holds_itself() -> None:
    inputs = [each for each in schema.graphql_schema.type_map.values() if isinstance(each, GraphQLInputObjectType)]
    assert all(callable(maker_of_objects(each)) for each in inputs)
