"""How the executor gets at the value of a field: straight from an attribute, through a relation, or by a resolver."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from app.graphql.relations import KEY, One


class _NotPlain:
    """What stands for a value that takes the long way: one that is missing, or can't be shown."""


NOT_PLAIN: Final = _NotPlain()


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf value, or a list of leaf values, that is an attribute of its parent."""

    attribute: str
    output: Callable[[Any], Any]
    is_nullable: bool

    def value_of(self, parent: object) -> Any:
        value = getattr(parent, self.attribute, None)
        if value is None:
            return None if self.is_nullable else NOT_PLAIN
        try:
            shown = self.output(value)
        except Exception:  # noqa: BLE001 - graphql-core says what is wrong with it
            return NOT_PLAIN
        return NOT_PLAIN if shown is None or shown is Undefined else shown


@dataclass(frozen=True, slots=True)
class Nested:
    """An object, or a list of objects, that is an attribute of its parent."""

    attribute: str
    type: GraphQLOutputType


@dataclass(frozen=True, slots=True)
class Related:
    """What a relation leads to."""

    relation: One
    type: GraphQLOutputType

    @property
    def is_required(self) -> bool:
        return isinstance(self.type, GraphQLNonNull)


Access = Leaf | Nested | Related | None


@cache
def access_of(parent: GraphQLObjectType, name: str) -> Access:
    """None: a resolver says what the value is."""
    field = parent.fields.get(name)
    definition = field.extensions.get("strawberry-definition") if field is not None else None
    if field is None or not isinstance(definition, StrawberryField):
        return None
    relation = definition.metadata.get(KEY)
    if isinstance(relation, One):
        return Related(relation, field.type)
    if not definition.is_basic_field:
        return None
    return _leaf(definition.python_name, field.type) or Nested(definition.python_name, field.type)


def _leaf(attribute: str, output: GraphQLOutputType) -> Leaf | None:
    inner = output.of_type if isinstance(output, GraphQLNonNull) else output
    element = get_named_type(inner)
    if not is_leaf_type(element):
        return None
    show = element.coerce_output_value
    if isinstance(inner, GraphQLList):
        return Leaf(attribute, lambda values: [show(value) for value in values], inner is output)
    return Leaf(attribute, show, inner is output)


def type_of(value: object, schema: GraphQLSchema) -> GraphQLObjectType | None:
    """The type of the schema that an object is of: its class bears the name; None where that says nothing."""
    found = schema.type_map.get(type(value).__name__)
    return found if isinstance(found, GraphQLObjectType) else None
