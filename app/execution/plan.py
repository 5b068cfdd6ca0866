"""The plan of an operation: the fields that it selects on each type.

A plan follows from the document, its operation and the conditions of `@skip` and `@include`, and holds no values, so
that later requests of the same operation use it again.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any

from cachetools import FIFOCache
from graphql import (
    DirectiveNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from graphql.pyutils import Undefined
from graphql.utilities import value_from_ast_untyped

from app.execution.fields import Shape, column_or_relation, is_connection
from app.execution.rows import PageColumns
from app.meter import BYTES_PER_FIELD


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


NO_VARIABLES = VariableValues({}, CoercedVariables(VariableValues({}, {})))


class FieldPlan:
    """A field that is selected of an object."""

    __slots__ = (
        "arguments",
        "below",
        "column",
        "definition",
        "details",
        "is_connection",
        "name",
        "node",
        "page_columns",
        "parent_type",
        "relation",
        "shape",
    )

    def __init__(
        self, schema: GraphQLSchema, name: str, parent_type: GraphQLObjectType, details: FieldDetailsList
    ) -> None:
        self.name = name
        """The key of the field in the answer."""
        self.parent_type = parent_type
        self.details = details
        self.node = details[0].node
        """The node of the field in the document; the first one of a repeated field."""
        # A valid document selects no field that its type doesn't have.
        definition: Any = schema.get_field(parent_type, self.node.name.value)
        self.definition: GraphQLField = definition
        self.shape = Shape(definition.type)
        self.is_connection = is_connection(self.shape.element)
        self.column, self.relation = column_or_relation(definition)
        self.arguments: tuple[dict[str, Any], dict[str, str]] | bool | None = None
        """The values of arguments without variables, and the variables of the others by argument; None until converted.

        False: a variable is a part of an argument.
        """
        self.below: dict[GraphQLObjectType, Selection] = {}
        self.page_columns: PageColumns | None = None
        """The columns that a connection reads; None until they are known."""


class Selection:
    """The selection on the objects of a type."""

    __slots__ = ("bytes_of_names", "cache", "fields", "type")

    def __init__(self, type_: GraphQLObjectType, fields: Sequence[FieldPlan]) -> None:
        self.type = type_
        self.fields = fields
        self.bytes_of_names = sum(len(field.name) + BYTES_PER_FIELD for field in fields)
        self.cache: dict[Any, Any] = {}
        """The compiled selection."""


MOST_CACHED_PLANS, MOST_CACHED_FIELDS = 400, 300
"""How many plans are cached, and how many fields one may have for that: a field takes less than a kilobyte."""


class CachedPlan:
    """The selections of an operation for one set of conditions; it grows with each type that answers have."""

    __slots__ = ("fields", "root")

    def __init__(self) -> None:
        self.root: Selection | None = None
        self.fields = 0
        """How many fields were planned."""


class PlanCache:
    """The plans of repeated operations, by document, operation and conditions."""

    def __init__(self) -> None:
        self._cached = FIFOCache[Hashable, CachedPlan](MOST_CACHED_PLANS)

    def plan_for(self, key: Hashable) -> CachedPlan:
        plan = self._cached.get(key)
        if plan is None or plan.fields > MOST_CACHED_FIELDS:
            plan = self._cached[key] = CachedPlan()
        return plan


def variables_of(field: FieldPlan) -> dict[str, str]:
    """The variables that are whole arguments of a field, by the names of these arguments in Python."""
    return {
        field.definition.args[each.name.value].out_name or each.name.value: each.value.name.value
        for each in field.node.arguments or ()
        if isinstance(each.value, VariableNode)
    }


def holds_variable(value: ValueNode) -> bool:
    """Whether a variable is a part of a value, which may be read only with the values of variables."""
    if isinstance(value, ListValueNode):
        parts: Iterable[ValueNode] = value.values
    else:
        parts = [field.value for field in value.fields] if isinstance(value, ObjectValueNode) else []
    return any(isinstance(part, VariableNode) or holds_variable(part) for part in parts)


def conditions_of(document: DocumentNode) -> frozenset[str]:
    """The variables in directives, which decide what is selected."""
    names: set[str] = set()

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: object) -> None:
            values = [argument.value for argument in node.arguments or ()]
            names.update(value.name.value for value in values if isinstance(value, VariableNode))

    visit(document, Directives())
    return frozenset(names)


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
        cached: CachedPlan | None = None,
    ) -> None:
        self._cached = cached or CachedPlan()
        self.schema = schema
        self.operation = operation
        self.is_mutation = operation.operation is OperationType.MUTATION
        self.variables = variables
        self.hides_suggestions = hides_suggestions
        self._document = document

    @cached_property
    def _fragments(self) -> dict[str, FragmentDetails]:
        nodes = [node for node in self._document.definitions if isinstance(node, FragmentDefinitionNode)]
        return {node.name.value: FragmentDetails(node) for node in nodes}

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
        cached: Callable[[VariableValues], CachedPlan] | None = None,
    ) -> "Plan | list[GraphQLError]":
        """The plan of an operation, or what is wrong with its variables; `cached` says which plan there is for these."""
        if operation.variable_definitions:
            coerced = get_variable_values(
                schema,
                operation.variable_definitions,
                variables,
                max_errors=most_mistakes,
                hide_suggestions=hides_suggestions,
            )
            if isinstance(coerced, list):
                return coerced
            values = VariableValues(coerced.sources, CoercedVariables(coerced))
        else:
            values = NO_VARIABLES
        plan_cached = None if cached is None else cached(values)
        return cls(schema, document, operation, values, hides_suggestions=hides_suggestions, cached=plan_cached)

    def root(self) -> Selection:
        """The selection on the root. Raises GraphQLError where a condition isn't acceptable."""
        if self._cached.root is not None:
            return self._cached.root
        root_type = self.schema.get_root_type(self.operation.operation)
        if root_type is None:
            raise TypeError(f"the schema has no {self.operation.operation.value}")
        collected = collect_fields(
            self.schema, self._fragments, self.variables, root_type, self.operation, self.hides_suggestions
        )
        self._cached.root = root = self._selection(root_type, collected.grouped_field_set)
        return root

    def arguments(self, field: FieldPlan) -> dict[str, Any]:
        """The arguments of a field as its resolver takes them. Raises GraphQLError where one isn't acceptable."""
        if isinstance(field.arguments, tuple):
            constants, variables = field.arguments
            values = {name: self.variables.coerced.get(variable) for name, variable in variables.items()}
            if None not in values.values():
                return constants | values
        in_fragment = field.details[0].fragment_variable_values
        arguments = get_argument_values(
            field.definition, field.node, self.variables, in_fragment, self.hides_suggestions
        )
        if field.arguments is None:
            variables = variables_of(field)
            constants = {name: value for name, value in arguments.items() if name not in variables}
            is_known = in_fragment is None and not any(
                holds_variable(each.value) for each in field.node.arguments or ()
            )
            field.arguments = is_known and (constants, variables)
        return arguments

    def below(self, field: FieldPlan, type_: GraphQLObjectType) -> Selection:
        """The selection on the objects of this type to which a field leads."""
        selection = field.below.get(type_)
        if selection is None:
            collected = collect_subfields(
                self.schema,
                self._fragments,
                self.variables,
                self.operation,
                type_,
                field.details,
                self.hides_suggestions,
            )
            selection = field.below[type_] = self._selection(type_, collected.grouped_field_set)
        return selection

    def _selection(self, type_: GraphQLObjectType, grouped: dict[str, FieldDetailsList]) -> Selection:
        self._cached.fields += len(grouped)
        return Selection(type_, [FieldPlan(self.schema, name, type_, details) for name, details in grouped.items()])
