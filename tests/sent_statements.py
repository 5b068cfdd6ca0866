"""The statements that storage sends to the database, as a test can look at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

from app.storage.connections.connection import ReadConnection, compiled

Sent = tuple[str, list[Any]]
_NOTED_IN: ContextVar[list[Sent] | None] = ContextVar("noted_in", default=None)


@contextmanager
def statements_sent() -> Iterator[list[Sent]]:
    """The text of each statement that the caller sends meanwhile, with the values of its parameters.

    Servers of other tests, which may be running, send statements of their own.
    """
    sent: list[Sent] = []
    token = _NOTED_IN.set(sent)
    fetch = ReadConnection._fetch

    async def note(self: ReadConnection, statement: Any, parameters: Any) -> Any:
        prepared = compiled(statement)
        if _NOTED_IN.get() is sent:
            sent.append((prepared.text, prepared.arguments(parameters)))
        return await fetch(self, statement, parameters)

    with patch.object(ReadConnection, "_fetch", note):
        yield sent
    _NOTED_IN.reset(token)
