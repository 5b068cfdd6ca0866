"""Resolvers get the arguments that Strawberry would make for them."""

from random import Random
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_nullable_type,
)
from graphql.pyutils import Undefined
from graphql.utilities import coerce_input_value
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import get_arguments

from app.execution.rows import DECLARED
from app.graphql.describe import SCALARS
from app.graphql.schema import IMPLEMENTATIONS, Schema, SchemaNames, schema
from tests.property_settings import EXAMPLES


@pytest.fixture(scope="module")
def plain() -> Schema:
    """The same schema, as Strawberry makes it."""
    config = StrawberryConfig(scalar_map=SCALARS, name_converter=SchemaNames())
    return Schema(schema.query, mutation=schema.mutation, types=IMPLEMENTATIONS, config=config)


def field_of(of: GraphQLSchema, parent: str, name: str) -> GraphQLField:
    found = of.type_map[parent]
    assert isinstance(found, GraphQLObjectType)
    field: GraphQLField = found.fields[name]
    return field


FIELDS = [
    (parent, name)
    for parent in ("Query", "Mutation", "Workspace", "Flow")
    for name, field in schema.graphql_schema.type_map[parent].fields.items()  # type: ignore[attr-defined]
    if field.args
]


def some(wanted: GraphQLInputType, random: Random) -> Any:
    """A value that fits."""
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
    return {
        name: some(wanted.fields[name].type, random)
        for name in names
        if isinstance(wanted.fields[name].type, GraphQLNonNull) or wanted.is_one_of or random.random() < 0.5
    }


def sent_arguments(field: GraphQLField, random: Random) -> dict[str, Any]:
    """Arguments that fit: all that have to be given, and some of the others."""
    sent = {}
    for name, argument in field.args.items():
        while isinstance(argument.type, GraphQLNonNull) or random.random() < 0.5:
            value = some(argument.type, random)
            if coerce_input_value(value, argument.type) is Undefined:
                continue
            sent[name] = value
            break
    return sent


def as_strawberry_makes_them(plain: Schema, field: GraphQLField, sent: dict[str, Any]) -> dict[str, Any]:
    unused: Any = None
    _, made = get_arguments(
        field=field.extensions[DECLARED],
        source=None,
        info=unused,
        kwargs={name: coerce_input_value(value, field.args[name].type) for name, value in sent.items()},
        config=plain.config,
        scalar_registry=plain.schema_converter.scalar_registry,
    )
    named = {argument.python_name for argument in field.extensions[DECLARED].arguments}
    return {name: value for name, value in made.items() if name in named}


@pytest.mark.parametrize(("parent", "name"), FIELDS)
def test_arguments_are_made_as_by_strawberry(plain: Schema, parent: str, name: str) -> None:
    field, of_strawberry = field_of(schema.graphql_schema, parent, name), field_of(plain.graphql_schema, parent, name)
    random = Random(f"{parent}.{name}")  # noqa: S311
    for _ in range(EXAMPLES):
        sent = sent_arguments(field, random)
        made = {
            field.args[each].out_name: coerce_input_value(value, field.args[each].type) for each, value in sent.items()
        }
        assert made == as_strawberry_makes_them(plain, of_strawberry, sent)
