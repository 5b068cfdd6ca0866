"""File descriptors: each connection takes one, and where none is left the event loop closes what it can't accept, unsaid."""

import errno
import os
import resource

from app.telemetry.log import log

TOLD_EVERY_SECONDS = 60


class Descriptors:
    """Looks whether there are any left, and says in the log if not."""

    def __init__(self) -> None:
        self._told_at = float("-inf")

    def look(self, now: float) -> None:
        """To be called often: takes microseconds."""
        try:
            os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE} and now - self._told_at >= TOLD_EVERY_SECONDS:
                self._told_at = now
                most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
                log().error("out of file descriptors, connections are closed", reason=str(error), limit=most)
