"""The outcomes of a request's transactions, so that its caller is told what was written."""

from enum import Enum


class CommitState(Enum):
    """Whether a transaction was written; answers have the value."""

    NOTHING = "NO"
    UNKNOWN = "UNKNOWN"
    """The connection was lost, or the request cut off, during the commit."""
    WRITTEN = "YES"


class Commits(list[CommitState]):
    """The states of a request's transactions, in their order."""

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
