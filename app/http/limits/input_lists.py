"""Limits the elements of lists in variables, before anything is made from the elements."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationDefinitionNode,
    get_named_type,
    is_input_type,
    type_from_ast,
)

from app.domain.batch import MOST_ITEMS
from app.graphql.schema import schema
from app.http.limits.query_cost import LimitExceeded

MANY_EXPORTS = "ExportFlowsInput"
ELEMENTS_OF_AN_ITEM = 8
"""Elements that each item of a call of many exports may add, itself among them: such a call may take longer for each item."""


def check_inputs(operation: OperationDefinitionNode, variables: Mapping[str, Any], *, most: int) -> None:
    """Refuse variables whose lists have more elements in all; values of JSON scalars don't count."""
    found = 0
    for definition in operation.variable_definitions or ():
        value = variables.get(definition.variable.name.value)
        if not isinstance(value, list | dict):
            continue
        input_type = type_from_ast(schema.graphql_schema, definition.type)
        if is_input_type(input_type):
            most += ELEMENTS_OF_AN_ITEM * _items_of(value, input_type)
            for length in _lengths(value, input_type):
                found += length
                if found > most:
                    raise LimitExceeded("elements in lists of its variables", f"more than {most}", most)


def _items_of(value: object, input_type: GraphQLInputType) -> int:
    """The number of items of a call of many exports, at most as many as are allowed."""
    if get_named_type(input_type).name != MANY_EXPORTS or not isinstance(value, dict):
        return 0
    items = value.get("items")
    return min(len(items), MOST_ITEMS) if isinstance(items, list) else 0


def _lengths(value: object, input_type: GraphQLInputType) -> Iterator[int]:
    """The lengths of the lists in a value: at each level one, before what is below it."""
    inner = input_type.of_type if isinstance(input_type, GraphQLNonNull) else input_type
    if isinstance(inner, GraphQLList) and isinstance(value, list):
        yield len(value)
        if isinstance(get_named_type(inner), GraphQLInputObjectType):
            for element in value:
                yield from _lengths(element, inner.of_type)
    elif isinstance(inner, GraphQLInputObjectType) and isinstance(value, dict):
        for name, below in value.items():
            if name in inner.fields and isinstance(below, list | dict):
                yield from _lengths(below, inner.fields[name].type)
