"""The cost of a document, found before anything of it is checked or run.

Every selection of the document is visited once, however often fragments are spread: what a fragment costs is remembered
and added up. The cost is a static upper bound of the objects that an answer can hold: 1 for each object,
the page size times its content for a connection, 10 times its content for a list that isn't paged, 10 for a mutation.
The real length of lists that aren't paged is known only when they are read: see `app.meter`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    InlineFragmentNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    value_from_ast_untyped,
)

from app.execution.fields import is_connection
from app.execution.request_errors import UnacceptableInput
from app.graphql.connections import LARGEST_PAGE, USUAL_PAGE, PageArguments
from app.graphql.schema import schema
from app.http.documents import Operation
from app.http.limits.query_cost import NOT_GIVEN, NOTHING, KnownCost, QueryCost, check_limits
from app.meter import MUTATION_COST
from app.offload import offload
from app.settings import Settings

SCHEMA = schema.graphql_schema
LIST_COST = 10
ELEMENTS = {"edges", "nodes"}
"""The fields of a connection that hold the elements of its page."""
ITEMS = {
    "ExportPlans": "plans",
    **dict.fromkeys(
        (
            "ExportFlowsPayload",
            "PublishFlowDraftsPayload",
            "UndoExportsPayload",
            "StartFlowsPayload",
            "StopFlowsPayload",
        ),
        "results",
    ),
}
"""The fields of payloads that hold one element for each item of the input."""
LISTS_OF_ITEMS = ("items", "flowIds", "exportIds")
"""The lists of inputs that have the items."""


MOST_KNOWN_COSTS = 8
"""For how many sets of variables the cost of an operation is cached."""


async def allowed_cost_of(operation: Operation, variables: Mapping[str, Any], settings: Settings) -> int:
    """Analyse the cost of an operation, or take it from the cache. Raises for a cost over a limit.

    The cache holds only allowed costs that depend on short values.
    """
    for cached_cost in operation.costs:
        if cached_cost.holds_for(variables):
            return cached_cost.cost
    analysis = CostAnalysis(operation.document.node, variables, settings.max_page_size)
    query_cost = await offload(len(operation.document.source), analysis.operation, operation.node)
    check_limits(query_cost, settings, is_mutation=operation.type is OperationType.MUTATION)
    if operation.document.is_valid and all(
        value is NOT_GIVEN or isinstance(value, int | None) for value in analysis.read.values()
    ):
        operation.costs.insert(0, KnownCost(analysis.read, query_cost.cost))
        del operation.costs[MOST_KNOWN_COSTS:]
    return query_cost.cost


@dataclass
class CostAnalysis:
    """The analysis of one document, for one set of variables."""

    document: DocumentNode
    variables: Mapping[str, Any]
    largest_page: int = LARGEST_PAGE
    read: dict[str, object] = field(default_factory=dict)
    """The variables that were looked at, with their values."""
    _fragment_costs: dict[str, QueryCost] = field(default_factory=dict)
    _defaults: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}

    def operation(self, operation: OperationDefinitionNode) -> QueryCost:
        """The cost of an operation.

        Refuses fragments that are nested without end, and paging arguments that aren't acceptable.
        """
        defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
        self._defaults = {name: self._value(default) for name, default in defaults.items() if default is not None}
        try:
            content = self._selection(operation.selection_set, SCHEMA.get_root_type(operation.operation))
        except RecursionError:
            raise UnacceptableInput(
                "The document is nested too deep: its fragments spread one another too often."
            ) from None
        own = len(operation.directives or ()) + sum(
            len(variable.directives or ()) for variable in operation.variable_definitions or ()
        )
        mutations = content.roots if operation.operation is OperationType.MUTATION else 0
        return content + QueryCost(directives=own, cost=MUTATION_COST * mutations)

    def _selection(self, selected: SelectionSetNode | None, parent: GraphQLNamedType | None) -> QueryCost:
        total = NOTHING
        for node in () if selected is None else selected.selections:
            total += QueryCost(directives=len(node.directives or ()))
            if isinstance(node, FieldNode):
                total += self._field(node, parent)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = parent if condition is None else SCHEMA.get_type(condition.name.value)
                total += self._selection(node.selection_set, inner)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value)
        return total

    def _fragment(self, name: str) -> QueryCost:
        """The cost of a fragment, found once. An unknown fragment, and one that spreads itself, costs nothing: validation refuses it."""
        if name not in self._fragment_costs:
            self._fragment_costs[name] = NOTHING
            definition = self._fragments.get(name)
            if definition is not None:
                condition = SCHEMA.get_type(definition.type_condition.name.value)
                self._fragment_costs[name] = self._selection(definition.selection_set, condition)
        return self._fragment_costs[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> QueryCost:
        name = node.name.value
        output = self._output(name, parent)
        inner = self._selection(node.selection_set, None if output is None else get_named_type(output))
        cost, per_element, length = self._cost(node, parent, output, inner)
        return QueryCost(
            depth=inner.depth + 1,
            fields=inner.fields + 1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            roots=1,
            cost=cost,
            per_element=per_element,
            costly=cost + per_element,
            costly_lists=(f"{name} ({length})", *inner.costly_lists) if length > 1 else inner.costly_lists,
        )

    def _cost(
        self, node: FieldNode, parent: GraphQLNamedType | None, output: GraphQLOutputType | None, inner: QueryCost
    ) -> tuple[int, int, int]:
        """The cost of a field, that of one element where it is a connection's, and how many elements it can have."""
        if node.selection_set is None:
            return 0, 0, 1
        name, content = node.name.value, 1 + inner.cost
        if parent is not None and parent.name.startswith("__"):
            length = LENGTHS_IN_SCHEMA.get((parent.name, name), 1)
            return content * length, 0, length
        if parent is not None and ((is_connection(parent) and name in ELEMENTS) or ITEMS.get(parent.name) == name):
            return 0, content, 1
        if output is not None and get_named_type(output).name in ITEMS:
            length = self._items(node)
            return content + (1 + inner.per_element) * length, 0, length
        if output is not None and is_connection(get_named_type(output)):
            length = self._page_size(node)
            return content + inner.per_element * length, 0, length
        is_list = output is not None and isinstance(get_nullable_type(output), GraphQLList)
        length = self._length(node, parent) if is_list else 1
        return content * length, 0, length

    def _page_size(self, node: FieldNode) -> int:
        """How many elements a page may have. Refuses paging arguments that aren't acceptable, before anything is run."""
        paging = (argument for argument in node.arguments or () if argument.name.value in PAGING)
        arguments = {argument.name.value: self._value(argument.value) for argument in paging}
        sizes = {name: size for name in ("first", "last") if (size := _whole(arguments.get(name))) is not None}
        cursors = {name: str(cursor) for name in ("after", "before") if (cursor := arguments.get(name)) is not None}
        page = PageArguments(sizes.get("first"), cursors.get("after"), sizes.get("last"), cursors.get("before"))
        page.check(self.largest_page)
        return next(iter(sizes.values()), USUAL_PAGE)

    def _length(self, node: FieldNode, parent: GraphQLNamedType | None) -> int:
        """How long a list that isn't paged is taken to be: as long as what is asked for with it, else 10."""
        arguments = {argument.name.value: argument.value for argument in node.arguments or ()}
        if "ids" in arguments:
            ids = self._value(arguments["ids"])
            return len(ids) if isinstance(ids, list) else 1
        declared = parent.fields[node.name.value].args if isinstance(parent, GraphQLObjectType) else {}
        if "first" in declared:
            first = self._value(arguments["first"]) if "first" in arguments else declared["first"].default_value
            return min(max(_whole(first) or 0, 1), self.largest_page)
        return self._items(node)

    def _items(self, node: FieldNode) -> int:
        """How many items are in the input of a field; 10 where it takes none."""
        input_node = {argument.name.value: argument.value for argument in node.arguments or ()}.get("input")
        input_ = None if input_node is None else self._value(input_node)
        lists = [input_[name] for name in LISTS_OF_ITEMS if name in input_] if isinstance(input_, dict) else []
        items = next(iter(lists), None)
        return len(items) if isinstance(items, list) else LIST_COST if items is None else 1

    def _value(self, node: ValueNode) -> object:
        if isinstance(node, VariableNode):
            name = node.name.value
            self.read[name] = self.variables.get(name, NOT_GIVEN)
            return self.variables[name] if name in self.variables else self._defaults.get(name)
        if isinstance(node, ObjectValueNode):
            return {field.name.value: self._value(field.value) for field in node.fields}
        return value_from_ast_untyped(node)

    def _output(self, name: str, parent: GraphQLNamedType | None) -> GraphQLOutputType | None:
        field = SCHEMA.get_field(parent, name) if is_composite_type(parent) else None
        return None if field is None else field.type


PAGING = frozenset({"first", "after", "last", "before"})


def _whole(value: object) -> int | None:
    """A number that GraphQL takes for an Int, as it takes 5.0."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


LENGTHS_IN_SCHEMA = {
    ("__Schema", "types"): len(SCHEMA.type_map),
    ("__Schema", "directives"): len(SCHEMA.directives),
    ("__Type", "fields"): 4,
    ("__Type", "inputFields"): 4,
}
"""How long the lists are that tell of a schema, by type and field: those of a type on average; others have one element."""
