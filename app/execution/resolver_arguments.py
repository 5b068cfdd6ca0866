"""Arguments as resolvers take them: objects of input types are made by what is worked out once for each type.

Strawberry asks anew for each value what its type is, which takes an item of a call as long as half of its rules.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLInputType, GraphQLList, get_nullable_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

Make = Callable[[Any], Any]

DECLARED = GraphQLCoreConverter.DEFINITION_BACKREF
"""Where a part of the schema keeps what Strawberry has made it of."""


def arguments_of(definition: GraphQLField, coerced: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a resolver by their names in Python; one that was left out isn't there."""
    made = {}
    for name, value in coerced.items():
        argument = definition.args[name]
        declared: StrawberryArgument = argument.extensions[DECLARED]
        made[declared.python_name] = maker_of(argument.type)(value)
    return made


def maker_of(wanted: GraphQLInputType) -> Make:
    """Makes what a resolver takes of a coerced value. Types that hold themselves aren't for it."""
    inner = get_nullable_type(wanted)
    if isinstance(inner, GraphQLList):
        make = maker_of(inner.of_type)
        return lambda values: None if values is None else [*map(make, values)]
    return maker_of_objects(inner) if isinstance(inner, GraphQLInputObjectType) else as_it_is


def as_it_is(value: object) -> object:
    """Scalars and enumerations are what they were coerced to."""
    return value


@cache
def maker_of_objects(wanted: GraphQLInputObjectType) -> Make:
    """Kept for the input types alone, of which the schema has so many."""
    declared: StrawberryObjectDefinition = wanted.extensions[DECLARED]
    class_ = cast("Callable[..., Any]", declared.origin)
    members = {name: _member(field.extensions[DECLARED], field.type) for name, field in wanted.fields.items()}

    def make(value: Mapping[str, Any] | None) -> Any:
        if value is None:
            return None
        given = {}
        for name, each in value.items():
            python_name, make_member = members[name]
            given[python_name] = each if make_member is as_it_is else make_member(each)
        return class_(**given)

    return make


def _member(declared: StrawberryField, wanted: GraphQLInputType) -> tuple[str, Make]:
    return declared.python_name, maker_of(wanted)
