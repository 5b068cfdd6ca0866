"""Failures of the database, as exceptions of our own: outages that pass, time limits, refusals; and what was written."""

from enum import Enum

import asyncpg

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The exceptions of the driver."""
QUERY_CANCELED = "57014"
"""The SQLSTATE of a statement that reached its time limit."""
PASSING = ("08", "40001", "40P01", "53", "55P03", "57P01", "57P02", "57P03")
"""Beginnings of the SQLSTATE of failures that pass by themselves: the connection broke, another transaction was in the way,
the disk is full or there are too many connections, the server stops or starts. A wrong password doesn't pass."""
CONFLICTS = ("40001", "40P01")
"""The SQLSTATEs of serialization failures and deadlocks."""
PROTOCOL_VIOLATION = "08P01"
"""A statement that fails with it is a mistake of ours. While connecting, a pooler says it of itself, as that it doesn't reach the server."""
RETRIED_CONSTRAINTS = {
    "pending_event.tenant_id": "a flow or workspace was removed at the moment at which an event named it",
    "uq_user_account_email_key": "two tenants brought the same user at the same moment",
}
"""Constraints, besides foreign keys, and columns without nulls that another transaction's commit may violate: the call is
tried again."""


class CommitState(Enum):
    """Whether a transaction was written; answers have the value."""

    NOTHING = "NO"
    UNKNOWN = "UNKNOWN"
    """The connection was lost, or the request cut off, during the commit."""
    WRITTEN = "YES"


class DatabaseFailure(Exception):
    """A statement wasn't done."""

    written: CommitState | None = None
    """Whether the transaction of the statement was written; None for a statement that only read."""


class StatementFailed(DatabaseFailure):
    """The database refused a statement. The message has no values, since they are callers' and it goes to the log."""

    def __init__(self, error: Exception) -> None:
        names = ("sqlstate", "table_name", "column_name", "constraint_name")
        where = ", ".join(f"{name} {value}" for name in names if (value := getattr(error, name, None)))
        super().__init__("\n".join([f"{type(error).__name__}: {where}", *getattr(error, "__notes__", ())]))


class NotLetIn(DatabaseFailure):
    """The server refuses the connection itself: a wrong password, for example, or a database that doesn't exist."""


class StatementTookTooLong(DatabaseFailure):
    """The database cancelled a statement at its time limit; the transaction is rolled back."""


class DatabaseUnavailable(DatabaseFailure):
    """The database can't be used just now, and another attempt may succeed; the message, for the log, says why."""


class TransactionConflict(DatabaseUnavailable):
    """The database rolled the transaction back for the sake of another; a retry may succeed at once."""


class ConnectionLost(DatabaseUnavailable):
    """The connection couldn't be opened, or broke."""


class Unreachable(ConnectionLost):
    """No server answers at the address; one that starts or stops would."""


class ReadOnlyServer(DatabaseUnavailable):
    """The server takes no writes: another one does now, or will."""


def failure_of(error: Exception, *, is_lost: bool) -> DatabaseFailure:
    """The failure that an error of a statement means; `is_lost`: its connection is lost too."""
    state = state_of(error)
    is_outage = state.startswith(PASSING) and state != PROTOCOL_VIOLATION
    if state == QUERY_CANCELED:
        return StatementTookTooLong()
    if (constraint := _constraint_of(error)) in RETRIED_CONSTRAINTS:
        return TransactionConflict(RETRIED_CONSTRAINTS[constraint])
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return TransactionConflict(f"a row was removed at the moment at which another one named it ({constraint})")
    if is_lost:
        # Of a statement that failed otherwise meanwhile, the message may hold values.
        return ConnectionLost(message_of(error) if is_outage else type(error).__name__)
    if is_outage:
        return (TransactionConflict if state in CONFLICTS else DatabaseUnavailable)(message_of(error))
    return StatementFailed(error)


def _constraint_of(error: Exception) -> str:
    """The constraint that a statement violated; of a null its table and column."""
    name: str | None = getattr(error, "constraint_name", None)
    return name or f"{getattr(error, 'table_name', None)}.{getattr(error, 'column_name', None)}"


def failure_to_connect(error: Exception) -> DatabaseFailure:
    """The failure that an error while connecting means. Only here an error of the system is an outage."""
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
    """The name of an error's class, with its message."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


class Commits(list[CommitState]):
    """The states of a request's transactions, in their order, so that its caller is told what was written."""

    @property
    def number_written(self) -> int:
        return self.count(CommitState.WRITTEN)

    @property
    def of_all(self) -> CommitState:
        """UNKNOWN if any transaction may be written, else WRITTEN if any is."""
        if CommitState.UNKNOWN in self:
            return CommitState.UNKNOWN
        return CommitState.WRITTEN if self.number_written else CommitState.NOTHING

    def last_after(self, number: int) -> CommitState:
        """The state of the last transaction after the first `number`; NOTHING if there is none."""
        return self[-1] if len(self) > number else CommitState.NOTHING
