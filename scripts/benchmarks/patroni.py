"""Has Patroni switch a server's database over, and kills its primary, again and again under load; shows what was lost.

    python scripts/benchmarks/patroni.py
    python scripts/benchmarks/patroni.py --rounds 20

It starts an etcd, two PostgreSQL 15 under Patroni in synchronous mode, and one server whose URL names both. Clients copy
flows without a pause. Each round Patroni is asked once to switch over, and once the primary is killed as a machine that
loses its power: its Patroni and all processes of PostgreSQL by SIGKILL. What was killed is started again and becomes the
standby. The exit code is 1 if an acknowledged copy is missing or there twice. It needs Debian's packages `patroni`,
`python3-etcd`, `etcd-server` and `postgresql-15`. Linux only.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app.settings.validators import async_url
from app.storage.embedded.binaries import Account, account_for, environment
from app.storage.migrations.migrate import upgrade
from scripts.benchmarks.failover import BETWEEN_SECONDS, LONGEST_SECONDS, NAMES, FailoverSeen, serving, told, working
from tests.api.trade import trade
from tests.databases import connected, load
from tests.ports import free_port

BINARIES = "/usr/lib/postgresql/15/bin"
PROGRAMS = ("patroni", "etcd", f"{BINARIES}/postgres")
TTL_SECONDS, LOOP_SECONDS, RETRY_SECONDS = 10, 2, 3
"""After how long a primary that is silent has lost its place, and how often Patroni looks; a third of its defaults."""


@dataclass
class Member:
    """A PostgreSQL with its Patroni, which speaks JSON, a subset of YAML."""

    name: str
    folder: Path
    account: Account
    etcd: int
    port: int = field(default_factory=free_port)
    api: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        configuration = self.folder / f"{self.name}.yml"
        configuration.write_text(json.dumps(self._configuration()))
        self.process = started(self.account, self.folder / f"{self.name}.log", "patroni", str(configuration))

    def kill(self) -> None:
        if self.process is None:
            return
        for each in [*psutil.Process(self.process.pid).children(recursive=True), *self._postgres()]:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.kill()
        self.process.wait(LONGEST_SECONDS)
        self.process = None

    def _postgres(self) -> list[psutil.Process]:
        """Patroni's PostgreSQL is no child of it."""
        try:
            first = psutil.Process(int((self.folder / self.name / "postmaster.pid").read_text().splitlines()[0]))
            return [first, *first.children(recursive=True)]
        except (OSError, IndexError, psutil.NoSuchProcess):
            return []

    def _configuration(self) -> dict[str, Any]:
        own, local = f"127.0.0.1:{self.port}", "127.0.0.1/32 trust"
        parameters = {"unix_socket_directories": "", "hot_standby": "on", "wal_log_hints": "on", "max_connections": 50}
        dcs = {
            "ttl": TTL_SECONDS,
            "loop_wait": LOOP_SECONDS,
            "retry_timeout": RETRY_SECONDS,
            "synchronous_mode": True,
            "postgresql": {"use_pg_rewind": True, "parameters": parameters},
        }
        return {
            "scope": "flowport",
            "name": self.name,
            "restapi": {"listen": f"127.0.0.1:{self.api}", "connect_address": f"127.0.0.1:{self.api}"},
            "etcd3": {"host": f"127.0.0.1:{self.etcd}"},
            "bootstrap": {"dcs": dcs, "initdb": [{"encoding": "UTF8"}, {"locale": "C"}, "data-checksums"]},
            "postgresql": {
                "listen": own,
                "connect_address": own,
                "data_dir": str(self.folder / self.name),
                "bin_dir": BINARIES,
                "pgpass": str(self.folder / f"{self.name}.pgpass"),
                "pg_hba": [f"host all all {local}", f"host replication all {local}"],
                "authentication": {"superuser": {"username": "flowport"}, "replication": {"username": "standby"}},
            },
        }


@dataclass
class Cluster:
    """Two members, of which one leads."""

    members: dict[str, Member]

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in self.members.values())
        return f"postgresql://flowport@{hosts}/postgres"

    async def roles(self) -> dict[str, str]:
        """Who is what, of those that run: `leader`, `sync_standby`, `replica`; as whoever answers knows it."""
        for each in self.members.values():
            with suppress(httpx.HTTPError, ValueError):
                async with httpx.AsyncClient(timeout=5) as http:
                    known = (await http.get(f"http://127.0.0.1:{each.api}/cluster")).json()["members"]
                return {str(member["name"]): member["role"] for member in known if member["state"] in RUNNING}
        return {}

    async def led_by_other_than(self, former: str | None) -> str:
        """Wait for another leader, and return its name."""
        return await self._wait_for("leader", lambda name: name != former)

    async def synchronous(self) -> str:
        """Wait until a standby has whatever is acknowledged, and return the leader's name."""
        await self._wait_for("sync_standby", bool)
        return await self.led_by_other_than(None)

    async def _wait_for(self, role: str, fits: Any) -> str:  # noqa: ANN401 - a question about a name
        deadline = time.monotonic() + 2 * LONGEST_SECONDS
        while time.monotonic() < deadline:
            found = [name for name, its in (await self.roles()).items() if its == role and fits(name)]
            if found:
                return found[0]
            await asyncio.sleep(0.1)
        raise SystemExit(f"There is no {role}: {await self.roles()}")

    async def switch_over(self, leader: str) -> None:
        api = f"http://127.0.0.1:{self.members[leader].api}/switchover"
        async with httpx.AsyncClient(timeout=LONGEST_SECONDS) as http:
            answer = await http.post(api, json={"leader": leader})
        if not answer.is_success:
            raise SystemExit(f"Patroni didn't switch over: {answer.text}")


RUNNING = {"running", "streaming"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
        raise SystemExit(f"Not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        account = account_for(folder)
        # As root, PostgreSQL runs as another user, who has to write there.
        account.own(folder)
        with running(folder, account) as cluster:
            sys.exit(asyncio.run(measured(cluster, folder, arguments.rounds)))


def started(account: Account, log: Path, *command: str) -> "subprocess.Popen[bytes]":
    with log.open("ab") as written:
        return subprocess.Popen(
            command,
            cwd="/",
            env=environment(),
            stdout=written,
            stderr=written,
            start_new_session=True,
            **account.subprocess_options,
        )


@contextmanager
def running(folder: Path, account: Account) -> Iterator[Cluster]:
    client, peer = free_port(), free_port()
    addresses = {"client": f"http://127.0.0.1:{client}", "peer": f"http://127.0.0.1:{peer}"}
    options = [
        f"--data-dir={folder / 'etcd'}",
        *(f"--listen-{kind}-urls={url}" for kind, url in addresses.items()),
        f"--advertise-client-urls={addresses['client']}",
        f"--initial-advertise-peer-urls={addresses['peer']}",
        f"--initial-cluster=default={addresses['peer']}",
    ]
    etcd = started(account, folder / "etcd.log", "etcd", *options)
    cluster = Cluster({name: Member(name, folder, account, client) for name in ("one", "two")})
    try:
        for member in cluster.members.values():
            member.start()
        yield cluster
    finally:
        for member in cluster.members.values():
            member.kill()
        etcd.terminate()
        etcd.wait(LONGEST_SECONDS)


async def measured(cluster: Cluster, folder: Path, rounds: int) -> int:
    await cluster.synchronous()
    await upgrade(async_url(cluster.url))
    loaded = await load(async_url(cluster.url), trade())
    with serving(cluster.url, folder) as url:
        seen, silent = FailoverSeen(), {"switched over": list[float](), "killed": list[float]()}
        headers = {"Authorization": f"Bearer {loaded.tokens['ada']}"}
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, timeout=LONGEST_SECONDS) as http,
            working(http, seen, loaded.ids["plain"]),
        ):
            for how in tuple(silent) * rounds:
                leader = await cluster.synchronous()
                await asyncio.sleep(BETWEEN_SECONDS)
                silent[how].append(await changed_over(cluster, leader, seen, is_killed=how == "killed"))
                print(f"{how}: {silent[how][-1]:.1f} s", file=sys.stderr, flush=True)
        await cluster.synchronous()
        async with connected(async_url(cluster.url)) as connection:
            copies = Counter(str(row[0]) for row in await connection.fetch(NAMES))
    return told(seen, silent, copies)


async def changed_over(cluster: Cluster, leader: str, seen: FailoverSeen, *, is_killed: bool) -> float:
    """For how many seconds nothing was written: the longest time between two that were."""
    gap = asyncio.create_task(longest_gap(seen))
    if is_killed:
        await asyncio.to_thread(cluster.members[leader].kill)
    else:
        await cluster.switch_over(leader)
    await cluster.led_by_other_than(leader)
    promoted = time.monotonic()
    while seen.last <= promoted:
        if time.monotonic() > promoted + 2 * LONGEST_SECONDS:
            raise SystemExit(f"The server didn't come back: {dict(seen.refused)}")
        await asyncio.sleep(0.01)
    gap.cancel()
    if is_killed:
        cluster.members[leader].start()
    return (await asyncio.gather(gap))[0]


async def longest_gap(seen: FailoverSeen) -> float:
    last, longest = seen.last, 0.0
    with suppress(asyncio.CancelledError):
        while True:
            if seen.last != last:
                longest, last = max(longest, seen.last - last), seen.last
            await asyncio.sleep(0.005)
    return max(longest, seen.last - last)


if __name__ == "__main__":
    main()
