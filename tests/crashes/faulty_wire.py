"""The wire between a server and its database, which is cut or falls silent, at a message if that is wanted."""

import asyncio
from collections.abc import Coroutine
from enum import Enum
from typing import Any

from tests.crashes.watched_wire import COMMIT, COMMITTED
from tests.database_proxy import CHUNK, DatabaseProxy, Ends


class Cut(Enum):
    """Where a connection is cut."""

    BEFORE_COMMIT = "before its COMMIT is sent"
    AFTER_COMMIT = "after its COMMIT was sent"
    BEFORE_ANSWER = "after its COMMIT was done, and before that is known"


class FaultyWire(DatabaseProxy):
    """Passes on everything between one server and its database, until something is wished."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._open = set[asyncio.StreamWriter]()
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._cut: Cut | None = None
        self.has_cut = asyncio.Event()

    def cut(self) -> None:
        """Every connection, now."""
        for writer in self._open:
            writer.transport.abort()

    def cut_at(self, moment: Cut) -> None:
        """The next connection that comes there; `has_cut` is set then."""
        self.has_cut.clear()
        self._cut = moment

    def silence(self) -> None:
        self._speaks.clear()

    def speak(self) -> None:
        self._speaks.set()

    def passing(self, ends: Ends) -> tuple[Coroutine[Any, Any, None], ...]:
        self._open |= {ends.to_server, ends.to_database}
        return (
            self._pass_on(ends.server, ends.to_database, True),
            self._pass_on(ends.database, ends.to_server, False),
        )

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                await self._speaks.wait()
                if self._hits(Cut.BEFORE_COMMIT, chunk, up) or self._hits(Cut.BEFORE_ANSWER, chunk, up):
                    break
                writer.write(chunk)
                await writer.drain()
                if self._hits(Cut.AFTER_COMMIT, chunk, up):
                    # Not at once: what was written before is to arrive.
                    reader._transport.abort()  # type: ignore[attr-defined]
                    break
        except ConnectionError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    def _hits(self, moment: Cut, chunk: bytes, up: bool) -> bool:
        is_there = (COMMITTED in chunk and not up) if moment is Cut.BEFORE_ANSWER else (COMMIT in chunk and up)
        if self._cut is not moment or not is_there:
            return False
        self._cut = None
        self.has_cut.set()
        return True
