"""Connecting to one of several database servers: to the first that answers and takes writes, if that is asked for.

The driver could do that too, but waits for a host that is silent until there is no time left for the others.
"""

from typing import Any, cast

import asyncpg
from sqlalchemy import make_url

from app.storage.connections.connection import DIALECT, AnyConnection

HOST_SECONDS = 3.0
"""How long one host of several may take to let us in."""
OF_ONE_HOST = (
    OSError,
    asyncpg.CannotConnectNowError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.TooManyConnectionsError,
)
"""Errors after which the next host is tried: this one is down, silent or starting."""
OF_SQLALCHEMY = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_fallback", "async_creator_fn")
"""Arguments that SQLAlchemy understands, and the driver doesn't."""


class NoSuitableHost(ConnectionResetError):
    """No host has the role that the URL asks for, such as primary; one may get it soon."""


class Hosts:
    """The hosts of a database, of which the one that was connected to last is tried first."""

    def __init__(self) -> None:
        self._last: tuple[Any, Any] | None = None

    async def connect(self, **arguments: Any) -> AnyConnection:  # noqa: ANN401 - the driver's arguments
        """Connect as the driver does, but try several hosts one after the other.

        Raises NoSuitableHost, or what the first of them raised.
        """
        hosts, ports = (several(arguments.get(name)) for name in ("host", "port"))
        seconds = arguments["timeout"] if len(hosts) == 1 else min(HOST_SECONDS, arguments["timeout"])
        refused: Exception | None = None
        for host, port in sorted(zip(hosts, ports, strict=True), key=lambda each: each != self._last):
            try:
                connection = await asyncpg.connect(**arguments | {"host": host, "port": port, "timeout": seconds})
            except asyncpg.TargetServerAttributeNotMatched:
                refused = NoSuitableHost(f"no server is {arguments.get('target_session_attrs')} now")
            except OF_ONE_HOST as error:
                refused = refused or error
            else:
                self._last = (host, port)
                return cast("AnyConnection", connection)
        raise refused or OSError("no host is named")


def several(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def arguments_of(url: str) -> dict[str, Any]:
    """The driver's arguments for a database behind a SQLAlchemy URL."""
    _, arguments = DIALECT.create_connect_args(make_url(url))
    return {name: value for name, value in arguments.items() if name not in OF_SQLALCHEMY}
