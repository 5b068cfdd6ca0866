"""The values of an operation's variables, which also say what was sent for them."""

from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import Undefined
from graphql.utilities import value_from_ast_untyped


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


def coerced_variables(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    variables: dict[str, Any],
    *,
    most_mistakes: int,
    hides_suggestions: bool,
) -> VariableValues | list[GraphQLError]:
    """The values of an operation's variables, or what is wrong with them."""
    values = get_variable_values(
        schema,
        operation.variable_definitions or (),
        variables,
        max_errors=most_mistakes,
        hide_suggestions=hides_suggestions,
    )
    return values if isinstance(values, list) else values._replace(coerced=CoercedVariables(values))
