"""The fields of types: how their values are had, and what these are completed to."""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    get_named_type,
    is_composite_type,
    is_introspection_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from app.execution.relations import COLUMN, RELATION, One, Several, getter_of

AWAITED = "awaited"
"""Under which the metadata of a field say whether what its resolver returns is to be awaited."""

META_FIELDS = {
    "__typename": TypeNameMetaFieldDef,
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
}


Show = Callable[[Any], Any]


class Shape:
    """What the values of a field are completed to."""

    __slots__ = (
        "element",
        "element_is_required",
        "is_list",
        "is_required",
        "leaf",
        "object",
        "show",
        "type",
    )

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
        self.leaf: GraphQLLeafType | None = self.element if is_leaf_type(self.element) else None
        self.show: Show = not_shown if self.leaf is None else show_of(self.leaf)
        """Shows a leaf value, or an element of a list, that isn't null; raises where it can't be shown."""


def not_shown(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is no leaf value")


def show_of(leaf: GraphQLLeafType) -> Show:
    if isinstance(leaf, GraphQLEnumType):
        names = frozenset(leaf.values)
        return lambda value: value if value in names else leaf.coerce_output_value(value)
    if not takes_anything(leaf):
        return leaf.coerce_output_value

    def show(value: object) -> object:
        if isinstance(value, Exception):
            raise value
        return leaf.coerce_output_value(value)

    return show


def takes_anything(leaf: GraphQLLeafType) -> bool:
    """Whether a scalar shows whatever it is given, even an exception."""
    try:
        leaf.coerce_output_value(Exception())
    except Exception:  # noqa: BLE001 - which is what is asked
        return False
    return True


def is_connection(named: GraphQLNamedType) -> bool:
    """Whether it is answered in pages."""
    return is_composite_type(named) and named.name.endswith("Connection")


def definition_of(parent: GraphQLObjectType, name: str) -> GraphQLField:
    return META_FIELDS.get(name) or parent.fields[name]


@cache
def output_shape_of(parent: GraphQLObjectType, name: str) -> Shape:
    return Shape(definition_of(parent, name).type)


Get = Callable[[Any], Any]


@cache
def how_to_get(parent: GraphQLObjectType, name: str) -> tuple[str | None, Get | None, One | Several | None]:
    """How a field is had without asking its resolver, if it can be: a column, a function of the row, or a relation."""
    field = parent.fields.get(name)
    if field is None:
        return None, (lambda _: parent.name) if name == "__typename" else None, None
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return None, get_of_introspection(parent, field), None
    relation, column = definition.metadata.get(RELATION), definition.metadata.get(COLUMN)
    if isinstance(relation, One | Several):
        return None, None, relation
    if column is None and definition.base_resolver is None:
        column = definition.python_name
    return column, None if column is None else getter_of(column), None


def declared_resolver(definition: GraphQLField) -> StrawberryField | None:
    """The field as it was declared, if it was with a resolver."""
    declared = definition.extensions.get("strawberry-definition")
    return declared if isinstance(declared, StrawberryField) and declared.base_resolver is not None else None


def get_of_introspection(parent: GraphQLObjectType, field: GraphQLField) -> Get | None:
    """What tells of the schema, where it takes no arguments: all resolvers but one look at nothing but their parent."""
    resolve = field.resolve
    if (
        resolve is None
        or field.args
        or field is parent.fields.get("possibleTypes")
        or not is_introspection_type(parent)
    ):
        return None
    no_info = cast("GraphQLResolveInfo[Any]", None)
    return lambda each: resolve(each, no_info)
