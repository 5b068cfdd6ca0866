"""Connections to databases of the tests that outlive the server which opened them, for the next one on the database.

On a new one PostgreSQL reads its catalogue and plans every statement anew: ten times the work of what most tests ask.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from app.storage.connections import database
from app.storage.connections.driver import Connector, DriverConnection
from app.storage.connections.pool import ConnectionPool

MOST, MOST_OF_ONE = 48, 8
"""How many are kept, of all databases and of each: PostgreSQL lets in a hundred. Where more are, the oldest are closed."""


class ReusableConnections:
    """By the URL of their database."""

    def __init__(self) -> None:
        self._free: dict[str, list[DriverConnection]] = {}

    def pids(self, url: str) -> list[int]:
        """Their processes on the server."""
        return [each.get_server_pid() for each in self._free.get(url, ()) if not each.is_closed()]

    def take(self, url: str) -> DriverConnection | None:
        """One that the server hasn't closed meanwhile."""
        free = self._free.get(url, [])
        while free:
            if not (taken := free.pop()).is_closed():
                return taken
        return None

    def keep(self, url: str, connection: DriverConnection) -> bool:
        """Whether its database hasn't its share yet."""
        free = self._free.pop(url, [])
        self._free[url] = free
        if len(free) >= MOST_OF_ONE:
            return False
        free.append(connection)
        if sum(map(len, self._free.values())) > MOST:
            self._close_oldest()
        return True

    def _close_oldest(self) -> None:
        """Close one of the database that was left longest ago."""
        next(free for free in self._free.values() if free).pop(0).terminate()

    def forget(self, url: str) -> None:
        for each in self._free.pop(url, ()):
            each.terminate()

    @contextmanager
    def used(self) -> Iterator[None]:
        """A database that is opened meanwhile takes connections from here, and leaves them here when it is closed."""

        def connector(*arguments: Any) -> "_Connector":
            made = _Connector(*arguments)
            made.reusable = self
            return made

        with patch.object(database, "Connector", connector), patch.object(database, "ConnectionPool", _Pool):
            yield


class _Connector(Connector):
    """Settings are made on a connection that was used before as on a new one."""

    reusable: ReusableConnections

    async def _connect(self) -> DriverConnection:
        return self.reusable.take(self.url) or await super()._connect()


class _Pool(ConnectionPool):
    async def close(self) -> None:
        connect = self._connect
        assert isinstance(connect, _Connector)
        self._free = [each for each in self._free if not connect.reusable.keep(connect.url, each)]
        await super().close()
