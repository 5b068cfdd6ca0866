"""Reaching a database before anything is done with it: how long each step may take, and what keeps it from being done."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.storage.connections.hosts import Hosts
from app.telemetry.log import log

ANSWER_SECONDS: float = 10
"""How long a database may take to let us in, and to answer what takes it no work."""
RECOVERY_SECONDS = 60
"""How long one is waited for that starts, stops or recovers."""
RECOVERING = ("57P01", "57P02", "57P03", "08")
"""How it begins what it says, or the driver does, while it starts, stops or recovers, and if it does while we are there."""
IN_STATEMENT_MODE = "statement pooling mode"
"""So pgbouncer says, with the SQLSTATE of a lost connection, that it will never let a transaction begin."""
LOOK_SECONDS: float = 10
"""How often it is looked whether a database that is at work for long still answers, and said that it is at work."""
MOST_SILENT_LOOKS = 2

UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}

Done = TypeVar("Done")


class UnreachableError(Exception):
    """The database can't be had; the message says which and why, for the person who starts the program."""


@asynccontextmanager
async def engine_of(url: str, *, takes_long: bool = False) -> AsyncIterator[AsyncEngine]:
    """SQLAlchemy's engine, for migrations and commands. Statements are limited in time unless they may take long.

    It keeps no prepared statement, which behind a pooler would be in nobody knows which server process.
    """
    limits: dict[str, Any] = {"timeout": ANSWER_SECONDS, "command_timeout": None if takes_long else ANSWER_SECONDS}
    arguments = UNPREPARED | limits | {"async_creator_fn": Hosts().connect}
    engine = create_async_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    try:
        yield engine
    finally:
        await engine.dispose()


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Raise UnreachableError, with the name of the database, for whatever keeps us from using it."""
    name = make_url(url).set(drivername="postgresql").render_as_string()
    try:
        yield
    except TimeoutError:
        raise UnreachableError(
            f"The database can't be reached: {name} doesn't answer within {ANSWER_SECONDS} seconds."
        ) from None
    except OSError as error:
        raise UnreachableError(f"The database can't be reached: {name}: {error}") from None
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        raise UnreachableError(f"The database {name} refused: {said}") from None


async def once_recovered(ask: Callable[[], Awaitable[Done]]) -> Done:
    """Ask, and again and again while the database starts, stops or recovers."""
    deadline = time.monotonic() + RECOVERY_SECONDS
    while True:
        try:
            return await ask()
        except (ConnectionResetError, DBAPIError, asyncpg.PostgresError) as error:
            if not is_recovering(error) or time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


def is_recovering(error: ConnectionResetError | DBAPIError | asyncpg.PostgresError) -> bool:
    """Whether what a database has said passes by itself."""
    if isinstance(error, ConnectionResetError):
        return True
    return str(state_of(error)).startswith(RECOVERING) and IN_STATEMENT_MODE not in str(error)


async def while_it_answers(url: str, work: Awaitable[Done], event: str) -> Done:
    """Wait for long work in the database, and say now and then that it goes on. Raises TimeoutError once it is silent."""
    doing, begun, silent = asyncio.ensure_future(work), time.monotonic(), 0
    try:
        while not (await asyncio.wait({doing}, timeout=LOOK_SECONDS))[0]:
            answers = await still_answers(url)
            log().info(event, seconds=round(time.monotonic() - begun), answers=answers)
            silent = 0 if answers else silent + 1
            if silent >= MOST_SILENT_LOOKS:
                raise TimeoutError
    finally:
        doing.cancel()
    return await doing


async def still_answers(url: str) -> bool:
    try:
        async with engine_of(url) as engine, engine.connect() as connection:
            await connection.execute(text("select 1"))
    except OSError:
        return False
    except (DBAPIError, asyncpg.PostgresError):
        # It has no connection free, for example.
        return True
    return True


def state_of(error: BaseException) -> str | None:
    """The SQLSTATE of an error of the driver, which SQLAlchemy may have wrapped."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return getattr(said, "sqlstate", None)
