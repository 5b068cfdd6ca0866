"""Coercing variables: what fits its type without question, by what is worked out once for each type.

graphql-core asks anew for each value what its type is, which takes as long as everything else about a call of many items.
What doesn't fit, or is out of the ordinary, is left to it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.pyutils import Undefined
from graphql.type import is_required_input_field
from graphql.utilities import value_from_ast_untyped
from graphql.utilities.coerce_input_value import coerce_default_value

Coerce = Callable[[Any], Any]


class CoercedVariables(dict[str, Any]):
    """The coerced variables of an operation, which also say what was sent for them."""

    def __init__(self, values: VariableValues) -> None:
        super().__init__(values.coerced)
        self._sources = values.sources

    def as_sent(self, name: str) -> object:
        """The JSON that was sent for a variable, or its default; Undefined where it was left out."""
        source = self._sources[name]
        default = source.signature.default
        if source.value is Undefined and default is not None and default.literal is not None:
            return value_from_ast_untyped(default.literal)
        return source.value


class CoercionError(Exception):
    """A value isn't what can be coerced here."""


def coerced_variables(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: dict[str, Any],
    *,
    most_mistakes: int,
    hides_suggestions: bool,
) -> VariableValues | list[GraphQLError]:
    """The values of an operation's variables, or what is wrong with them."""
    found: VariableValues | list[GraphQLError]
    try:
        found = _fitting(schema, operation, variables)
    except Exception:  # noqa: BLE001 - scalars raise what they like
        found = get_variable_values(
            schema,
            operation.variable_definitions or (),
            variables,
            max_errors=most_mistakes,
            hide_suggestions=hides_suggestions,
        )
    return found if isinstance(found, list) else found._replace(coerced=CoercedVariables(found))


def _fitting(schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> VariableValues:
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        signature = get_variable_signature(schema, definition)
        if isinstance(signature, GraphQLError):
            raise CoercionError
        name = signature.name
        if name in variables:
            sources[name] = VariableValueSource(signature, variables[name])
            coerced[name] = coercion_of(signature.type)(variables[name])
        elif definition.default_value is not None or isinstance(signature.type, GraphQLNonNull):
            raise CoercionError
        else:
            sources[name] = VariableValueSource(signature)
    return VariableValues(sources, coerced)


def coercion_of(wanted: GraphQLInputType) -> Coerce:
    """Coerces the values of a type. Raises CoercionError, or what a scalar raises. Types that hold themselves aren't for it."""
    if isinstance(wanted, GraphQLNonNull):
        return _not_null(coercion_of(wanted.of_type))
    if isinstance(wanted, GraphQLList):
        return _list(coercion_of(wanted.of_type))
    return coercion_of_named(wanted)


@cache
def coercion_of_named(wanted: GraphQLInputObjectType | GraphQLScalarType | GraphQLEnumType) -> Coerce:
    """Kept for the named types alone, of which the schema has so many: lists and others are made anew by each document."""
    return _object(wanted) if isinstance(wanted, GraphQLInputObjectType) else _leaf(wanted)


def _not_null(coerce: Coerce) -> Coerce:
    def not_null(value: object) -> Any:
        if value is None:
            raise CoercionError
        return coerce(value)

    return not_null


def _list(coerce: Coerce) -> Coerce:
    def elements(value: object) -> list[Any] | None:
        if value is None:
            return None
        if type(value) is not list:
            raise CoercionError
        return list(map(coerce, value))

    return elements


def _leaf(wanted: GraphQLScalarType | GraphQLEnumType) -> Coerce:
    coerce: Coerce = wanted.coerce_input_value

    def leaf(value: object) -> Any:
        if value is None:
            return None
        found = coerce(value)
        if found is Undefined:
            raise CoercionError
        return found

    return leaf


def _object(wanted: GraphQLInputObjectType) -> Coerce:
    fields = [
        (name, field.out_name or name, coercion_of(field.type), _default(field))
        for name, field in wanted.fields.items()
    ]
    make, is_one_of = wanted.out_type, wanted.is_one_of

    def members(value: object) -> Any:
        if value is None:
            return None
        if type(value) is not dict:
            raise CoercionError
        found, given = {}, 0
        for name, out_name, coerce, default in fields:
            if name in value:
                found[out_name] = coerce(value[name])
                given += 1
            elif default is Required:
                raise CoercionError
            elif default is not Undefined:
                found[out_name] = default
        if given != len(value) or (is_one_of and (given != 1 or None in found.values())):
            raise CoercionError
        return make(found)

    return members


class Required:
    """Stands for the default of a field that has to be given."""


def _default(field: GraphQLInputField) -> Any:
    return Required if is_required_input_field(field) else coerce_default_value(field)
