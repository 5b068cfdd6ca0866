"""What keeps a statement from being done, as exceptions of our own: outages that pass, time limits, refusals."""

import asyncpg

from app.storage.connections.commits import CommitState

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What the driver raises."""
QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
PASSING = ("08", "40001", "40P01", "53", "55P03", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when another attempt may succeed: the connection broke, somebody else
was in the way, the disk is full or there are too many connections, the server stops or starts. That we aren't allowed in,
or that there is no such database, doesn't pass by itself."""
CONFLICTS = ("40001", "40P01")
"""What it says when a transaction was rolled back for the sake of another: serialization failures, deadlocks."""
PROTOCOL_VIOLATION = "08P01"
"""Of a statement, a mistake; while connecting, whatever a pooler says of its own, as that it doesn't reach the server."""
OF_CONTENTS = {"fk_flow_draft_content_hash", "fk_flow_version_content_hash"}
"""Where these don't hold, another attempt stores the content anew, or finds what is copied as it is now."""


class DatabaseFailure(Exception):
    """What keeps a statement from being done."""

    written: CommitState | None = None
    """What of the change that it was a part of was written; None: it was a part of none, or nobody knows it yet."""


class StatementFailed(DatabaseFailure):
    """What the database refused, without the values that were in it: those are callers', and this goes to the log."""

    def __init__(self, error: Exception) -> None:
        names = ("sqlstate", "table_name", "column_name", "constraint_name")
        where = ", ".join(f"{name} {value}" for name in names if (value := getattr(error, name, None)))
        super().__init__("\n".join([f"{type(error).__name__}: {where}", *getattr(error, "__notes__", ())]))


class NotLetIn(DatabaseFailure):
    """The server refuses the connection itself: a wrong password, for example, or a database that doesn't exist."""


class StatementTookTooLong(DatabaseFailure):
    """The database cancelled a statement at its time limit; the transaction is rolled back."""


class DatabaseUnavailable(DatabaseFailure):
    """It can't be used just now, often for want of a connection; the message, for the log, says why.

    Another attempt may succeed.
    """


class TransactionConflict(DatabaseUnavailable):
    """It was rolled back for the sake of another transaction, and may succeed at once when it is retried."""


class ConnectionLost(DatabaseUnavailable):
    """There is none, or it broke."""


class Unreachable(ConnectionLost):
    """Nothing answers at its address, which doesn't pass by itself as soon as a restart does."""


class ReadOnlyServer(DatabaseUnavailable):
    """The server takes no writes: another one does now, or will."""


def failure_of(error: Exception, *, is_lost: bool) -> DatabaseFailure:
    """What a statement failed by; `is_lost`: with its connection."""
    state = state_of(error)
    is_outage = state.startswith(PASSING) and state != PROTOCOL_VIOLATION
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if getattr(error, "constraint_name", None) in OF_CONTENTS:
        return TransactionConflict("a content was removed at the moment at which it was referred to again")
    if is_lost:
        # Of a statement that failed otherwise meanwhile, the message may hold values.
        return ConnectionLost(message_of(error) if is_outage else type(error).__name__)
    if is_outage:
        return (TransactionConflict if state in CONFLICTS else DatabaseUnavailable)(message_of(error))
    return StatementFailed(error)


def failure_to_connect(error: Exception) -> DatabaseFailure:
    """Why there is no connection: an error of the system is an outage too, as elsewhere it isn't."""
    if isinstance(error, OSError):
        return (ConnectionLost if isinstance(error, ConnectionResetError) else Unreachable)(message_of(error))
    if isinstance(error, asyncpg.InternalClientError):
        return ConnectionLost(message_of(error))
    # No statement was sent, so that no caller's value can be in what the server says.
    return (DatabaseUnavailable if state_of(error).startswith(PASSING) else NotLetIn)(message_of(error))


def state_of(error: object) -> str:
    """The SQLSTATE."""
    return str(getattr(error, "sqlstate", None) or "")


def message_of(error: BaseException) -> str:
    """Which error, and what it says."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")
