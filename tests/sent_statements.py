"""The statements that storage sends to the database, as a test can look at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from app.storage.connections.compiled import compiled
from app.storage.connections.connection import ReadConnection

Sent = tuple[str, list[Any]]


@contextmanager
def statements_sent() -> Iterator[list[Sent]]:
    """The text of each statement that is sent meanwhile, with the values of its parameters."""
    sent: list[Sent] = []
    fetch = ReadConnection._fetch

    async def note(self: ReadConnection, statement: Any, parameters: Any) -> Any:
        prepared = compiled(statement)
        sent.append((prepared.text, prepared.arguments(parameters)))
        return await fetch(self, statement, parameters)

    with patch.object(ReadConnection, "_fetch", note):
        yield sent
