"""The files in which several server processes share their metrics.

The files are mapped into memory, where writing to a page without room on the disk kills the process (SIGBUS). The
supervisor therefore writes each file whole before any worker starts; files don't grow, since labels are bounded. A worker
that replaces another has its name, and takes over its files.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import current_process
from pathlib import Path
from tempfile import TemporaryDirectory

from app.telemetry import MULTIPROCESS_FOLDER
from app.telemetry.log import log

BYTES = {"counter": 98_304, "gauge_livesum": 4_096, "histogram": 524_288}
"""Size of a file by the beginning of its name, which the library gives: more than twice what all labels take."""


def names_of_workers(number: int) -> list[str]:
    return [f"worker-{each}" for each in range(number)]


@contextmanager
def shared_metrics(workers: int) -> Iterator[None]:
    """Have this process and a number of workers put together what they measure, if there is room for that.

    The environment names the folder, which workers inherit.
    """
    os.environ.pop(MULTIPROCESS_FOLDER, None)
    with ExitStack() as stack:
        try:
            if workers > 1:
                folder = stack.enter_context(TemporaryDirectory(prefix="flowport-metrics-", ignore_cleanup_errors=True))
                for name in (current_process().name, *names_of_workers(workers)):
                    for kind, size in BYTES.items():
                        write_zeros(Path(folder) / f"{kind}_{name}.db", size)
                os.environ[MULTIPROCESS_FOLDER] = folder
        except OSError as error:
            log().error("metrics are off", reason=str(error))
        yield


def forget_gauges(worker: str) -> None:
    """Set the gauges of a worker that has ended to zero."""
    if folder := os.environ.get(MULTIPROCESS_FOLDER):
        write_zeros(Path(folder) / f"gauge_livesum_{worker}.db", BYTES["gauge_livesum"])


def write_zeros(path: Path, size: int) -> None:
    """Fill a file with zeros. Raises OSError without room."""
    path.touch()
    with path.open("r+b") as file:
        file.write(bytes(size))
        file.flush()
        os.fsync(file.fileno())
