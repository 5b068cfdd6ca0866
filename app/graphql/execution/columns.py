"""Nodes of pages that are made of columns alone: all of them at once, from the rows as they were read.

Of most pages columns are asked for, of the rows themselves and of what was read with them. Then there is nothing to
find, and no object has to be begun for each: what each is answered as is put together from its row, and all of them
become JSON at once. Whatever isn't as expected in any of the rows is left to the executor, which tells what is wrong.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from types import NoneType
from typing import Any, NamedTuple

import orjson
from graphql import GraphQLError, GraphQLInt, GraphQLObjectType
from strawberry.types.field import StrawberryField

from app.graphql.execution.fields import Shape
from app.graphql.execution.plan import NOT_PLANNED, FieldPlan, Plan, Selection
from app.graphql.relations import One
from app.graphql.type_of_rows import TYPE_OF_ROWS
from app.storage.paging import Page
from app.storage.related import Related

MOST_ROWS = 2000
"""Of more, nobody else would be served in between."""
LARGEST_INTEGER = 2**31 - 1
"""Of GraphQL's `Int`."""

Row = Sequence[Any]
Starts = Mapping[Related, int]
"""Where the columns begin of what was read with a row."""


class Made(NamedTuple):
    """Objects as they are answered, and how many objects and leaf values they hold."""

    answers: list[dict[str, Any]]
    objects: int
    values: int


class JoinedColumns(NamedTuple):
    """The columns of what an object refers to."""

    name: str
    start: int
    columns: "Columns"
    is_required: bool


class Columns:
    """What is selected of the objects of a type: columns, and what is joined to them."""

    __slots__ = ("_get", "_joined", "_names", "_shapes", "_template")

    def __init__(
        self,
        template: dict[str, Any],
        columns: Sequence[tuple[str, int, Shape]],
        joined: Sequence[JoinedColumns],
        *,
        start: int,
    ) -> None:
        self._template = template
        """An object of which no column is known yet, with its fields in the order of the answer."""
        self._names = [name for name, _, _ in columns]
        self._shapes = [shape for _, _, shape in columns]
        # Of fewer than two columns it would give no tuple.
        self._get = itemgetter(*(index for _, index, _ in columns), start, start)
        self._joined = joined

    def made_of(self, rows: Sequence[Row]) -> Made | None:
        """The objects of these rows; None if a value of one isn't what its field promises."""
        found = list(map(self._get, rows))
        if not all(map(fits, self._shapes, zip(*found, strict=True))):
            return None
        answers = []
        for values in found:
            answer = self._template.copy()
            answer.update(zip(self._names, values, strict=False))
            answers.append(answer)
        objects, nulls = len(rows), 0
        for joined in self._joined:
            there = [(answer, row) for answer, row in zip(answers, rows, strict=True) if row[joined.start] is not None]
            if joined.is_required and len(there) < len(rows):
                return None
            inner = joined.columns.made_of([row for _, row in there])
            if inner is None:
                return None
            for (answer, _), its in zip(there, inner.answers, strict=True):
                answer[joined.name] = its
            objects, nulls = objects + inner.objects, nulls + inner.values + len(rows) - len(there)
        return Made(answers, objects, nulls + len(rows) * (len(self._template) - len(self._joined)))


class MadeNodes(NamedTuple):
    """The nodes of several pages as JSON, and how many objects and leaf values all of them hold."""

    pages: list[orjson.Fragment]
    bytes: int
    objects: int
    values: int


def nodes_at_once(plan: Plan, connections: Sequence[Any], field: FieldPlan) -> MadeNodes | None:
    """The nodes of the pages of these connections; None where that isn't for columns alone."""
    pages = [page for connection in connections if isinstance(page := getattr(connection, "page", None), Page)]
    joined = pages[0].joined if pages else None
    if joined is None or len(pages) < len(connections) or any(page.joined is not joined for page in pages):
        return None
    rows = [row for page in pages for row in page.rows]
    if field.columns is NOT_PLANNED:
        field.columns = columns_of_nodes(plan, field, joined.starts)
    made = None if field.columns is None or len(rows) > MOST_ROWS else field.columns.made_of(rows)
    if made is None:
        return None
    written, start = [], 0
    for page in pages:
        end = start + len(page.rows)
        written.append(orjson.dumps(made.answers[start:end], option=orjson.OPT_UTC_Z))
        start = end
    return MadeNodes(list(map(orjson.Fragment, written)), sum(map(len, written)), made.objects, made.values)


def fits(shape: Shape, values: Sequence[Any]) -> bool:
    """Whether leaf values are shown as they are, all of them."""
    kinds = set(map(type, values))
    if NoneType in kinds:
        if shape.is_required:
            return False
        kinds.discard(NoneType)
        values = [value for value in values if value is not None]
    if shape.names:
        return shape.names.issuperset(values)
    if shape.element is GraphQLInt:
        return not kinds or (kinds == {int} and -LARGEST_INTEGER <= min(values) <= max(values) <= LARGEST_INTEGER)
    return shape.plain.issuperset(kinds)


def columns_of_nodes(plan: Plan, field: FieldPlan, starts: Starts) -> Columns | None:
    """The columns that are selected of the nodes of a page; None if more than that is."""
    type_ = field.shape.object
    try:
        return None if type_ is None else _columns(plan, plan.below(field, type_), starts, start=0)
    except GraphQLError:
        # A condition isn't acceptable, which is told where it stands.
        return None


def _columns(plan: Plan, selection: Selection, starts: Starts, *, start: int) -> Columns | None:
    fields = row_of(selection.type)
    template, columns, joined = selection.nulls.copy(), [], []
    for field in selection.fields:
        index = fields.get(column_name(field))
        if field.node.name.value == "__typename":
            template[field.name] = selection.type.name
        elif index is not None and field.shape.leaf is not None and not field.shape.is_list:
            columns.append((field.name, start + index, field.shape))
        else:
            below = _joined(plan, field, starts)
            if below is None:
                return None
            joined.append(below)
    return Columns(template, columns, joined, start=start)


def _joined(plan: Plan, field: FieldPlan, starts: Starts) -> JoinedColumns | None:
    related = field.relation.related if isinstance(field.relation, One) else None
    type_ = field.shape.object
    if related is None or related not in starts or type_ is None:
        return None
    start = starts[related]
    columns = _columns(plan, plan.below(field, type_), {}, start=start)
    return None if columns is None else JoinedColumns(field.name, start, columns, field.shape.is_required)


def row_of(type_: GraphQLObjectType) -> dict[str, int]:
    """Where the rows of a type have which column; nothing if its objects are no rows."""
    return {name: index for row, of in TYPE_OF_ROWS.items() if of == type_.name for index, name in _columns_of(row)}


def _columns_of(row: Any) -> Iterator[tuple[int, str]]:
    return enumerate(row._fields)


def column_name(field: FieldPlan) -> str:
    """The column that the value of a field is; empty if it isn't one."""
    declared = field.definition.extensions.get("strawberry-definition")
    if field.relation is not None or not isinstance(declared, StrawberryField) or declared.base_resolver is not None:
        return ""
    return declared.python_name
