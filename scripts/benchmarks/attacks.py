"""Sends requests that are meant to stop a server, and shows what each of them takes of it.

    python scripts/benchmarks/attacks.py
    python scripts/benchmarks/attacks.py --only comparison --only readiness
    python scripts/benchmarks/attacks.py --crowds --seconds 12

It starts a server with the demo world in a temporary folder and sends one attack after the other, with the default limits
and a token that everybody has: hostile texts, documents, graphs, and answers that would grow without end. For each it
prints the CPU seconds of the server and those of PostgreSQL, its peak memory above what it had, the bytes of the answer, the longest time for
which `/health` was silent, and the status. The exit code is 1 if one of them is above its bound. Linux only: figures come
from /proc.

With `--crowds` many connections attack at once instead, one crowd after the other, while a user of another tenant goes on
calling: for each crowd it prints how long that user waited at most for `viewer`, for a small `createFlow` and for one of
400 steps, and how many of these calls were refused.
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.hostile.answers import ANSWERS
from scripts.benchmarks.hostile.bulk import BULK
from scripts.benchmarks.hostile.crowded import crowds_measured
from scripts.benchmarks.hostile.demo import Attack, Demo
from scripts.benchmarks.hostile.exports import EXPORTS
from scripts.benchmarks.hostile.graphs import GRAPHS
from scripts.benchmarks.hostile.plans import PLANNED
from scripts.benchmarks.hostile.server import (
    LONGEST_SECONDS,
    Health,
    database_seconds,
    pythons,
    serving,
    usage,
)
from scripts.benchmarks.hostile.texts import TEXTS

ANSWER_MEGABYTES, SILENT_SECONDS = 16.8, 0.25
COLUMNS = ("CPU s", "database s", "peak MB", "answer MB", "silent s", "status")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one request took of the server."""

    cpu_seconds: float
    database_seconds: float
    megabytes: float
    answer_megabytes: float
    silent_seconds: float
    outcome: str

    def is_within(self, attack: Attack) -> bool:
        return (
            max(self.cpu_seconds, self.database_seconds) <= attack.cpu_seconds
            and self.megabytes <= attack.megabytes
            and self.answer_megabytes <= ANSWER_MEGABYTES
            and self.silent_seconds <= SILENT_SECONDS
        )

    @property
    def row(self) -> str:
        figures = (self.cpu_seconds, self.database_seconds, self.megabytes, self.answer_megabytes, self.silent_seconds)
        return "".join(f"{figure:11.2f}" for figure in figures) + f"  {self.outcome}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="attacks whose names hold this text; default: all of them")
    parser.add_argument("--crowds", action="store_true", help="many connections at once, beside another caller")
    parser.add_argument("--seconds", type=float, default=12, help="how long a crowd attacks; default: %(default)s")
    options = parser.parse_args()
    names = options.only or [""]
    sys.exit(0 if (crowds_measured(names, options.seconds) if options.crowds else attacks_measured(names)) else 1)


def attacks_measured(names: list[str]) -> bool:
    chosen = [
        attack
        for attack in (*TEXTS, *GRAPHS, *EXPORTS, *PLANNED, *BULK, *ANSWERS)
        if any(text in attack.name for text in names)
    ]
    width = max(len(attack.name) for attack in chosen)
    print(" " * width + "".join(f"{name:>11}" for name in COLUMNS))
    bounded, waiting = 0, list(chosen)
    while waiting:
        # One that stopped its server gets the others a new one.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, serving(Path(folder)) as (url, server):
            while waiting:
                attack = waiting.pop(0)
                try:
                    taken = launched(attack, url, server)
                except httpx.TransportError as error:
                    print(f"{attack.name:<{width}}  {type(error).__name__}  TOO MUCH", flush=True)
                    break
                print(f"{attack.name:<{width}}{taken.row}{'' if taken.is_within(attack) else '  TOO MUCH'}", flush=True)
                bounded += taken.is_within(attack)
    print(f"{bounded} of {len(chosen)} are within the bounds.")
    return bounded == len(chosen)


def launched(attack: Attack, url: str, server: psutil.Process) -> Taken:
    with httpx.Client(base_url=url, timeout=LONGEST_SECONDS) as http:
        request = attack.prepare(Demo(http))
        workers = pythons(server)
        before, database = {worker.pid: usage(worker) for worker in workers}, database_seconds(workers)
        with Health(url) as health:
            response = http.send(request)
            # What was left behind by the request counts too.
            time.sleep(0.3)
        after = {worker.pid: usage(worker) for worker in workers if worker.is_running()}
    database = database_seconds(workers) - database
    cpu = sum(after[pid][0] - before[pid][0] for pid in after)
    memory = max(after[pid][1] - before[pid][2] for pid in after)
    return Taken(cpu, database, memory, len(response.content) / 1e6, health.silent_seconds, outcome_of(response))


def outcome_of(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return str(response.status_code)
    errors = body.get("errors") or [{}]
    return f"{response.status_code} {errors[0].get('extensions', {}).get('code', 'data')}"


if __name__ == "__main__":
    main()
