"""Kills a server again and again while calls with idempotency keys are under way, and repeats them.

    python scripts/benchmarks/crashes.py --kills 200

Each round sends one call of each kind that takes a key at once, to `flowport serve` with two workers on a real
PostgreSQL. SIGKILL comes at a random time within the longest of some rounds that aren't disturbed or, in a third of the
rounds, right before or right after a commit is sent to the database; it ends all workers, whom the supervisor replaces,
or in every fifth round the whole process group. Then the same calls are sent again: what was committed has to be
replayed with the same answer, the rest done now, everything is there once, each call all or nothing, and no rule of the
domain is broken. A proxy between server and database sees where each call was.

With `--embedded` the server has its embedded database, whose processes are killed too in every other round; where calls
were is not seen then. The exit code is 0 if everything was right, else 1.

With `--faults N` instead of `--kills`, a mixed load of mutations with and without keys meets faults of every kind
(`tests/crashes/fault_kinds.py`): processes of server and database are killed, connections cut or silent, statements
cancelled, tables locked and, where root can mount a small disk, that is full. After each of them everything that was
acknowledged is there once, the rest wholly or not at all. With `--embedded` it is the server that starts its database
again. With `--pooler` the server reaches its database through pgbouncer in transaction mode, which is killed too.

With `--approvals N` the server is killed N times while a release of 500 drafts is approved: all of them are published,
or none.

The tests do the same with a few of each (tests/crashes).
"""

import argparse
import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.storage.embedded.running import running
from tests.conftest import open_folder
from tests.crashes.approvals import killed_again_and_again, open_approvals
from tests.crashes.fault_kinds import kinds_for
from tests.crashes.faults import Faults, FaultTally, open_embedded_faults, open_faults
from tests.crashes.rounds import Killing, Rounds, Whom, open_embedded_rounds, open_rounds
from tests.crashes.small_disk import small_disk
from tests.crashes.tally import told
from tests.databases import open_databases

UNDISTURBED = 10
WHOLE_SERVER_EVERY = 5
"""Its supervisor waits the longer the more often its workers die: this begins anew with the server."""
CALLS = 7
APPROVED_FLOWS = 500
MOST_TOLD = 20
FAULTS_OF_A_WORLD = 45
"""The more there is in it, the longer it takes to find out whether all is well."""
DISK_BYTES = 500_000_000

OpenWorld = Callable[[], AbstractAsyncContextManager[Faults]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    number = parser.add_mutually_exclusive_group(required=True)
    number.add_argument("--kills", type=int)
    number.add_argument("--faults", type=int, help="faults of every kind, under a mixed load")
    number.add_argument("--approvals", type=int, help="while a release of 500 drafts is approved")
    parser.add_argument(
        "--embedded", action="store_true", help="on the embedded database of the server, which is killed too"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--pooler", action="store_true", help="reach the database through pgbouncer, which is killed too"
    )
    options = parser.parse_args()
    if options.pooler and (options.embedded or not options.faults):
        parser.error("--pooler goes with --faults, and not with --embedded")
    chance = Random(options.seed)  # noqa: S311 - not for secrets
    with open_folder() as folder:
        if options.faults:
            worlds = partial(_worlds, folder, embedded=options.embedded, pooled=options.pooler)
            sys.exit(asyncio.run(_run_faults(worlds, options.faults, chance)))
        if options.approvals:
            sys.exit(asyncio.run(_run_approvals(folder, options.approvals, chance)))
        rounds = open_embedded_rounds(folder) if options.embedded else _watched(folder)
        killing = _killing_of_embedded if options.embedded else _killing
        sys.exit(asyncio.run(_run(rounds, killing, options.kills, chance)))


@asynccontextmanager
async def _watched(folder: Path) -> AsyncIterator[Rounds]:
    with running(folder / "data") as url:
        async with open_databases(url) as databases, open_rounds(databases, folder) as rounds:
            yield rounds


async def _run(
    opening: AbstractAsyncContextManager[Rounds],
    killing: Callable[[int, float, Random], Killing],
    kills: int,
    chance: Random,
) -> int:
    started = time.monotonic()
    async with opening as rounds:
        longest = max([await rounds.undisturbed() for _ in range(UNDISTURBED)])
        print(f"A round takes up to {longest * 1000:.0f} ms.", flush=True)
        for number in range(1, kills + 1):
            await rounds.killed(killing(number, longest, chance))
            if number % 20 == 0:
                _tell(rounds, number, kills)
    return _verdict(f"{kills} kills", started, told(rounds.tally), rounds.tally.wrong)


async def _run_approvals(folder: Path, kills: int, chance: Random) -> int:
    started = time.monotonic()
    with running(folder / "data") as url:
        async with (
            open_databases(url) as databases,
            open_approvals(databases, folder, APPROVED_FLOWS) as approvals,
        ):
            await killed_again_and_again(approvals, kills, chance)
    lines = [f"{number:8}  {state}" for state, number in sorted(approvals.states.items())]
    return _verdict(f"{kills} kills", started, lines, approvals.wrong)


async def _run_faults(
    worlds: Callable[[FaultTally], AbstractAsyncContextManager[OpenWorld]], number: int, chance: Random
) -> int:
    started, tally, done = time.monotonic(), FaultTally(), 0
    async with worlds(tally) as open_world:
        while done < number:
            async with open_world() as faults:
                names = kinds_for(faults.victim)
                for _ in range(min(FAULTS_OF_A_WORLD, number - done)):
                    await faults.round(names[done % len(names)], chance)
                    done += 1
            print(f"{done} of {number} faults, {len(tally.wrong)} things wrong", flush=True)
    return _verdict(f"{number} faults", started, tally.lines(), tally.wrong)


@asynccontextmanager
async def _worlds(folder: Path, tally: FaultTally, *, embedded: bool, pooled: bool) -> AsyncIterator[OpenWorld]:
    """What opens a server on a new world; the old one is closed before."""
    with small_disk(folder / "disk", DISK_BYTES) as disk:
        if embedded:
            numbers = count()
            yield lambda: _embedded_world((disk or folder) / str(next(numbers)), tally, disk)
            return
        data_dir = (disk or folder) / "data"
        with running(data_dir) as url:
            async with open_databases(url) as databases:
                yield lambda: open_faults(databases, folder, data_dir, tally, disk, pooled=pooled)


@asynccontextmanager
async def _embedded_world(folder: Path, tally: FaultTally, disk: Path | None) -> AsyncIterator[Faults]:
    async with open_embedded_faults(folder, tally, disk) as faults:
        yield faults
    # The disk has no room for many.
    shutil.rmtree(folder)


def _verdict(what: str, started: float, lines: Iterable[str], wrong: Sequence[str]) -> int:
    print("\n".join(lines))
    for each in wrong[:MOST_TOLD]:
        print(f"\n{each}")
    verdict = "BAD" if wrong else "GOOD"
    print(f"\n{verdict}: {what} in {time.monotonic() - started:.0f} s, {len(wrong)} things wrong")
    return 1 if wrong else 0


def _killing(number: int, longest: float, chance: Random) -> Killing:
    at_commit = chance.randint(1, CALLS) if number % 3 == 0 else None
    return Killing(
        Whom.WORKERS if number % WHOLE_SERVER_EVERY else Whom.SERVER,
        looks_first=chance.choice((True, False)),
        after_seconds=None if at_commit else chance.uniform(0, longest),
        at_commit=at_commit,
        commit_arrives=chance.choice((True, False)),
    )


def _killing_of_embedded(number: int, longest: float, chance: Random) -> Killing:
    """Its database at every other kill."""
    whom = Whom.DATABASE if number % 2 else Whom.SERVER
    return Killing(whom, looks_first=chance.choice((True, False)), after_seconds=chance.uniform(0, longest))


def _tell(rounds: Rounds, number: int, kills: int) -> None:
    print(f"{number} of {kills} kills, {len(rounds.tally.wrong)} things wrong", flush=True)


if __name__ == "__main__":
    main()
