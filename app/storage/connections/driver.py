"""Connections of the driver: how one is made, and how transactions begin and end on it.

A URL may name several servers: the first that answers is taken, or the first that takes writes, if that is asked for. The
driver could do that too, but waits for a host that is silent until there is no time left for the others.

Between us and PostgreSQL there may be a pooler (such as pgbouncer), which lends a connection of its own to each
transaction. Then nothing may stay on a connection from one transaction to the next: settings are made by each
transaction, and reading takes one as well. A pooler gives itself away: the process that it says is at the other end is
none of the server's.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import asyncpg
from sqlalchemy import make_url

from app.storage.connections.connection import DIALECT, AnyConnection, Row, traced
from app.storage.connections.failures import FAILURES, DatabaseUnavailable, ReadOnlyServer, message_of
from app.telemetry.log import current_span, log

PoolerMode = Literal["auto", "session", "transaction"]
"""`auto`: a pooler that is found is used as one in transaction mode, since that is right for the others too."""

CANCELLATION_SECONDS = 1.0
"""How long it is waited until a statement is cancelled, and its transaction rolled back: the request has used up its time."""
PROBE = "flowport_probe"
NAME_OF_PROBE = "select name from pg_prepared_statements where name = 'flowport_probe'"
"""The prepared statement of that name finds itself, unless somebody has renamed it."""


class DriverConnection(AnyConnection):
    """A connection of asyncpg, read-only except in a transaction begun for writing."""

    is_pooled = False
    """A pooler lends each transaction another server process, which has none of our settings."""
    settings_of_transactions = ""
    begin_seconds: float | None = None

    async def begin(self, *, read_only: bool) -> None:
        """Begin a transaction. Raises DatabaseUnavailable where a pooler has no connection, or a standby is to write.

        A transaction for writing is READ COMMITTED, whatever the database's default is: facts are read after the locks.
        """
        mode = "READ ONLY" if read_only else "ISOLATION LEVEL READ COMMITTED, READ WRITE"
        try:
            with traced("BEGIN", current_span()):
                await self.execute(f"BEGIN {mode};{self.settings_of_transactions}", timeout=self.begin_seconds)
        except BaseException as error:
            # Whether it has begun isn't known, so that nobody may go on with this connection.
            self.terminate()
            if isinstance(error, TimeoutError):
                raise DatabaseUnavailable("the pooler has no connection free") from None
            if isinstance(error, asyncpg.FeatureNotSupportedError):
                # So a standby answers to READ WRITE.
                raise ReadOnlyServer("the server is a standby") from None
            raise

    async def commit(self) -> None:
        """Commit. The connection is closed if the caller is cancelled meanwhile: nobody waits for the server."""
        try:
            with traced("COMMIT", current_span()):
                await self.execute("COMMIT;")
        except asyncio.CancelledError:
            self.terminate()
            raise

    async def roll_back(self) -> None:
        """Roll back, or wait until the server has ended a cancelled read; close a connection that doesn't answer soon."""
        statement = "ROLLBACK" if self.is_in_transaction() else "SELECT 1"
        try:
            with traced(statement, current_span()):
                await self.execute(f"{statement};", timeout=CANCELLATION_SECONDS)
        except (OSError, *FAILURES):
            self.terminate()


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


@dataclass(slots=True)
class Connector:
    """Makes connections to one database."""

    url: str
    settings: dict[str, str]
    wait_seconds: float
    mode: PoolerMode
    is_pooled: bool = False
    """A pooler was found. From then on it is taken to be there, since what it needs is right without it too."""
    prepares: bool = True
    """Statements are prepared once for each connection: directly, or where the pooler keeps track of them."""
    hosts: Hosts = field(default_factory=Hosts)

    async def __call__(self) -> DriverConnection:
        """Raises DatabaseUnavailable, and what the driver raises."""
        is_known = self.is_pooled
        connection = await self._connect()
        if is_known:
            return self._of_pooler(connection)
        try:
            if self.mode != "transaction" and await self._has_set_up(connection):
                return connection
            await self._meet_pooler(connection)
        except BaseException as error:
            # A server that is silent is not waited for to say goodbye.
            connection.terminate()
            if isinstance(error, (OSError, *FAILURES)):
                raise DatabaseUnavailable(message_of(error)) from None
            raise
        return self._of_pooler(await self._connect())

    async def _has_set_up(self, connection: DriverConnection) -> bool:
        """Make our settings on a connection that is the server's own, or may be taken for it; on no other.

        One statement both asks and sets, sent unprepared: a pooler might run a prepared one in a process without it.
        """
        settings = self.settings | {"default_transaction_read_only": "on"}
        values = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in settings.items())
        own = "" if self.mode == "session" else f" where pg_backend_pid() = {connection.get_server_pid()}"
        return await connection.execute(f"select {values}{own}", timeout=self.wait_seconds) == "SELECT 1"

    async def _meet_pooler(self, connection: DriverConnection) -> None:
        """Find out what the pooler can do. The connection is closed: the probe may have left a prepared statement on it."""
        self.prepares = await keeps_track_of_prepared_statements(connection, self.wait_seconds)
        if not self.is_pooled:
            log().info("connection pooler found", prepared_statements=self.prepares)
        self.is_pooled = True
        await connection.close(timeout=self.wait_seconds)

    def _of_pooler(self, connection: DriverConnection) -> DriverConnection:
        connection.is_pooled = True
        connection.begin_seconds = self.wait_seconds
        connection.settings_of_transactions = "".join(
            f" SET LOCAL {name} = {value};" for name, value in self.settings.items()
        )
        return connection

    async def _connect(self) -> DriverConnection:
        connection = await self.hosts.connect(
            **arguments_of(self.url),
            timeout=self.wait_seconds,
            connection_class=DriverConnection,
            record_class=Row,
            statement_cache_size=100 if self.prepares else 0,
            # The settings that poolers keep for each of their clients.
            server_settings={"application_name": "flowport", "timezone": "UTC"},
        )
        return cast("DriverConnection", connection)


async def keeps_track_of_prepared_statements(connection: DriverConnection, seconds: float) -> bool:
    """Whether a pooler makes statements that were prepared once known to whichever server process it lends.

    pgbouncer does since 1.21, with `max_prepared_statements`. Such a pooler renames them on the server.
    """
    await connection.execute("BEGIN READ ONLY;", timeout=seconds)
    statement = await connection.prepare(NAME_OF_PROBE, name=PROBE, timeout=seconds)
    is_ours = await statement.fetchval(timeout=seconds) is not None
    if is_ours:
        await connection.execute(f"DEALLOCATE {PROBE};", timeout=seconds)
    await connection.execute("COMMIT;", timeout=seconds)
    return not is_ours
