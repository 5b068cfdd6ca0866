"""How the executor gets at the value of a field: straight from an attribute, through a relation, or by a resolver."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, cast

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from strawberry.types.field import StrawberryField

from app.graphql.execution.meter import BYTES_PER_FIELD
from app.graphql.relations import KEY, One


class _NotPlain:
    """What stands for a value that takes the long way: one that is missing, or can't be shown."""


NOT_PLAIN: Final = _NotPlain()
TYPE_NAME = "__typename"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf value, or a list of leaf values, that its parent has."""

    get: Callable[[Any], Any]
    output: Callable[[Any], Any]
    is_nullable: bool

    def value_of(self, parent: object) -> Any:
        try:
            value = self.get(parent)
            if value is None:
                return None if self.is_nullable else NOT_PLAIN
            shown = self.output(value)
        except Exception:  # noqa: BLE001 - graphql-core says what is wrong with it
            return NOT_PLAIN
        return NOT_PLAIN if shown is None or shown is Undefined else shown


@dataclass(frozen=True, slots=True)
class Nested:
    """An object, or a list of objects, that its parent has."""

    get: Callable[[Any], Any]
    type: GraphQLOutputType


@dataclass(frozen=True, slots=True)
class Related:
    """What a relation leads to."""

    relation: One
    type: GraphQLOutputType
    is_required: bool


@dataclass(frozen=True, slots=True)
class Paged:
    """A connection, which a resolver reads."""


Access = Leaf | Nested | Related | Paged | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A field that is selected of an object."""

    name: str
    """As the answer has it."""
    details: FieldDetailsList
    access: Access


@dataclass(frozen=True, slots=True)
class Plan:
    """What is selected of the objects of a type."""

    fields: tuple[Planned, ...]
    bytes: int
    """How many bytes the names take in each of them."""


def plan_of(parent: GraphQLObjectType, selected: GroupedFieldSet) -> Plan:
    fields = (
        Planned(name, details, access_of(parent, details[0].node.name.value)) for name, details in selected.items()
    )
    return Plan(tuple(fields), sum(len(name) + BYTES_PER_FIELD for name in selected))


@cache
def access_of(parent: GraphQLObjectType, name: str) -> Access:
    """None: a resolver says what the value is."""
    if name == TYPE_NAME:
        return Leaf(lambda _: parent.name, str, is_nullable=False)
    field = parent.fields.get(name)
    if field is None:
        return None
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return _leaf_of_introspection(parent, field)
    relation = definition.metadata.get(KEY)
    if isinstance(relation, One):
        return Related(relation, field.type, isinstance(field.type, GraphQLNonNull))
    if not definition.is_basic_field:
        return Paged() if get_named_type(field.type).name.endswith("Connection") else None
    get = attrgetter(definition.python_name)
    return _leaf(get, field.type) or Nested(get, field.type)


def _leaf_of_introspection(parent: GraphQLObjectType, field: GraphQLField) -> Leaf | None:
    """What tells of the schema, where it takes no arguments; its resolvers look at nothing but their parent."""
    resolve = field.resolve
    if resolve is None or field.args or not is_introspection_type(parent):
        return None
    return _leaf(lambda each: resolve(each, cast("GraphQLResolveInfo[Any]", None)), field.type)


def _leaf(get: Callable[[Any], Any], output: GraphQLOutputType) -> Leaf | None:
    inner = output.of_type if isinstance(output, GraphQLNonNull) else output
    element = get_named_type(inner)
    if not is_leaf_type(element):
        return None
    show = element.coerce_output_value
    if isinstance(inner, GraphQLList):
        return Leaf(get, lambda values: [show(value) for value in values], inner is output)
    return Leaf(get, show, inner is output)


def type_of(value: object, schema: GraphQLSchema) -> GraphQLObjectType | None:
    """The type of the schema that an object is of: its class bears the name; None where that says nothing."""
    found = schema.type_map.get(type(value).__name__)
    return found if isinstance(found, GraphQLObjectType) else None
