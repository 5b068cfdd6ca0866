"""What is to be read of the nodes of a connection, which its selection says."""

from collections.abc import Iterator, Sequence

from graphql import GraphQLError

from app.graphql.execution.columns import NODE, columns_of_elements, rows_of
from app.graphql.execution.fields import output_shape_of
from app.graphql.execution.plan import FieldPlan, Plan
from app.graphql.relations import One
from app.storage.reads.joins import JOINS
from app.storage.reads.rows import SLOW_COLUMNS
from app.storage.related import Projection, Related


def projection_of(plan: Plan, connection: FieldPlan) -> Projection:
    """What is to be read of the nodes of a connection: what they refer to, and of the slow columns those selected.

    Where more than columns is selected of the nodes, all columns are read: what resolvers look at isn't known.
    """
    if connection.projection is None:
        related = tuple(sorted(set(_related_below(plan, connection))))
        slow = frozenset(_slow_columns(connection, related))
        selected = _selected_columns(plan, connection, related) if slow else None
        connection.projection = Projection(related, frozenset() if selected is None else slow - selected)
    return connection.projection


def _related_below(plan: Plan, field: FieldPlan) -> Iterator[Related]:
    """What is selected below a field, through edges down to nodes, that can be read with them."""
    for each in _selected(plan, field):
        if each.is_elements or (each.node.name.value == NODE and each.parent_type.name.endswith("Edge")):
            yield from _related_below(plan, each)
        elif isinstance(each.relation, One) and each.relation.related is not None:
            yield each.relation.related


def _slow_columns(connection: FieldPlan, related: Sequence[Related]) -> Iterator[tuple[Related | None, str]]:
    type_ = connection.shape.object
    node = None if type_ is None else output_shape_of(type_, "nodes").object
    for row in () if node is None else rows_of(node):
        yield from ((None, column) for column in SLOW_COLUMNS.get(row, ()))
    for each in related:
        yield from ((each, column) for column in SLOW_COLUMNS.get(JOINS[each].view, ()))


def _selected_columns(
    plan: Plan, connection: FieldPlan, related: Sequence[Related]
) -> set[tuple[Related | None, str]] | None:
    """The columns that are selected of the nodes; None if more than columns is."""
    found: set[tuple[Related | None, str]] = set()
    anywhere = dict.fromkeys(related, 0)
    for elements in _selected(plan, connection):
        if elements.is_elements:
            columns = columns_of_elements(plan, elements, anywhere)
            if columns is None:
                return None
            found.update(columns.named())
    return found


def _selected(plan: Plan, field: FieldPlan) -> Sequence[FieldPlan]:
    """What is selected of the objects that a field leads to; nothing where a condition isn't acceptable, which is told there."""
    type_ = field.shape.object
    try:
        return () if type_ is None else plan.below(field, type_).fields
    except GraphQLError:
        return ()
