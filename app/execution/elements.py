"""Nodes and edges of pages that are made of columns alone: all of them at once, from the rows as they were read.

Of most pages columns are asked for, of the rows themselves and of what was read with them. Then there is nothing to
find, and no object has to be begun for each: what each is answered as is put together from its row, and all of them
become JSON at once. Whatever isn't as expected in any of the rows is left to the executor, which tells what is wrong.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Any, NamedTuple, Union

import orjson
from graphql import GraphQLError, GraphQLInt, GraphQLObjectType
from strawberry.types.field import StrawberryField

from app.execution.fields import Shape
from app.execution.plan import NOT_PLANNED, FieldPlan, Plan, Selection
from app.execution.relations import One
from app.execution.rows import class_of

MOST_ROWS = 2000
"""Of more, nobody else would be served in between."""
LARGEST_INTEGER = 2**31 - 1
"""Of GraphQL's `Int`."""

Row = Sequence[Any]
Starts = Mapping[Any, int]
"""Where the columns begin of what was read with a row."""


class Made(NamedTuple):
    """What stands in the answer for each row, and how many objects and leaf values that holds."""

    answers: list[Any]
    objects: int
    values: int


Named = tuple[Hashable, str]
"""A column of an element, or of what was read with it."""


class Column(NamedTuple):
    """Leaf values of a row, as they are shown."""

    place: int
    shape: Shape
    name: Named

    def made_of(self, rows: Sequence[Row]) -> Made | None:
        place = self.place
        values = [row[place] for row in rows]
        return Made(values, 0, len(rows)) if fits(self.shape, values) else None


class Cursor:
    """The cursor of an edge, which stands in the end of its row."""

    name = "cursor"

    def made_of(self, rows: Sequence[Row]) -> Made:
        return Made([row[-1] for row in rows], 0, len(rows))


CURSOR = Cursor()
EDGES, NODE = "edges", "node"


class Constant(NamedTuple):
    """One value for all rows."""

    value: Any

    def made_of(self, rows: Sequence[Row]) -> Made:
        return Made([self.value] * len(rows), 0, len(rows))


class JoinedColumns(NamedTuple):
    """The columns of what an object refers to."""

    start: int
    columns: "Columns"
    is_required: bool

    def made_of(self, rows: Sequence[Row]) -> Made | None:
        there = [row for row in rows if row[self.start] is not None]
        made = self.columns.made_of(there)
        if made is None or len(there) == len(rows):
            return made
        if self.is_required:
            return None
        found = iter(made.answers)
        answers = [None if row[self.start] is None else next(found) for row in rows]
        return Made(answers, made.objects, made.values + len(rows) - len(there))


AnyColumn = Union[Column, Constant, Cursor, "JoinedColumns"]


class Columns:
    """What is selected of the objects of a type: columns, and what is joined to them."""

    __slots__ = ("_columns", "_names")

    def __init__(self, columns: Mapping[str, AnyColumn]) -> None:
        """By the names under which they are answered, in the order of the answer."""
        self._names = tuple(columns)
        self._columns = tuple(columns.values())

    def __contains__(self, column: object) -> bool:
        return column in self._columns

    def named(self) -> Iterator[Named]:
        """The columns of rows among them."""
        for column in self._columns:
            if isinstance(column, Column):
                yield column.name
            elif isinstance(column, JoinedColumns):
                yield from column.columns.named()

    def made_of(self, rows: Sequence[Row]) -> Made | None:
        """The objects of these rows; None if a value of one isn't what its field promises."""
        found, objects, values = [], len(rows), 0
        for column in self._columns:
            made = column.made_of(rows)
            if made is None:
                return None
            found.append(made.answers)
            objects, values = objects + made.objects, values + made.values
        names = self._names
        return Made([dict(zip(names, each, strict=True)) for each in zip(*found, strict=True)], objects, values)


class MadeElements(NamedTuple):
    """The nodes or edges of several pages as JSON, and how many objects and leaf values all of them hold."""

    pages: list[orjson.Fragment]
    bytes: int
    objects: int
    values: int


def elements_at_once(plan: Plan, connections: Sequence[Any], field: FieldPlan) -> MadeElements | None:
    """The nodes or edges of the pages of these connections; None where that isn't for columns alone."""
    pages: list[Any] = [getattr(connection, "page", None) for connection in connections]
    joined = getattr(pages[0], "joined", None) if pages else None
    if joined is None or any(getattr(page, "joined", None) is not joined for page in pages):
        return None
    if field.columns is NOT_PLANNED:
        field.columns = columns_of_elements(plan, field, joined.starts)
    if field.columns is None or sum(len(page.rows) for page in pages) > MOST_ROWS:
        return None
    rows = _with_cursors(connections) if CURSOR in field.columns else [row for page in pages for row in page.rows]
    made = field.columns.made_of(rows)
    if made is None:
        return None
    written: list[bytes] = []
    start = 0
    for page in pages:
        end = start + len(page.rows)
        written.append(orjson.dumps(made.answers[start:end], option=orjson.OPT_UTC_Z))
        start = end
    return MadeElements(list(map(orjson.Fragment, written)), sum(map(len, written)), made.objects, made.values)


def _with_cursors(connections: Iterable[Any]) -> list[Row]:
    """The rows of their pages, each with its cursor in the end."""
    return [
        (*row, connection.paging.cursor(key))
        for connection in connections
        for row, (key, _) in zip(connection.page.rows, connection.page.elements, strict=True)
    ]


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


def columns_of_elements(plan: Plan, field: FieldPlan, starts: Starts) -> Columns | None:
    """The columns that are selected of the nodes or edges of a page; None if more than that is."""
    try:
        return _columns_of_edges(plan, field, starts) if field.node.name.value == EDGES else _whole(plan, field, starts)
    except GraphQLError:
        # A condition isn't acceptable, which is told where it stands.
        return None


def _whole(plan: Plan, field: FieldPlan, starts: Starts) -> Columns | None:
    """Of the element that a row is."""
    type_ = field.shape.object
    return None if type_ is None else _columns(plan, plan.below(field, type_), starts, start=0)


def _columns_of_edges(plan: Plan, field: FieldPlan, starts: Starts) -> Columns | None:
    type_ = field.shape.object
    found: dict[str, AnyColumn] = {}
    for each in () if type_ is None else plan.below(field, type_).fields:
        name = each.node.name.value
        node = _whole(plan, each, starts) if name == NODE else None
        if node is not None:
            found[each.name] = JoinedColumns(0, node, is_required=True)
        elif name == CURSOR.name:
            found[each.name] = CURSOR
        elif name == "__typename":
            found[each.name] = Constant(each.parent_type.name)
        else:
            return None
    return Columns(found) if found else None


def _columns(
    plan: Plan, selection: Selection, starts: Starts, *, start: int, related: Hashable = None
) -> Columns | None:
    fields, found = row_of(selection.type), {}
    for field in selection.fields:
        index = fields.get(column_name(field))
        column: AnyColumn | None
        if field.node.name.value == "__typename":
            column = Constant(selection.type.name)
        elif index is not None and field.shape.leaf is not None and not field.shape.is_list:
            column = Column(start + index, field.shape, (related, column_name(field)))
        else:
            column = _joined(plan, field, starts)
        if column is None:
            return None
        found[field.name] = column
    return Columns(found)


def _joined(plan: Plan, field: FieldPlan, starts: Starts) -> JoinedColumns | None:
    related = field.relation.related if isinstance(field.relation, One) else None
    type_ = field.shape.object
    if related is None or related not in starts or type_ is None:
        return None
    start = starts[related]
    columns = _columns(plan, plan.below(field, type_), {}, start=start, related=related)
    return None if columns is None else JoinedColumns(start, columns, field.shape.is_required)


def row_of(type_: GraphQLObjectType) -> dict[str, int]:
    """Where the rows of a type have which column; nothing if its objects are no rows."""
    return {name: index for index, name in enumerate(getattr(class_of(type_), "_fields", ()))}


def column_name(field: FieldPlan) -> str:
    """The column that the value of a field is; empty if it isn't one."""
    declared = field.definition.extensions.get("strawberry-definition")
    if field.relation is not None or not isinstance(declared, StrawberryField) or declared.base_resolver is not None:
        return ""
    return declared.python_name
