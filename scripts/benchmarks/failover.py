"""Switches a server's database over, and kills it, again and again under load, and shows what was lost.

    python scripts/benchmarks/failover.py
    python scripts/benchmarks/failover.py --rounds 20

It starts a primary and a synchronous standby in a temporary folder, and one server whose URL names both. Clients copy
flows without a pause. Each round the primary is stopped once and killed once with SIGKILL; the standby is promoted, and
what was the primary follows it from then on. Another program would do by itself what is done here by hand: notice,
promote, follow again. The exit code is 1 if an acknowledged copy is missing or there twice. Linux only.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.settings.validators import async_url
from app.storage.migrations.migrate import upgrade
from scripts.benchmarks.hostile.server import url_of
from tests.api.trade import trade
from tests.databases import Loaded, load
from tests.replication.pair import DatabaseServer, Pair, pair_in
from tests.replication.positions import asked
from tests.serving.real import COPY, soon_true

CLIENTS = 8
BETWEEN_SECONDS = 2.0
LONGEST_SECONDS = 60
SYNCHRONOUS = "alter system set synchronous_standby_names = '*'"
ALONE = "alter system set synchronous_standby_names = ''"
RELOAD = "select pg_reload_conf()"
IS_SYNCHRONOUS = "select count(*) from pg_stat_replication where sync_state = 'sync'"
NAMES = "select name from flow where name like 'Failover %'"


@dataclass
class FailoverSeen:
    """What the clients met."""

    made: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    """Perhaps written: the answer says so, or there was none."""
    refused: Counter[str] = field(default_factory=Counter)
    last: float = 0.0
    """When a copy was last acknowledged."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        # As root, PostgreSQL runs as another user, who has to get to its folder.
        folder.chmod(0o755)
        with pair_in(folder) as pair:
            loaded = asyncio.run(prepared(pair))
            with serving(pair.url(), folder) as url:
                sys.exit(asyncio.run(failed_over(pair, loaded, url, options.rounds)))


async def prepared(pair: Pair) -> Loaded:
    url = async_url(pair.url())
    await upgrade(url)
    loaded = await load(url, trade())
    await follow_synchronously(pair.primary)
    return loaded


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--no-demo"]
    environ = os.environ | {"FLOWPORT_DATABASE_URL": database_url}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environ)
        try:
            yield url_of(process)
        finally:
            process.terminate()
            process.wait(LONGEST_SECONDS)


async def failed_over(pair: Pair, loaded: Loaded, url: str, rounds: int) -> int:
    seen, silent = FailoverSeen(), {"stopped": list[float](), "killed": list[float]()}
    headers = {"Authorization": f"Bearer {loaded.tokens['ada']}"}
    primary, standby = pair.primary, pair.standby
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=LONGEST_SECONDS) as http,
        working(http, seen, loaded.ids["plain"]),
    ):
        for how in ("stopped", "killed") * rounds:
            await asyncio.sleep(BETWEEN_SECONDS)
            silent[how].append(await changed_over(primary, standby, seen, is_killed=how == "killed"))
            primary, standby = standby, primary
    return told(seen, silent, Counter(await asked(primary, NAMES)))


@asynccontextmanager
async def working(http: httpx.AsyncClient, seen: FailoverSeen, flow: str) -> AsyncIterator[None]:
    clients = [asyncio.create_task(copying(http, seen, flow, each)) for each in range(CLIENTS)]
    try:
        yield
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)


async def changed_over(
    primary: DatabaseServer, standby: DatabaseServer, seen: FailoverSeen, *, is_killed: bool
) -> float:
    """For how many seconds nothing was written."""
    before = seen.last
    await asyncio.to_thread(change_over, primary, standby, is_killed=is_killed)
    promoted = time.monotonic()
    await alone(standby)
    if not await soon_true(lambda: acknowledged_since(seen, promoted), seconds=LONGEST_SECONDS):
        raise SystemExit(f"The server didn't come back: {dict(seen.refused)}")
    silent = seen.last - before
    await asyncio.to_thread(follow, primary, standby, is_killed=is_killed)
    await follow_synchronously(standby)
    return silent


async def acknowledged_since(seen: FailoverSeen, since: float) -> bool:
    return seen.last > since


def told(seen: FailoverSeen, silent: dict[str, list[float]], copies: Counter[str]) -> int:
    for how, times in silent.items():
        ordered = sorted(times)
        print(
            f"{len(times)} times the primary was {how}: without writes for {ordered[len(ordered) // 2]:.1f} s (median), "
            f"{ordered[-1]:.1f} s (longest)"
        )
    lost, doubled = seen.made - set(copies), [name for name, number in copies.items() if number > 1]
    unexpected = set(copies) - seen.made - seen.unknown
    print(f"refused meanwhile: {dict(seen.refused)}")
    print(f"{len(seen.made)} copies acknowledged; lost: {len(lost)}, doubled: {len(doubled)}")
    print(
        f"{len(seen.unknown)} perhaps written, {len(seen.unknown & set(copies))} of them there; refused, but there: {len(unexpected)}"
    )
    good = not lost and not doubled and not unexpected
    print("GOOD" if good else "BAD")
    return 0 if good else 1


def change_over(primary: DatabaseServer, standby: DatabaseServer, *, is_killed: bool) -> None:
    if is_killed:
        primary.kill()
    else:
        primary.stop()
    standby.promote()


def follow(primary: DatabaseServer, standby: DatabaseServer, *, is_killed: bool) -> None:
    """What was the primary follows the other one; what only it had written is undone first."""
    if is_killed:
        primary.rewind(standby)
    primary.follow_again(standby)


async def alone(primary: DatabaseServer) -> None:
    """Wait for no standby: what was the primary doesn't follow yet."""
    await asked(primary, ALONE)
    await asked(primary, RELOAD)


async def follow_synchronously(primary: DatabaseServer) -> None:
    """Acknowledge from now on only what the standby has too, which may be copying still."""
    await asked(primary, SYNCHRONOUS)
    await asked(primary, RELOAD)

    async def is_synchronous() -> bool:
        return await asked(primary, IS_SYNCHRONOUS) == [1]

    if not await soon_true(is_synchronous, seconds=LONGEST_SECONDS):
        raise SystemExit("The standby doesn't follow.")


async def copying(http: httpx.AsyncClient, seen: FailoverSeen, flow: str, client: int) -> None:
    number = 0
    while True:
        number += 1
        name = f"Failover {client} {number}"
        seen.unknown.add(name)
        try:
            response = await http.post(
                "/graphql", json={"query": COPY, "variables": {"input": {"flowId": flow, "name": name}}}
            )
            answer = response.json()
        except (httpx.TransportError, ValueError) as error:
            seen.refused[type(error).__name__] += 1
            continue
        if response.is_success and not answer.get("errors"):
            seen.made.add(name)
            seen.last = time.monotonic()
        else:
            seen.refused[f"{response.status_code} {answer['errors'][0]['extensions']['code']}"] += 1
            await asyncio.sleep(0.05)
        if response.is_success == bool(answer.get("errors")):
            continue
        seen.unknown.discard(name)


if __name__ == "__main__":
    main()
