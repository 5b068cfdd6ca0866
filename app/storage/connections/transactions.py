"""How transactions begin and end on a connection, and what is known then of what they have written."""

import asyncio
from contextlib import AbstractContextManager, nullcontext

import asyncpg

from app.storage.connections.commits import Commit, CommitState
from app.storage.connections.driver import FAILURES, DriverConnection
from app.storage.connections.failures import ReadOnlyServer
from app.telemetry.log import current_span, log

AFTER_COMMIT_SECONDS = 2
CANCELLATION_SECONDS = 1.0
"""How long it is waited until a statement is cancelled, and its transaction rolled back: the request has used up its time."""


async def begin(driver: DriverConnection, *, read_only: bool) -> None:
    """Begin a transaction. Raises ReadOnlyServer where a standby is to write."""
    try:
        with traced("BEGIN"):
            await driver.begin(read_only=read_only)
    except asyncpg.FeatureNotSupportedError:
        # So a standby answers to READ WRITE.
        driver.terminate()
        raise ReadOnlyServer("the server is a standby") from None
    except BaseException:
        # Whether it has begun isn't known, so that nobody may go on with this connection.
        driver.terminate()
        raise


async def commit(driver: DriverConnection, noted: Commit, *, first: str) -> None:
    """Whoever is cut off meanwhile doesn't know what was written; a server that refuses has written nothing."""
    noted.state = CommitState.UNKNOWN
    try:
        with traced("COMMIT"):
            await driver.commit(first)
    except FAILURES:
        if not driver.is_closed():
            noted.state = CommitState.NOTHING
        if driver.is_in_transaction():
            # What comes first was refused.
            await roll_back(driver)
        raise
    noted.state = CommitState.WRITTEN


async def send_after_commit(driver: DriverConnection, statements: str) -> None:
    """What was committed stays acknowledged, whatever comes of this; without it, its caller isn't answered from the replica.

    Whoever is cut off meanwhile waits for it.
    """
    sending = asyncio.create_task(driver.execute(statements, timeout=AFTER_COMMIT_SECONDS))
    try:
        with traced("INSERT INTO caller_position"):
            await asyncio.wait({sending})
    except asyncio.CancelledError:
        await asyncio.wait({sending})
        raise
    finally:
        # Cut off once more, it isn't done, and what would come of it on this connection isn't known.
        is_done = sending.done() or not sending.cancel()
        failure = sending.exception() if is_done else asyncio.CancelledError()
        if failure is not None:
            driver.terminate()
            log().warning("position of a commit not noted", reason=type(failure).__name__)


async def roll_back(driver: DriverConnection) -> None:
    """With a connection that is lost, so is the transaction."""
    with traced("ROLLBACK"):
        await answer_or_leave(driver, "ROLLBACK;")


async def answer_or_leave(driver: DriverConnection, statement: str) -> None:
    """Wait until the server answers, which it does once it has ended what was cancelled; leave one that doesn't soon."""
    if driver.is_closed():
        return
    try:
        await driver.execute(statement, timeout=CANCELLATION_SECONDS)
    except TimeoutError:
        driver.terminate()


def traced(text: str) -> AbstractContextManager[None]:
    """A span below that of the request, if there is one: without values, and not counted as a statement."""
    span = current_span()
    return nullcontext() if span is None else span.statement(text)
