"""Sends a server of its own mutations of every kind by many callers at few flows, and shows that no deadlock comes of it.

    python scripts/benchmarks/contention.py --calls 10000

`flowport serve` runs with two workers on an embedded PostgreSQL in a temporary folder. 24 callers of four users send it
whatever there is at once: exports of many flows in any order, all or none and each on its own, overrides, copies, saves,
publications, reverts, starts, deletions, undone exports, world documents of two tenants; many calls with idempotency
keys twice at the same moment. Periodic cleanup works beside them twice a second. All of it is about a dozen flows. The
exit code is 1 if PostgreSQL has counted a deadlock, if a caller got anything but an answer to its mutation, or if a rule
of the domain is broken.
"""

import argparse
import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.storage.embedded.running import running
from tests.conftest import open_folder
from tests.contention.contention import contend
from tests.databases import open_databases

MOST_TOLD = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with open_folder() as folder:
        sys.exit(asyncio.run(_run(folder, options)))


async def _run(folder: Path, options: argparse.Namespace) -> int:
    started = time.monotonic()
    with running(folder / "data") as url:
        async with open_databases(url) as databases:
            tally = await contend(databases, folder, calls=options.calls, seed=options.seed, workers=options.workers)
    print("\n".join(tally.lines()))
    for each in [*tally.failures[:MOST_TOLD], *tally.wrong[:MOST_TOLD]]:
        print(f"\n{each}")
    is_bad = bool(tally.deadlocks or tally.gave_way or tally.failures or tally.wrong)
    print(f"\n{'BAD' if is_bad else 'GOOD'}: {tally.operations} mutations in {time.monotonic() - started:.0f} s")
    return 1 if is_bad else 0


if __name__ == "__main__":
    main()
