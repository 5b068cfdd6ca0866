"""The plan of an operation: what is selected of each type, and how each of the fields is had.

It is made of the document, its operation and the conditions of `@skip` and `@include`, while it is executed, and knows
nothing of the values that are found.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, cast

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    VariableNode,
    Visitor,
    get_named_type,
    is_introspection_type,
    is_leaf_type,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import is_iterable
from orjson import Fragment
from strawberry.types.field import StrawberryField

from app.graphql.execution.meter import BYTES_PER_FIELD
from app.graphql.relations import KEY, One, Several

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
        "plain",
        "show",
        "show_element",
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
        self.show_element: Show = not_shown if self.leaf is None else show_of(self.leaf)
        """Shows a leaf value that isn't null; raises where it can't be shown."""
        self.show: Show = self._show_list if self.is_list else self.show_element
        self.plain = PLAIN.get(self.element.name, NOTHING_PLAIN) if not self.is_list else NOTHING_PLAIN
        """The classes of values that are shown as they are, or that JSON has a form for."""

    def _show_list(self, values: Any) -> list[Any]:
        if not is_iterable(values):
            raise TypeError(f"{type(values).__name__} is no {self.type}")
        shown = [None if value is None else self.show_element(value) for value in values]
        if self.element_is_required and None in shown:
            raise TypeError(f"an element of {self.type} is null")
        return shown


NOTHING_PLAIN: frozenset[type] = frozenset()
PLAIN = {
    "String": frozenset({str}),
    "ID": frozenset({str}),
    "Boolean": frozenset({bool}),
    "DateTime": frozenset({datetime}),
    "JSON": frozenset({Fragment}),
}


def not_shown(value: object) -> object:
    raise TypeError(f"{type(value).__name__} is no leaf value")


def show_of(leaf: GraphQLLeafType) -> Show:
    if isinstance(leaf, GraphQLEnumType):
        names = frozenset(leaf.values)
        # Rows have names, rules have members, which are equal to their names.
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


class FieldPlan:
    """A field that is selected of an object."""

    __slots__ = ("below", "definition", "details", "get", "is_connection", "name", "parent_type", "relation", "shape")

    def __init__(self, name: str, parent_type: GraphQLObjectType, details: FieldDetailsList) -> None:
        self.name = name
        """As the answer has it."""
        self.parent_type = parent_type
        self.details = details
        field_name = details[0].node.name.value
        self.definition = definition_of(parent_type, field_name)
        self.shape = shape_of(parent_type, field_name)
        self.is_connection = self.shape.element.name.endswith("Connection")
        self.get, self.relation = access_of(parent_type, field_name)
        """An attribute of the parent, or a relation; if it is neither, a resolver says what the value is."""
        self.below: dict[GraphQLObjectType, Selection] = {}

    @property
    def node(self) -> FieldNode:
        """Where it stands in the document; where it is repeated, its first place says enough."""
        return self.details[0].node


class Selection:
    """What is selected of the objects of a type."""

    __slots__ = ("bytes", "fields", "nulls", "type")

    def __init__(self, type_: GraphQLObjectType, fields: Sequence[FieldPlan]) -> None:
        self.type = type_
        self.fields = fields
        self.nulls: dict[str, Any] = dict.fromkeys(field.name for field in fields)
        """What each object is answered as, before its fields are known."""
        self.bytes = sum(len(field.name) + BYTES_PER_FIELD for field in fields)
        """How many bytes the names take in each of them."""


MOST_KEPT = 2
"""For how many sets of conditions the selections of an operation are kept."""


class PlannedSelections:
    """What is selected by an operation that is asked for again and again, by the values of its conditions."""

    def __init__(self) -> None:
        self._conditions: frozenset[str] | None = None
        self._kept: LRUCache[tuple[object, ...], Selection] = LRUCache(MOST_KEPT)

    def root(self, document: DocumentNode, variables: VariableValues, make: Callable[[], Selection]) -> Selection:
        if self._conditions is None:
            self._conditions = conditions_of(document)
        key = tuple(variables.coerced.get(name) for name in sorted(self._conditions))
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = make()
        return found


def conditions_of(document: DocumentNode) -> frozenset[str]:
    """The variables on which it depends what is selected: those that stand in directives."""
    found: set[str] = set()

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            values = [argument.value for argument in node.arguments or ()]
            found.update(value.name.value for value in values if isinstance(value, VariableNode))

    visit(document, Directives())
    return frozenset(found)


class Plan:
    """An operation with its variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: VariableValues,
        *,
        hides_suggestions: bool,
        kept: PlannedSelections | None = None,
    ) -> None:
        self._document = document
        self._kept = kept
        self.schema = schema
        self.operation = operation
        self.variables = variables
        self.hides_suggestions = hides_suggestions
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._details = {name: FragmentDetails(node) for name, node in self.fragments.items()}

    @classmethod
    def of(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: dict[str, Any],
        *,
        most_mistakes: int = 50,
        hides_suggestions: bool = False,
        kept: PlannedSelections | None = None,
    ) -> "Plan | list[GraphQLError]":
        """The plan of an operation, or what is wrong with its variables."""
        values = get_variable_values(
            schema,
            operation.variable_definitions or (),
            variables,
            max_errors=most_mistakes,
            hide_suggestions=hides_suggestions,
        )
        if isinstance(values, list):
            return values
        return cls(schema, document, operation, values, hides_suggestions=hides_suggestions, kept=kept)

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    def root(self) -> Selection:
        """What is selected of the root. Raises GraphQLError where a condition isn't acceptable."""
        if self._kept is None:
            return self._root()
        return self._kept.root(self._document, self.variables, self._root)

    def _root(self) -> Selection:
        root_type = self.schema.get_root_type(self.operation.operation)
        if root_type is None:
            raise TypeError(f"the schema has no {self.operation.operation.value}")
        collected = collect_fields(
            self.schema, self._details, self.variables, root_type, self.operation, self.hides_suggestions
        )
        return self._selection(root_type, collected.grouped_field_set)

    def below(self, field: FieldPlan, type_: GraphQLObjectType) -> Selection:
        """What is selected of the objects of this type to which a field leads."""
        found = field.below.get(type_)
        if found is None:
            collected = collect_subfields(
                self.schema,
                self._details,
                self.variables,
                self.operation,
                type_,
                field.details,
                self.hides_suggestions,
            )
            found = field.below[type_] = self._selection(type_, collected.grouped_field_set)
        return found

    @staticmethod
    def _selection(type_: GraphQLObjectType, grouped: dict[str, FieldDetailsList]) -> Selection:
        return Selection(type_, [FieldPlan(name, type_, details) for name, details in grouped.items()])


def definition_of(parent: GraphQLObjectType, name: str) -> GraphQLField:
    return META_FIELDS.get(name) or parent.fields[name]


@cache
def shape_of(parent: GraphQLObjectType, name: str) -> Shape:
    return Shape(definition_of(parent, name).type)


Get = Callable[[Any], Any]


@cache
def access_of(parent: GraphQLObjectType, name: str) -> tuple[Get | None, One | Several | None]:
    """How a field is had without asking its resolver, if it can be: of an attribute, or as a relation."""
    if name == "__typename":
        return lambda _: parent.name, None
    field = parent.fields.get(name)
    if field is None:
        return None, None
    definition = field.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryField):
        return get_of_introspection(parent, field), None
    relation = definition.metadata.get(KEY)
    if isinstance(relation, One | Several):
        return None, relation
    resolver = definition.base_resolver
    if resolver is None:
        return attrgetter(definition.python_name), None
    if not definition.is_async and not definition.arguments and resolver.info_parameter is None:
        return cast("Get", resolver.wrapped_func), None
    return None, None


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
