"""The fields of types: how their values are had, and what these are completed to."""

from typing import Any

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)

from app.execution.rows import COLUMN, DECLARED, RELATION, ToOne


class Shape:
    """The type that the values of a field are completed to."""

    __slots__ = ("element", "element_is_required", "is_list", "is_required", "leaf", "object", "type")

    def __init__(self, output: GraphQLOutputType) -> None:
        self.type = output
        self.is_required = isinstance(output, GraphQLNonNull)
        inner = output.of_type if isinstance(output, GraphQLNonNull) else output
        self.is_list = isinstance(inner, GraphQLList)
        element = inner.of_type if isinstance(inner, GraphQLList) else output
        self.element_is_required = isinstance(element, GraphQLNonNull)
        self.element = get_named_type(output)
        self.object: GraphQLObjectType | None = self.element if isinstance(self.element, GraphQLObjectType) else None
        """The type of its objects, where there is only one."""
        self.leaf: Any = self.element if is_leaf_type(self.element) else None


def is_connection(named: GraphQLNamedType) -> bool:
    """Whether it is answered in pages."""
    return is_composite_type(named) and named.name.endswith("Connection")


def column_or_relation(field: GraphQLField) -> tuple[str | None, ToOne | None]:
    """The column of a row that a field is, or the relation; if it is neither, a resolver says what the value is."""
    declared = field.extensions.get(DECLARED)
    if declared is None:
        return None, None
    relation, column = declared.metadata.get(RELATION), declared.metadata.get(COLUMN)
    is_plain = column is None and declared.base_resolver is None
    return declared.python_name if is_plain else column, relation
