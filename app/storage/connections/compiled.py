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


def compile_statement(statement: Statement) -> CompiledStatement:
    """Compile it anew: whoever keeps the result needs to keep neither the statement nor what that is made of."""
    made = statement.compile(dialect=DIALECT)
    if made.positiontup is None:
        raise TypeError("the dialect numbers parameters")
    given = [name for name in made.positiontup if not made.binds[name].required]
    values = {name: made.params[name] for name in given}
    return CompiledStatement(made.string, tuple(made.positiontup), values)


_compiled = lru_cache(MOST_CACHED_STATEMENTS)(compile_statement)
