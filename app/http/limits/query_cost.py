"""The limits of documents and of the lists in their variables, and what an operation asks for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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
from app.execution.request_errors import LIMIT_EXCEEDED, UnacceptableInput
from app.graphql.schema import schema
from app.settings import Settings

MOST_LISTS_NAMED = 8
"""How many lists of the most expensive part a message names."""


MANY_EXPORTS = "ExportFlowsInput"
ELEMENTS_OF_AN_ITEM = 8
"""Elements that each item of a call of many exports may add, itself among them: such a call may take longer for each item."""


class LimitExceeded(UnacceptableInput):
    """A document is above a limit; the message names the limit, its maximum and the document's value."""

    def __init__(self, limit: str, value: int | str, maximum: int, *, costly_lists: Sequence[str] = ()) -> None:
        message = (
            f"The document has {value} {limit}; at most {maximum} are allowed. Ask for less, or in several requests."
        )
        if limit in {"depth", "cost"}:
            reason = ""
            if costly_lists and limit == "cost":
                more = ("…",) if len(costly_lists) > MOST_LISTS_NAMED else ()
                reason = f" The most expensive part is {' × '.join((*costly_lists[:MOST_LISTS_NAMED], *more))}."
            message = (
                f"The document has a {limit} of {value}; at most {maximum} is allowed.{reason} Ask for less at once."
            )
        super().__init__(message, {"code": LIMIT_EXCEEDED, "limit": limit, "maximum": maximum})


def check_limits(query_cost: "QueryCost", settings: Settings, *, is_mutation: bool) -> None:
    """Refuse an operation that is over one of the limits."""
    roots = ("mutations", settings.max_mutations) if is_mutation else ("root fields", settings.max_root_fields)
    for limit, value, maximum in (
        ("depth", query_cost.depth, settings.max_depth),
        ("fields", query_cost.fields, settings.max_fields),
        ("aliases", query_cost.aliases, settings.max_aliases),
        ("directives", query_cost.directives, settings.max_directives),
        (roots[0], query_cost.roots, roots[1]),
        ("cost", query_cost.cost, settings.max_cost),
    ):
        if value > maximum:
            raise LimitExceeded(limit, value, maximum, costly_lists=query_cost.costly_lists)


def check_inputs(operation: OperationDefinitionNode, variables: Mapping[str, Any], *, most: int) -> None:
    """Refuse variables whose lists have more elements in all; values of JSON scalars don't count."""
    elements = 0
    for definition in operation.variable_definitions or ():
        value = variables.get(definition.variable.name.value)
        if not isinstance(value, list | dict):
            continue
        input_type = type_from_ast(schema.graphql_schema, definition.type)
        if is_input_type(input_type):
            most += ELEMENTS_OF_AN_ITEM * _items_of(value, input_type)
            for length in _lengths(value, input_type):
                elements += length
                if elements > most:
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


@dataclass(frozen=True, slots=True)
class QueryCost:
    """The size of a selection, fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    roots: int = 0
    cost: int = 0
    """The objects that the answer can hold at most."""
    per_element: int = 0
    """In a connection: the cost of one element of its page."""
    costly: int = 0
    """The cost of the most expensive field."""
    costly_lists: tuple[str, ...] = ()
    """The lists on the most expensive path from there inwards, with their lengths: `workspaces (50)`, `flows (100)`."""

    def __add__(self, other: "QueryCost") -> "QueryCost":
        costlier = other if other.costly > self.costly else self
        return QueryCost(
            max(self.depth, other.depth),
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.roots + other.roots,
            self.cost + other.cost,
            self.per_element + other.per_element,
            costlier.costly,
            costlier.costly_lists,
        )


NOTHING = QueryCost()


NOT_GIVEN: Final = object()


@dataclass(frozen=True, slots=True)
class KnownCost:
    """The cost of an operation for some values of its variables."""

    variables: Mapping[str, object]
    """The values of variables that the cost depends on; `NOT_GIVEN`, which differs from null, for a missing one."""
    cost: int

    def holds_for(self, variables: Mapping[str, object]) -> bool:
        for name, value in self.variables.items():
            sent = variables.get(name, NOT_GIVEN)
            # 1, 1.0 and true are equal in Python, but different in GraphQL.
            if type(sent) is not type(value) or sent != value:
                return False
        return True
