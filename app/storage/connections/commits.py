"""What a request has written, for whoever tells its caller when it is cut off."""

from enum import Enum


class CommitState(Enum):
    """What a transaction has written."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """It was being committed."""
    WRITTEN = "written"

    @property
    def told(self) -> str:
        """Whether it was written, for programs to read in an answer."""
        return {CommitState.NOTHING: "NO", CommitState.UNKNOWN: "UNKNOWN"}.get(self, "YES")


class Commit:
    """The commit of one transaction, and how far it has come."""

    state = CommitState.NOTHING


class Commits:
    """Those of a request, in their order."""

    def __init__(self) -> None:
        self._each: list[Commit] = []

    def begin(self) -> Commit:
        self._each.append(Commit())
        return self._each[-1]

    @property
    def last(self) -> CommitState:
        return self._each[-1].state if self._each else CommitState.NOTHING

    @property
    def number_written(self) -> int:
        return sum(each.state is CommitState.WRITTEN for each in self._each)

    @property
    def of_all(self) -> CommitState:
        """What is known of all of them together: that one may be written, that some are, or that none is."""
        if any(each.state is CommitState.UNKNOWN for each in self._each):
            return CommitState.UNKNOWN
        return CommitState.WRITTEN if self.number_written else CommitState.NOTHING

    def last_after(self, number: int) -> CommitState:
        """The last one that came after so many; if none did, nothing was begun."""
        return self.last if len(self) > number else CommitState.NOTHING

    def __len__(self) -> int:
        return len(self._each)
