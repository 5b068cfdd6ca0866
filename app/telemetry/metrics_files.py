"""The files in which several server processes share their metrics.

The files are mapped into memory, where writing to a page without room on the disk kills the process (SIGBUS). The
supervisor therefore writes each file whole before any worker starts; files don't grow, since labels are bounded. A worker
that replaces another takes over its files.
"""

import os
from pathlib import Path

BYTES = {"counter": 65_536, "gauge_livesum": 4_096, "histogram": 524_288}
"""Size of a file by the beginning of its name, which the library gives: more than twice what all labels take."""

SUPERVISOR = 0
"""The number of the supervisor; workers have the next ones."""

_number = SUPERVISOR


def own_number() -> int:
    """The number of this process among those that share metrics."""
    return _number


def take_number(number: int) -> None:
    """To be called by a worker before it measures anything."""
    global _number  # noqa: PLW0603 - it is that of the process
    _number = number


def make_files(folder: Path, *, workers: int) -> None:
    """Raises OSError where there is no room for them."""
    for number in range(SUPERVISOR, workers + 1):
        for kind, size in BYTES.items():
            with file_of(folder, kind, number).open("wb") as file:
                file.write(bytes(size))
                file.flush()
                os.fsync(file.fileno())


def forget_gauges(folder: Path, number: int) -> None:
    """Remove the gauges of a process that has ended."""
    with file_of(folder, "gauge_livesum", number).open("r+b") as file:
        file.write(bytes(BYTES["gauge_livesum"]))


def file_of(folder: Path, kind: str, number: int) -> Path:
    return folder / f"{kind}_{number}.db"
