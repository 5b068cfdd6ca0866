"""Resolvers get the arguments that Strawberry would make for them."""

from random import Random
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import get_arguments

from app.execution.rows import DECLARED
from app.execution.variable_values import coercion_of
from app.graphql.context import Info
from app.graphql.scalars import SCALARS
from app.graphql.schema import IMPLEMENTATIONS, Schema, schema
from tests.execution.test_variable_values import some
from tests.property_settings import EXAMPLES


@pytest.fixture(scope="module")
def plain() -> Schema:
    """The same schema, as Strawberry makes it."""
    config = StrawberryConfig(scalar_map=SCALARS, info_class=Info)
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


def sent_arguments(field: GraphQLField, random: Random) -> dict[str, Any]:
    """Arguments that fit: all that have to be given, and some of the others."""
    sent = {}
    for name, argument in field.args.items():
        while isinstance(argument.type, GraphQLNonNull) or random.random() < 0.5:
            value = some(argument.type, random)
            try:
                coercion_of(argument.type)(value)
            except Exception:  # noqa: BLE001, S112 - another value may fit
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
        kwargs={name: coercion_of(field.args[name].type)(value) for name, value in sent.items()},
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
        made = {field.args[each].out_name: coercion_of(field.args[each].type)(value) for each, value in sent.items()}
        assert made == as_strawberry_makes_them(plain, of_strawberry, sent)
