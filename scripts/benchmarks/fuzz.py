"""Sends odd requests to a running server, and says which answers were not foreseen.

    python scripts/benchmarks/fuzz.py --requests 20000 --url http://127.0.0.1:8000 --token demo-integrator

Bodies, headers, methods and paths that nobody means; documents that a grammar makes of the schema, in order or broken;
ids, cursors, searches, names and graphs that are odd in every way. Several clients send at once, so that what one reads
another may be changing. No answer may be a failure of ours, tell of Python, SQL or files, or have another status than the
case asks for. It writes into the world that it finds: the demo world is meant for that. The exit code is 0 if every
answer was foreseen, else 1; the same seed sends the same, as far as the answers are the same.

The tests do the same in a minute (tests/fuzz), and run Schemathesis besides (tests/fuzz/test_schemathesis.py).
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz.session import Session

TOKENS = ("demo-integrator", "demo-admin", "demo-guest", "demo-outsider")
TOLD_EVERY_SECONDS = 10.0
MOST_TOLD = 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="default: %(default)s")
    parser.add_argument("--token", action="append", help="of whom the callers are; default: the demo tokens")
    parser.add_argument("--mutations", type=float, default=0.25, help="share of mutations; default: %(default)s")
    parser.add_argument("--clients", type=int, default=6, help="how many send at once; default: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(_run(parser.parse_args())))


async def _run(options: argparse.Namespace) -> int:
    async with httpx.AsyncClient(base_url=options.url, timeout=60) as http:
        tokens = list(options.token or TOKENS)
        sessions = [Session(http, tokens, Random(f"{options.seed}/{index}")) for index in range(options.clients)]  # noqa: S311
        telling = asyncio.create_task(_tell_now_and_then(sessions, options.requests))
        each = -(-options.requests // options.clients)
        await asyncio.gather(*(_use(session, each, options.mutations) for session in sessions))
        telling.cancel()
    wrong = [fault for session in sessions for fault in session.wrong]
    for outcome, number in sum((session.outcomes for session in sessions), Counter[str]()).most_common(MOST_TOLD):
        print(f"{number:7}  {outcome}")
    for fault in wrong[:MOST_TOLD]:
        print(f"\n{fault}")
    verdict = "GOOD" if not wrong else "BAD"
    print(
        f"\n{verdict}: {sum(session.sent for session in sessions)} requests, {len(wrong)} answers that were not foreseen"
    )
    return 1 if wrong else 0


async def _use(session: Session, requests: int, mutations: float) -> None:
    await session.begin()
    while session.sent < requests:
        await (session.mutate() if session.values.chance(mutations) else session.query())


async def _tell_now_and_then(sessions: Sequence[Session], requests: int) -> None:
    started = time.monotonic()
    while True:
        await asyncio.sleep(TOLD_EVERY_SECONDS)
        sent, wrong = sum(session.sent for session in sessions), sum(len(session.wrong) for session in sessions)
        per_second = sent / (time.monotonic() - started)
        print(f"{sent} of {requests} sent, {per_second:.0f} a second, {wrong} wrong", flush=True)


if __name__ == "__main__":
    main()
