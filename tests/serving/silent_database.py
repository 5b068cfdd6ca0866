"""A database that falls silent: its connections stay open, new ones are let in, and nothing comes of them any more."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from tests.database_proxy import CHUNK, DatabaseProxy, Ends


class SilentDatabase(DatabaseProxy):
    """A proxy before a database, which passes on everything until it is told to be silent, or sees something."""

    def __init__(self, url: str, silent_at: bytes | None = None) -> None:
        super().__init__(url)
        self._silent_at = silent_at
        self._speaks = asyncio.Event()
        self._speaks.set()
        self._opened = self._lost = 0

    @property
    def is_silent(self) -> bool:
        return not self._speaks.is_set()

    def silence(self, at: bytes | None = None) -> None:
        """Now, or when it sees that."""
        self._silent_at = at
        if at is None:
            self._speaks.clear()

    def speak(self) -> None:
        self._silent_at = None
        self._speaks.set()

    def drop(self) -> None:
        """Lose whatever is sent from now on by the connections that there are; new ones lead to the database."""
        self._lost = self._opened

    def passing(self, ends: Ends) -> tuple[Coroutine[Any, Any, None], ...]:
        self._opened += 1
        return (
            self._pass_on(ends.server, ends.to_database, self._opened),
            self._pass_on(ends.database, ends.to_server, self._opened),
        )

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if self._silent_at is not None and self._silent_at in chunk:
                    self._speaks.clear()
                await self._speaks.wait()
                if number <= self._lost:
                    continue
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def falling_silent(url: str, silent_at: bytes | None = None) -> AsyncIterator[SilentDatabase]:
    async with SilentDatabase(url, silent_at).open() as database:
        yield database
