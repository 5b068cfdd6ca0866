"""The log, and what is counted for it: a request id and the statements of an operation."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class Statements:
    """How many statements were sent to the database: everything but BEGIN and COMMIT."""

    count: int = 0


_statements: ContextVar[Statements | None] = ContextVar("statements", default=None)


@contextmanager
def counting_statements() -> Iterator[Statements]:
    """Count the statements that are sent while this is open, by this task and those that it starts."""
    statements = Statements()
    token = _statements.set(statements)
    try:
        yield statements
    finally:
        _statements.reset(token)


def count_statement() -> None:
    statements = _statements.get()
    if statements is not None:
        statements.count += 1
