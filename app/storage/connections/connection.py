"""Statements, the connections that run them, and the rows that these answer.

A statement is compiled once to what the driver takes: text with numbered parameters. Connections are for reading, or for
writing in a transaction. Views are named tuples that are made of the columns of a row.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import asyncpg
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Delete,
    Insert,
    Select,
    Text,
    TextClause,
    Update,
    any_,
    bindparam,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import Dialect

from app.execution.rows import Layout
from app.fair_queue import Slot
from app.telemetry.log import count_statement

if TYPE_CHECKING:
    # Only the stubs know that connections are generic.
    from app.telemetry.spans import RequestSpan

    AnyConnection = asyncpg.Connection[Any]
else:
    AnyConnection = asyncpg.Connection

AnyColumns = tuple[Any, ...]
Query = Select[*AnyColumns] | CompoundSelect[*AnyColumns]
Change = Insert | Update | Delete
Statement = Query | Change
Parameters = Mapping[str, Any]

MOST_CACHED_STATEMENTS = 500
"""How many are kept: more than there are in the program, which makes each of them once, with those of the usual lists."""

DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]


def texts(name: str) -> BindParameter[Sequence[str]]:
    """A parameter that is a list of texts."""
    return bindparam(name, type_=ARRAY(Text))


def is_one_of(column: ColumnElement[Any], parameter: str = "ids") -> ColumnElement[bool]:
    """Whether the column has one of the texts of a parameter."""
    return column == any_(texts(parameter))


class CompiledStatement(NamedTuple):
    text: str
    names: tuple[str, ...]
    """Names of the parameters, in the order of their numbers."""
    values: dict[str, Any]
    """Values of parameters that are part of the statement."""

    def arguments(self, parameters: Parameters) -> list[Any]:
        values = {**self.values, **parameters} if self.values else parameters
        return [values[name] for name in self.names]


def statement(text: str, *names: str) -> CompiledStatement:
    """A statement as PostgreSQL takes it, with the names of its parameters in the order of their numbers."""
    return CompiledStatement(text, names, {})


def compiled(statement: Statement | CompiledStatement) -> CompiledStatement:
    """Compile a statement to the text and parameters that the driver takes."""
    return statement if isinstance(statement, CompiledStatement) else _compiled(statement)


def compile_statement(statement: Statement | TextClause) -> CompiledStatement:
    """Compile it anew: whoever keeps the result needs to keep neither the statement nor what that is made of."""
    expanded = statement.compile(dialect=DIALECT)
    if expanded.positiontup is None:
        raise TypeError("the dialect numbers parameters")
    values = {name: expanded.params[name] for name in expanded.positiontup if not expanded.binds[name].required}
    return CompiledStatement(expanded.string, tuple(expanded.positiontup), values)


_compiled = lru_cache(MOST_CACHED_STATEMENTS)(compile_statement)


NOTHING: Parameters = {}


class Row(asyncpg.Record):
    """A row: a sequence of its values, which have the names of their columns besides."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of any column
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class ReadConnection:
    """A connection for queries alone. PostgreSQL refuses writes on one of `Database.reading`."""

    def __init__(self, driver: AnyConnection) -> None:
        self._driver = driver

    async def rows(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> list[Row]:
        return await self._fetch(query, parameters)

    async def row(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Row | None:
        """The only row, or none."""
        rows = await self._fetch(query, parameters)
        return rows[0] if rows else None

    async def value(self, query: Query | CompiledStatement, parameters: Parameters = NOTHING) -> Any:  # noqa: ANN401 - of any column
        """The first column of the only row; None where there is no row."""
        rows = await self._fetch(query, parameters)
        return rows[0][0] if rows else None

    async def _fetch(self, statement: Statement | CompiledStatement, parameters: Mapping[str, Any]) -> list[Row]:
        prepared = compiled(statement)
        try:
            with traced(prepared.text, count_statement()):
                return await self._driver.fetch(prepared.text, *prepared.arguments(parameters))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            error.add_note(f"[SQL: {prepared.text}]")
            raise


class WriteConnection(ReadConnection):
    """A transaction: queries, which may lock rows, and changes."""

    def __init__(self, driver: AnyConnection, lock_slot: Slot | None, lock_seconds: float) -> None:
        """`lock_slot` is one of those that may wait for locks, each `lock_seconds`."""
        super().__init__(driver)
        self.lock_slot = lock_slot
        self.lock_seconds = lock_seconds

    async def change(self, change: Statement, parameters: Parameters = NOTHING) -> list[Row]:
        """Change rows; what the change is said to return of them is returned."""
        return await self._fetch(change, parameters)

    async def execute(self, statement: str) -> list[Row]:
        """Run a statement that SQLAlchemy can't build, such as LOCK TABLE."""
        return await self._fetch(CompiledStatement(statement, (), {}), NOTHING)


def traced(statement: str, span: "RequestSpan | None") -> AbstractContextManager[None]:
    """A span below that of the request, if there is one: without values."""
    return nullcontext() if span is None else span.statement(statement)


Element = TypeVar("Element")
View = TypeVar("View", bound=NamedTuple)


def layout_of(view: type[NamedTuple], start: int = 0) -> dict[Any, Any]:
    """The layout of a view whose columns begin at an index of the row."""
    return {name: start + index for index, name in enumerate(view._fields)}


class RowViews(NamedTuple, Generic[Element]):
    """How views are made of the rows of a statement."""

    make: Callable[[Any], Element]
    """Makes the view of a row."""
    layout: Layout
    """The indexes of the view's values in the row."""


def views_of(view: type[View], start: int = 0) -> RowViews[View]:
    """Views whose columns begin at an index of the row."""
    layout, make = layout_of(view, start), partial(tuple.__new__, view)
    end = start + len(layout)
    return RowViews(lambda row: make(row[start:end]), layout)


def views_holding(view: type[View], **inner: type[NamedTuple]) -> RowViews[View]:
    """Views whose fields are columns, in their order, but for some that are views themselves, `inner`."""
    widths = [len(inner[name]._fields) if name in inner else 1 for name in view._fields]
    parts: dict[str, tuple[Callable[[Any], Any], Any]] = {
        name: views_of(inner[name], start) if name in inner else (itemgetter(start), start)
        for name, start in zip(view._fields, accumulate(widths, initial=0), strict=False)
    }
    return RowViews(
        lambda row: view(*(make(row) for make, _ in parts.values())),
        {name: part for name, (_, part) in parts.items()},
    )
