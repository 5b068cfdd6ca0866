"""The database that a command speaks to: the user's own, or the embedded one of a data directory."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from app.command_error import CommandError
from app.settings import Settings
from app.telemetry.log import configure_log

if TYPE_CHECKING:
    from app.usecases.transaction import UnitOfWork

Answer = TypeVar("Answer")

USUAL_POOL, MOST_USUAL = 10, 150
"""Default connections of a process, and of all processes together."""
OF_PROBES = 1
SPARE = 10
"""Connections for commands beside a server that serves."""


def pool_size_of(settings: Settings) -> int:
    """How many connections each server process has at most."""
    return settings.pool_size or min(USUAL_POOL, MOST_USUAL // settings.workers)


def refuse_too_large_pools(settings: Settings) -> None:
    """Refuse more connections than the embedded database has: some requests would find none, under load only."""
    if settings.database_url is not None or sys.platform == "win32":
        return
    from app.storage.embedded.server import MOST_CONNECTIONS

    connections = settings.workers * (pool_size_of(settings) + OF_PROBES)
    if connections > MOST_CONNECTIONS - SPARE:
        raise CommandError(
            f"{settings.workers} server processes with {pool_size_of(settings)} database connections each, and one for probes, are {connections}; "
            f"the embedded database has {MOST_CONNECTIONS - SPARE} for them. "
            "Set FLOWPORT_WORKERS or FLOWPORT_POOL_SIZE lower, or name a larger database in FLOWPORT_DATABASE_URL."
        )


@contextmanager
def database(
    settings: Settings, *, make: bool = False, migrates: bool = True, is_dry_run: bool = False
) -> Iterator[str]:
    """The URL of the database, which is brought to the newest schema; without one of the user's, the embedded one runs.

    An embedded database that is missing is made only with `make`. Without `migrates` the schema stays as it is; a dry
    run refuses an existing database whose schema isn't the newest.
    """
    if is_dry_run and settings.database_url is None:
        from app.storage.embedded.running import exists

        is_dry_run = exists(settings.data_dir)
    configure_log(log_format=settings.log_format, level=settings.log_level)
    with nullcontext(settings.database_url) if settings.database_url else embedded(settings, make=make) as url:
        if migrates:
            migrate(url, is_dry_run=is_dry_run)
        yield url


def embedded(settings: Settings, *, make: bool) -> AbstractContextManager[str]:
    if sys.platform == "win32":
        raise CommandError("On Windows there is no embedded database: set FLOWPORT_DATABASE_URL.")
    from app.storage.embedded.running import running

    return running(settings.data_dir, make=make)


def name_of_database(settings: Settings) -> str:
    """The database's name for people: a URL without its password, or the folder of the embedded database."""
    if settings.database_url is None:
        return f"the embedded one in {settings.data_dir.expanduser().absolute()}"
    return without_password(settings.database_url)


def without_password(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(drivername="postgresql").render_as_string()


def migrate(url: str, *, is_dry_run: bool = False) -> None:
    from app.storage.migrations.migrate import upgrade

    with said_in_a_line(url):
        asyncio.run(upgrade(url, is_dry_run=is_dry_run))


def run(url: str, work: "Callable[[UnitOfWork], Awaitable[Answer]]", *, takes_long: bool = False) -> Answer:
    """Do work in a database, within ANSWER_SECONDS unless it takes long."""

    async def work_on_database() -> Answer:
        from app.storage.connections.database import opened
        from app.storage.migrations.migrate import ANSWER_SECONDS
        from app.usecases.transaction import UnitOfWork

        async with asyncio.timeout(None if takes_long else ANSWER_SECONDS), opened(url) as database:
            return await work(UnitOfWork(database, lambda: datetime.now(UTC)))

    with said_in_a_line(url):
        return asyncio.run(work_on_database())


@contextmanager
def said_in_a_line(url: str) -> Iterator[None]:
    """Say in a line, with the name of the database, what keeps work in it from being done."""
    from app.storage.connections.failures import DatabaseFailure, Unreachable
    from app.storage.migrations.migrate import ANSWER_SECONDS

    try:
        yield
    except TimeoutError:
        why = f"{without_password(url)} doesn't answer within {ANSWER_SECONDS} seconds."
        raise CommandError(f"The database can't be reached: {why}") from None
    except BrokenPipeError:
        # Nobody reads any more what the command prints.
        raise
    except (Unreachable, OSError) as error:
        raise CommandError(f"The database can't be reached: {without_password(url)}: {error}") from None
    except DatabaseFailure as error:
        raise CommandError(f"The database {without_password(url)} refused: {error}") from None
