"""What keeps a statement from being done, as exceptions of our own: outages that pass, time limits, refusals."""

from app.storage.connections.commits import CommitState
from app.storage.connections.driver import told

QUERY_CANCELED = "57014"
"""What PostgreSQL says when a statement reached its time limit."""
READ_ONLY = "25006"
PASSING = ("08", "40001", "40P01", "53", "55P03", "57P01", "57P02", "57P03")
"""How it begins what it says, or the driver does, when another attempt may succeed: the connection broke, somebody else
was in the way, the disk is full or there are too many connections, the server stops or starts. That we aren't allowed in,
or that there is no such database, doesn't pass by itself."""
CONFLICTS = ("40001", "40P01")
"""What it says when a transaction was rolled back for the sake of another: serialization failures, deadlocks."""
PROTOCOL_VIOLATION = "08P01"
OF_CONTENTS = {"fk_flow_draft_content_hash", "fk_flow_version_content_hash"}
"""Where these don't hold, another attempt stores the content anew, or finds what is copied as it is now."""


class DatabaseFailure(Exception):
    """What keeps a statement from being done."""

    written: CommitState | None = None
    """What of the change that it was a part of was written; None: it was a part of none, or nobody knows it yet."""


class StatementFailed(DatabaseFailure):
    """What the database refused, without the values that were in it: those are callers', and this goes to the log."""

    def __init__(self, error: Exception) -> None:
        known = ("sqlstate", "table_name", "column_name", "constraint_name")
        told = {name: getattr(error, name, None) for name in known}
        where = ", ".join(f"{name} {value}" for name, value in told.items() if value)
        super().__init__("\n".join([f"{type(error).__name__}: {where}", *getattr(error, "__notes__", ())]))


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


class ReadOnlyServer(DatabaseUnavailable):
    """The server takes no writes: another one does now, or will."""


def failure_of(error: Exception, *, is_lost: bool) -> DatabaseFailure:
    state = str(getattr(error, "sqlstate", None) or "")
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if state == READ_ONLY and is_lost:
        # Within a transaction for writing, whose connection is left for that.
        return ReadOnlyServer(type(error).__name__)
    if getattr(error, "constraint_name", None) in OF_CONTENTS:
        return TransactionConflict("a content was removed at the moment at which it was referred to again")
    if state in CONFLICTS and not is_lost:
        return TransactionConflict(told(error))
    if is_lost or is_outage(state):
        # Of a statement that failed otherwise, while the connection was lost, the message may hold values.
        is_told = is_outage(state) or isinstance(error, OSError)
        kind = ConnectionLost if is_lost else DatabaseUnavailable
        return kind(told(error) if is_told else type(error).__name__)
    return StatementFailed(error)


def is_outage(state: str) -> bool:
    return state.startswith(PASSING) and state != PROTOCOL_VIOLATION
