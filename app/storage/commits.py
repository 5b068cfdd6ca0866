"""What a request has written, for whoever tells its caller when it is cut off."""

from enum import Enum
from typing import NamedTuple


class CommitState(Enum):
    """What a transaction has written."""

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    """It was being committed."""
    WRITTEN = "written"


class CommitNotes(NamedTuple):
    """What is noted of a commit for those who read from a replica, as statements."""

    with_it: str
    after_it: str


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

    def __len__(self) -> int:
        return len(self._each)

    def forget_after(self, number: int) -> None:
        """Those that came after so many had nothing in them; where there are none, nothing was begun."""
        del self._each[number:]
