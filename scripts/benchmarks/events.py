"""Sixteen writers and two readers of events, while processes are killed that may be numbering them.

    python scripts/benchmarks/events.py --seconds 60 --workers 4 --kill-every 500

Each writer starts and stops a flow of its own over HTTP; the readers poll the feed from their cursors. In the end both
have read every event once, in the same order, with positions that follow each other, and each flow was started and
stopped in turns. How old an event is when a reader that polls a hundred times a second sees it is printed. The exit code
is 0 if everything was right, else 1. The tests do the same for a moment (`tests/crashes/test_feed_load.py`).
"""

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.storage.embedded.running import running
from tests.conftest import open_folder
from tests.crashes.feed_load import open_feed_load
from tests.databases import open_databases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=int, default=10**9, help="changes after which a process is killed")
    options = parser.parse_args()
    with open_folder() as folder, running(folder / "database") as url:
        sys.exit(asyncio.run(_run(url, folder, options.seconds, options.workers, options.kill_every)))


async def _run(url: str, folder: Path, seconds: float, workers: int, kill_every: int) -> int:
    async with open_databases(url) as databases, open_feed_load(databases, folder, workers=workers) as load:
        end = time.monotonic() + seconds
        mistakes = await load.run(lambda: time.monotonic() >= end, load.server.kill_one_worker, kill_every)
        ages = sorted(load.readers[0].ages)
    print(f"{load.changes:,} changes acknowledged, {len(ages):,} events read")
    print(f"age when read: median {statistics.median(ages):.2f} s, of all but 1 % {ages[-len(ages) // 100]:.2f} s")
    print(f"longest {ages[-1]:.2f} s", *mistakes, sep="\n")
    return 1 if mistakes else 0


if __name__ == "__main__":
    main()
