"""Uses a running server as people do, in whatever order they click, and checks that no draft is lost without a word.

    python scripts/benchmarks/mixed_use.py --minutes 60 --url http://127.0.0.1:8000

Several clients at once create, copy, export, save, publish, revert, discard and restore, from pages that may be stale;
they click twice, and go back and send again what they sent before. Whatever was acknowledged is recorded,
and once a minute, while nobody clicks, an audit asks the server to account for all of it. The exit code is 0 if it did and nothing
unexpected happened, else 1. It writes into the world that it finds: the demo world is meant for that.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Sequence

import httpx

from scripts.benchmarks.mixed.audit import Audit
from scripts.benchmarks.mixed.client import Client
from scripts.benchmarks.mixed.synthetic_user import SyntheticUser

TOKENS = ("demo-integrator", "demo-admin", "demo-integrator", "demo-admin", "demo-guest", "demo-outsider")

AUDIT_SECONDS = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="default: %(default)s")
    parser.add_argument("--token", action="append", help="of whom the clients are, in turn; default: the demo tokens")
    parser.add_argument(
        "--auditor", default="demo-admin", help="token of one who sees every flow; default: %(default)s"
    )
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=2.0, help="mean seconds between a client's clicks")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.exit(asyncio.run(_run(options, options.token or TOKENS)))


async def _run(options: argparse.Namespace, tokens: Sequence[str]) -> int:
    async with httpx.AsyncClient(base_url=options.url, timeout=60) as http:
        client = Client(http)
        audit = Audit(client, options.auditor)
        await audit.open()
        users = [
            SyntheticUser(client, audit, tokens[index % len(tokens)], random.Random(f"{options.seed}/{index}"))  # noqa: S311
            for index in range(options.clients)
        ]
        use = Use(users, options.pause)
        until = time.monotonic() + options.minutes * 60
        while (left := until - time.monotonic()) > 0:
            await use.go_on(min(AUDIT_SECONDS, left))
            await audit.check(thorough=left <= AUDIT_SECONDS)
            _tell(client, audit, "..")
        good = not audit.lost and not client.unexpected
        _tell(client, audit, "GOOD" if good else "BAD")
        _report(client, audit)
        return 0 if good else 1


class Use:
    """Synthetic users who click for a while, and stop together."""

    def __init__(self, users: Sequence[SyntheticUser], pause: float) -> None:
        self._users = users
        self._pause = pause

    async def go_on(self, seconds: float) -> None:
        """Until the time is over and the last click is answered."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._use(user, until) for user in self._users))

    async def _use(self, user: SyntheticUser, until: float) -> None:
        while True:
            await asyncio.sleep(user.chance.expovariate(1 / self._pause))
            if time.monotonic() >= until:
                return
            await user.act()


def _tell(client: Client, audit: Audit, word: str) -> None:
    print(
        f"{time.strftime('%H:%M:%S')} {word:4} {client.requests} requests, {audit.told()}, "
        f"{len(audit.lost)} lost, {len(client.unexpected)} unexpected",
        flush=True,
    )
    for line in [*audit.news(), *client.news()]:
        print(f"  !! {line}", flush=True)


def _report(client: Client, audit: Audit) -> None:
    print("\nClicks:")
    for (what, answer), count in sorted(client.answers.items()):
        print(f"  {what:18} {answer:28} {count}")
    print(f"\n{audit.told()}.")
    print(f"Lost without a word: {len(audit.lost)}. Unexpected answers: {len(client.unexpected)}.")


if __name__ == "__main__":
    main()
