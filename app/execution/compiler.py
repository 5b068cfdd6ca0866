"""Compiling a selection: one generated function answers what is selected of all rows of a type.

The generated source holds names of columns, which the schema declares, and integers: never anything that a caller sent.
Names in the answer and other values are constants that are handed to it. `{ id contract { name } }`, on rows that hold the
id at index 0 and a contract from index 7 on, becomes

    {c0: r[0], c3: (c2 if r[7] is None else {c1: r[8]})}

of each row `r`, where `c2` marks the failure of a contract that is missing. Without a layout of the row, `r[0]` is `r.id`.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

from graphql import GraphQLError, GraphQLObjectType

from app.execution.fields import is_connection
from app.execution.lookups import Vanished
from app.execution.plan import FieldPlan, Plan, Selection
from app.execution.rows import Columns, Layout, PageColumns, class_of, getter_of

CURSOR, NODE, ELEMENT = "cursor", "node", "element"
ROW = "r"
"""The variable of the row in the generated source."""
Make = Callable[[Sequence[Any], Callable[[Any], str] | None], list[dict[str, Any]]]


class Failure(NamedTuple):
    """The mark of a failed field, in an answer that isn't complete yet."""

    error: Exception
    field: FieldPlan


class OptionalObject(NamedTuple):
    """An object in the answer of each row that may be null."""

    get: Callable[[Any], Any]
    objects: int
    values: int
    is_required: bool


ROWS_AT_ONCE = 256
JSON = "JSON"
"""The scalar whose values may be as long as a graph."""


class Compiled:
    """A selection on the rows of a type, compiled: a generated function, and the fields that it leaves unresolved."""

    def __init__(self, plan: Plan, selection: Selection, layout: Layout | None = None) -> None:
        self._plan = plan
        self._constants: list[Any] = []
        self._names = 0
        self.unresolved: list[FieldPlan] = []
        self.objects, self.values = 0, 0
        self.optional: list[OptionalObject] = []
        self.lists: list[Callable[[Any], Any]] = []
        """Columns that are lists: their elements are counted before they are answered."""
        self.rows_at_once = ROWS_AT_ONCE
        """Rows that are answered between two looks at the time and the bytes."""
        self.source = self._object(selection, ROW, layout, self.unresolved)
        # It holds the variables of one request, and this stays for later ones.
        del self._plan

    @cached_property
    def make(self) -> Make:
        """Makes the answers of rows."""
        constants = "".join(f"c{index}, " for index in range(len(self._constants)))
        source = f"lambda {constants}: lambda rows, cursor: [{self.source} for {ROW} in rows]"
        # Names of columns and integers are all that is in it.
        make: Make = eval(source, {"__builtins__": {}})(*self._constants)  # noqa: S307
        return make

    def _object(self, selection: Selection, row: str, layout: Layout | None, unresolved: list[FieldPlan]) -> str:
        """The display of an object; a field that it can't answer is null in it, and added to `unresolved`."""
        self.objects += 1
        members = []
        for field in selection.fields:
            source = self._field_value(selection.type, field, row, layout)
            if source is None:
                unresolved.append(field)
            members.append(f"{self._new_constant(field.name)}: {source}")
        return f"{{{', '.join(members)}}}"

    def _field_value(self, type_: GraphQLObjectType, field: FieldPlan, row: str, layout: Layout | None) -> str | None:
        if field.node.name.value == "__typename":
            self.values += 1
            return self._new_constant(type_.name)
        if layout is not None:
            return self._value_by_layout(field, row, layout, is_edge=type_.name.endswith("Edge"))
        if field.column is None:
            return None
        if field.shape.leaf is not None:
            return self._leaf_value(field, self._column_value(row, field.column), row, getter_of(field.column))
        if field.shape.object is None or field.shape.is_list:
            return None
        return self._embedded_object(field, row, field.column)

    def _value_by_layout(self, field: FieldPlan, row: str, layout: Layout, *, is_edge: bool) -> str | None:
        """The value of a row where the layout has it; the columns of an edge are those of its element."""
        column = field.column if field.relation is None else field.relation.related
        if is_edge and column == CURSOR:
            self.values += 1
            return f"cursor({row})"
        if is_edge and isinstance(column, str):
            column = column.removeprefix(ELEMENT).removeprefix(".")
        part = layout if column == "" else layout.get(column)
        if part is None:
            return None
        if field.shape.leaf is not None:
            return self._leaf_value(field, f"{row}[{part:d}]", row, itemgetter(part))
        return (
            self._nested_object(field, row, part) if field.relation is None else self._joined_object(field, row, part)
        )

    def _leaf_value(self, field: FieldPlan, source: str, row: str, get: Callable[[Any], Any]) -> str | None:
        if field.shape.leaf.name == JSON:
            self.rows_at_once = 1
        if not field.shape.is_list:
            self.values += 1
            return source
        if row != ROW:
            return None
        # Whichever kind of sequence it is.
        self.lists.append(get)
        name = self._new_name()
        return f"(None if ({name} := {source}) is None else [*{name}])"

    def _embedded_object(self, field: FieldPlan, row: str, column: str) -> str | None:
        """An object that a column holds."""
        if row != ROW:
            return None
        name = self._new_name()
        display = self._nested_object(field, name, None, getter_of(column))
        if display is None:
            return None
        return f"(None if ({name} := {self._column_value(row, column)}) is None else {display})"

    def _joined_object(self, field: FieldPlan, row: str, layout: Layout) -> str | None:
        """An object that was read with the row."""
        start = next(iter(layout.values()))
        display = self._nested_object(field, row, layout, itemgetter(start))
        if display is None:
            return None
        missing = Failure(Vanished("something is referred to but not found"), field)
        nothing = self._new_constant(missing) if field.shape.is_required else "None"
        return f"({nothing} if {row}[{start}] is None else {display})"

    def _nested_object(
        self, field: FieldPlan, row: str, layout: Layout | None, optional: Callable[[Any], Any] | None = None
    ) -> str | None:
        """The display of an object within another one; None where a field in it would be unresolved.

        `optional` reads what is None where there is no object.
        """
        type_ = field.shape.object
        state = self.objects, self.values, len(self._constants), len(self.optional)
        unresolved: list[FieldPlan] = []
        try:
            display = "" if type_ is None else self._object(self._plan.below(field, type_), row, layout, unresolved)
        except GraphQLError:
            # A condition isn't acceptable, which is told where it stands.
            display = ""
        if display and not unresolved:
            if optional is not None:
                objects, values = self.objects - state[0], self.values - state[1]
                self.optional.append(OptionalObject(optional, objects, values, field.shape.is_required))
            return display
        self.objects, self.values = state[:2]
        del self._constants[state[2] :], self.optional[state[3] :]
        return None

    def _column_value(self, row: str, path: str) -> str:
        """A column by its dotted name: None where something on the way is."""
        first, _, rest = path.partition(".")
        if not first.isidentifier():
            raise ValueError(f"{path} is no name of a column")
        if not rest:
            return f"{row}.{first}"
        name = self._new_name()
        return f"(None if ({name} := {row}.{first}) is None else {self._column_value(name, rest)})"

    def _new_name(self) -> str:
        self._names += 1
        return f"n{self._names}"

    def _new_constant(self, value: object) -> str:
        self._constants.append(value)
        return f"c{len(self._constants) - 1}"


def compiled_of(plan: Plan, selection: Selection, layout: Layout | None = None) -> Compiled:
    """A compiled selection, which is cached with the plan."""
    cached: tuple[Layout | None, Compiled] | None = selection.cache.get(layout is None)
    if cached is None or cached[0] is not layout:
        cached = selection.cache[layout is None] = layout, Compiled(plan, selection, layout)
    return cached[1]


def columns_of_page(plan: Plan, connection: FieldPlan) -> PageColumns:
    """The columns that the nodes and edges of a connection read, with those of the relations that a page can read too."""
    if connection.page_columns is None:
        fields = [*_fields_of_elements(plan, connection)]
        related: dict[Hashable, list[FieldPlan]] = {}
        for field in fields:
            if field.relation is not None and field.relation.related is not None:
                related.setdefault(field.relation.related, []).extend(_fields_below(plan, field) or [field])
        connection.page_columns = PageColumns(
            _columns_of(fields, with_relations=True),
            frozenset((relation, _columns_of(below, with_relations=False)) for relation, below in related.items()),
        )
    return connection.page_columns


def _columns_of(fields: Sequence[FieldPlan], *, with_relations: bool) -> Columns:
    """The columns that fields read; None where one is computed from others, or is a relation and may not be."""
    columns: set[str] = set()
    for field in fields:
        is_edge = field.parent_type.name.endswith("Edge")
        if field.node.name.value == "__typename" or (is_edge and field.column == CURSOR):
            continue
        paths = (field.column or "",) if field.relation is None else field.relation.keys
        names = {path.removeprefix(f"{ELEMENT}." if is_edge else "").partition(".")[0] for path in paths}
        known = names if is_edge else getattr(class_of(field.parent_type), "_fields", ())
        if not names.issubset(known) or "" in names or not (with_relations or field.relation is None):
            return None
        columns |= names
    return frozenset(columns)


def _fields_below(plan: Plan, field: FieldPlan) -> Sequence[FieldPlan]:
    """The fields of the objects that a field leads to; none where their type varies, or a condition isn't acceptable."""
    try:
        return () if field.shape.object is None else plan.below(field, field.shape.object).fields
    except GraphQLError:
        # It is told where the condition stands.
        return ()


def _fields_of_elements(plan: Plan, field: FieldPlan) -> Iterator[FieldPlan]:
    """The selections of edges and nodes below a field."""
    for each in _fields_below(plan, field):
        is_node = each.node.name.value == NODE and each.parent_type.name.endswith("Edge")
        if is_node or (each.node.name.value in {"nodes", "edges"} and is_connection(each.parent_type)):
            yield from _fields_of_elements(plan, each)
        elif not each.parent_type.name.endswith("Connection"):
            yield each


def result_or_error(function: Callable[..., Any], *args: Any, **arguments: Any) -> Any:
    """Call a function; return its result, or the exception that it raises."""
    try:
        return function(*args, **arguments)
    except Exception as error:  # noqa: BLE001 - it is told at its field
        return error


def mapped(function: Callable[[Any], Any], sources: Sequence[Any]) -> list[Any]:
    """Call a function for each source; return its results, or the exceptions that it raises."""
    try:
        return list(map(function, sources))
    except Exception:  # noqa: BLE001 - it is told of the object that has it
        return [result_or_error(function, source) for source in sources]
