"""What is to be read of the nodes of a connection, which its selection says."""

from collections.abc import Hashable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, get_args, get_type_hints

from graphql import GraphQLError, GraphQLObjectType

from app.execution.compiler import NODE, Column, compiled_of
from app.execution.fields import output_shape_of
from app.execution.plan import FieldPlan, Plan
from app.execution.relations import One
from app.execution.rows import Layout, class_of

EDGES = "edges"
QUICK = frozenset({str, int, bool, type(None)})
"""What a driver reads ten times as fast as times and lists."""


class Selected(NamedTuple):
    """What is read of the nodes of a connection."""

    related: tuple[Any, ...] = ()
    """The relations that are read with them."""
    left_out: frozenset[Column] = frozenset()
    """The columns that nobody needs."""


EVERYTHING = Selected()


def selected_of(plan: Plan, connection: FieldPlan) -> Selected:
    """What is to be read of the nodes of a connection: what they refer to, and of the slow columns those selected.

    Where more than columns is selected of the nodes, all columns are read: what resolvers look at isn't known.
    """
    if connection.selected is None:
        relations = {relation.related: field for field, relation in _related_below(plan, connection)}
        slow = frozenset(_slow_columns(connection, relations))
        columns = _selected_columns(plan, connection, relations) if slow else None
        left_out = frozenset() if columns is None else slow - columns
        connection.selected = Selected(tuple(sorted(relations, key=str)), left_out)
    selected: Selected = connection.selected
    return selected


def _related_below(plan: Plan, field: FieldPlan) -> Iterator[tuple[FieldPlan, One]]:
    """What is selected below a field, through edges down to nodes, that can be read with them."""
    for each in _selected(plan, field):
        if each.is_elements or (each.node.name.value == NODE and each.parent_type.name.endswith("Edge")):
            yield from _related_below(plan, each)
        elif isinstance(each.relation, One) and each.relation.related is not None:
            yield each, each.relation


def _slow_columns(connection: FieldPlan, relations: dict[Hashable, FieldPlan]) -> Iterator[Column]:
    type_ = connection.shape.object
    node = None if type_ is None else output_shape_of(type_, "nodes").object
    for owner, of in ((None, node), *((related, field.shape.object) for related, field in relations.items())):
        yield from ((owner, column) for column in ([] if of is None else slow_columns(of)))


@cache
def slow_columns(type_: GraphQLObjectType) -> list[str]:
    """The times and lists among the columns of the rows of a type."""
    hints = get_type_hints(row) if hasattr(row := class_of(type_), "_fields") else {}
    return [name for name, hint in hints.items() if not QUICK.issuperset(get_args(hint) or (hint,))]


def _selected_columns(plan: Plan, connection: FieldPlan, relations: dict[Hashable, FieldPlan]) -> set[Column] | None:
    """The columns that are selected of the nodes; None if more than columns is."""
    found: set[Column] = set()
    for elements in _selected(plan, connection):
        if elements.is_elements and elements.shape.object is not None:
            layout = Layout(0, dict.fromkeys(relations, 0), is_edge=elements.node.name.value == EDGES)
            compiled = compiled_of(plan, plan.below(elements, elements.shape.object), layout)
            if compiled.left:
                return None
            found |= compiled.columns
    return found


def _selected(plan: Plan, field: FieldPlan) -> Sequence[FieldPlan]:
    """What is selected of the objects that a field leads to; nothing where a condition isn't acceptable, which is told there."""
    type_ = field.shape.object
    try:
        return () if type_ is None else plan.below(field, type_).fields
    except GraphQLError:
        return ()
