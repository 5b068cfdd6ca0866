"""What a request has written, for whoever tells its caller when it is cut off."""

from enum import Enum


class CommitState(Enum):
    """What a transaction has written; the value says it to programs, in an answer."""

    NOTHING = "NO"
    UNKNOWN = "UNKNOWN"
    """It was being committed."""
    WRITTEN = "YES"


class Commits(list[CommitState]):
    """What the transactions of a request have written, one after the other."""

    @property
    def number_written(self) -> int:
        return self.count(CommitState.WRITTEN)

    @property
    def of_all(self) -> CommitState:
        """What is known of all of them together: that one may be written, that some are, or that none is."""
        if CommitState.UNKNOWN in self:
            return CommitState.UNKNOWN
        return CommitState.WRITTEN if self.number_written else CommitState.NOTHING

    def last_after(self, number: int) -> CommitState:
        """The last one that came after so many; if none did, nothing was begun."""
        return self[-1] if len(self) > number else CommitState.NOTHING
