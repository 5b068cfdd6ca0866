"""The plan of an operation: what is selected of each type.

It is made of the document, its operation and the conditions of `@skip` and `@include`, and knows nothing of the values
that are found: so it is kept for those who ask for the same again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cachetools import LRUCache
from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_variable_values

from app.graphql.execution.fields import access_of, definition_of, shape_of
from app.graphql.execution.meter import BYTES_PER_FIELD


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
