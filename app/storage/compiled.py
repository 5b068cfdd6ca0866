"""Statements compiled to what the driver takes: text with numbered parameters, once for each statement."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Delete, Insert, Select, Update
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.engine import Dialect

AnyColumns = tuple[Any, ...]
Query = Select[*AnyColumns] | CompoundSelect[*AnyColumns]
Change = Insert | Update | Delete
Statement = Query | Change
Parameters = Mapping[str, Any]

MOST_CACHED_STATEMENTS = 500
"""How many are kept: more than there are in the program, which makes each of them once, with those of the usual lists."""

DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]


class CompiledStatement(NamedTuple):
    text: str
    names: tuple[str, ...]
    """Of its parameters, in the order of their numbers."""
    values: dict[str, Any]
    """What the statement itself says of them."""

    def arguments(self, parameters: Parameters) -> list[Any]:
        values = {**self.values, **parameters} if self.values else parameters
        return [values[name] for name in self.names]


def compiled(statement: Statement | CompiledStatement, parameters: Parameters) -> CompiledStatement:
    """A statement as the driver takes it; an INSERT or UPDATE is one of the columns that it gets values for."""
    if isinstance(statement, CompiledStatement):
        return statement
    return _compiled(statement, tuple(parameters) if isinstance(statement, Insert | Update) else ())


def compile_statement(statement: Statement, columns: tuple[str, ...] = ()) -> CompiledStatement:
    """Compile it anew: whoever keeps the result needs to keep neither the statement nor what that is made of."""
    made = statement.compile(dialect=DIALECT, column_keys=list(columns) or None)
    if made.positiontup is None:
        raise TypeError("the dialect numbers parameters")
    if prefetched := [*made.insert_prefetch, *made.update_prefetch]:
        raise TypeError(f"{', '.join(map(str, prefetched))}: only SQLAlchemy's engine knows these defaults")
    given = [name for name in made.positiontup if not made.binds[name].required and name not in columns]
    values = {name: made.params[name] for name in given}
    return CompiledStatement(made.string, tuple(made.positiontup), values)


_compiled = lru_cache(MOST_CACHED_STATEMENTS)(compile_statement)
