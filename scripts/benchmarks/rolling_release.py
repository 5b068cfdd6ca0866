"""Restarts servers behind a proxy one after the other under load, and shows what their callers notice of it.

    python scripts/benchmarks/rolling_release.py
    python scripts/benchmarks/rolling_release.py --servers 4 --rounds 5 --clients 24

It starts several servers on one embedded database in a temporary folder, and HAProxy (Debian's package) before them,
which asks each for `/ready` five times a second. Clients copy flows and ask questions without a pause; whoever gets a 503
waits as long as `Retry-After` says, and sends the request once more. Meanwhile each server gets SIGTERM, is started again
when it has ended, and the next one's turn comes when it is ready. The exit code is 1 if a request failed twice, or if
what was acknowledged isn't there exactly once. Linux only.
"""

import argparse
import asyncio
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.hostile.demo import INTEGRATOR, Demo, graph, steps
from scripts.benchmarks.hostile.server import url_of
from tests.ports import free_port

HAPROXY = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
COPY = "mutation($input: CopyFlowInput!) { copyFlow(input: $input) { flow { id } errors { message } } }"
NAMES = 'query($id: ID!, $after: String) { workspace(id: $id) { flows(first: 100, after: $after, search: "Rolling") { nodes { name } pageInfo { endCursor hasNextPage } } } }'
QUERY = "{ workspaces(first: 20) { nodes { id name contract { name } } } }"
SETTINGS = """
defaults
    mode http
    timeout connect 2s
    timeout client 60s
    timeout server 60s
    timeout check 3s
    option redispatch
    retries 2
frontend callers
    bind 127.0.0.1:{port}
    default_backend flowport
backend flowport
    balance leastconn
    option httpchk GET /ready
    http-check send hdr Host localhost
    default-server check inter 200ms fall 1 rise 1
{servers}
"""
LONGEST_SECONDS = 60


@dataclass
class ReleaseSeen:
    """What all clients met."""

    seconds: list[float] = field(default_factory=list)
    first_failures: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    made: set[str] = field(default_factory=set)


@dataclass
class Server:
    """One of several on the same database; it keeps its port."""

    data_dir: Path
    port: int
    process: "subprocess.Popen[str] | None" = None

    def start(self) -> None:
        command = [sys.executable, "-m", "app", "serve", "--port", str(self.port), "--data-dir", str(self.data_dir)]
        with (self.data_dir.parent / f"log-{self.port}").open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        url_of(self.process)

    def stop(self) -> float:
        """How many seconds it took to end."""
        began = time.monotonic()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(LONGEST_SECONDS)
        return time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="how often every server is restarted")
    parser.add_argument("--clients", type=int, default=12)
    options = parser.parse_args()
    if HAPROXY is None:
        raise SystemExit("HAProxy is not installed: apt-get install haproxy")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        # As root, PostgreSQL runs as another user, who has to get to its folder.
        folder.chmod(0o755)
        sys.exit(asyncio.run(released(folder, options.servers, options.rounds, options.clients)))


async def released(folder: Path, number: int, rounds: int, clients: int) -> int:
    async with AsyncExitStack() as stack:
        servers = [Server(folder / "data", free_port()) for _ in range(number)]
        for server in servers:
            await asyncio.to_thread(server.start)
            stack.callback(server.stop)
        url = stack.enter_context(proxied(folder, [server.port for server in servers]))
        flow, workspace = prepared(url)
        seen, is_over = ReleaseSeen(), asyncio.Event()
        async with httpx.AsyncClient(base_url=url, headers=INTEGRATOR, timeout=LONGEST_SECONDS) as http:
            async with working(http, seen, flow, is_over, clients):
                stops = [seconds for _ in range(rounds) for server in servers for seconds in [await restarted(server)]]
            copies = Counter([name async for name in names_in(http, workspace)])
    lost = seen.made - set(copies)
    doubled = [name for name, times in copies.items() if times > 1]
    ordered = sorted(seen.seconds)
    print(f"{len(stops)} restarts of {number} servers, each ended within {max(stops):.1f} s")
    print(f"{len(ordered)} requests of {clients} clients; failed at first: {dict(seen.first_failures) or 'none'}")
    print(f"failed twice: {dict(seen.failures) or 'none'}")
    print(
        f"seconds: median {ordered[len(ordered) // 2]:.3f}, 99 % {ordered[len(ordered) * 99 // 100]:.3f}, longest {ordered[-1]:.2f}"
    )
    print(f"{len(seen.made)} copies acknowledged; lost: {len(lost)}, doubled: {len(doubled)}")
    good = not seen.failures and not lost and not doubled
    print("GOOD" if good else "BAD")
    return 0 if good else 1


async def restarted(server: Server) -> float:
    await asyncio.sleep(1)
    seconds = await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    return seconds


@contextmanager
def proxied(folder: Path, ports: list[int]) -> Iterator[str]:
    """HAProxy before servers on these ports, and its URL."""
    port = free_port()
    servers = "\n".join(f"    server s{number} 127.0.0.1:{each}" for number, each in enumerate(ports))
    file = folder / "haproxy.cfg"
    file.write_text(SETTINGS.format(port=port, servers=servers))
    process = subprocess.Popen([str(HAPROXY), "-db", "-q", "-f", str(file)])
    url = f"http://localhost:{port}"
    try:
        for _ in range(100):
            try:
                if httpx.get(f"{url}/ready").is_success:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(LONGEST_SECONDS)


def prepared(url: str) -> tuple[str, str]:
    with httpx.Client(base_url=url, timeout=LONGEST_SECONDS) as http:
        demo = Demo(http)
        workspace = demo.workspaces[0]
        return demo.create(graph(steps(3)), workspace)[0], workspace


@asynccontextmanager
async def working(
    http: httpx.AsyncClient, seen: ReleaseSeen, flow: str, is_over: asyncio.Event, clients: int
) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work(http, seen, flow, is_over, number)) for number in range(clients)]
    try:
        yield
    finally:
        is_over.set()
        await asyncio.gather(*tasks)


async def work(http: httpx.AsyncClient, seen: ReleaseSeen, flow: str, is_over: asyncio.Event, client: int) -> None:
    number = 0
    while not is_over.is_set():
        number += 1
        name = f"Rolling {client} {number}"
        is_copy = number % 4 == 0
        body = {"query": COPY, "variables": {"input": {"flowId": flow, "name": name}}} if is_copy else {"query": QUERY}
        began = time.monotonic()
        problem, retry_after = await sent(http, body)
        if problem is not None:
            seen.first_failures[problem] += 1
            await asyncio.sleep(retry_after)
            problem, _ = await sent(http, body)
        seen.seconds.append(time.monotonic() - began)
        if problem is not None:
            seen.failures[problem] += 1
        elif is_copy:
            seen.made.add(name)


async def sent(http: httpx.AsyncClient, body: object) -> tuple[str | None, float]:
    """What went wrong, if anything did, and after how many seconds it may be sent again."""
    try:
        response = await http.post("/graphql", json=body)
    except httpx.TransportError as error:
        return type(error).__name__, 0
    answer = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.is_success and not answer.get("errors"):
        return None, 0
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    return f"{response.status_code} {' '.join(codes)}".strip(), float(response.headers.get("Retry-After", 0))


async def names_in(http: httpx.AsyncClient, workspace: str) -> AsyncIterator[str]:
    after = None
    while True:
        variables = {"id": workspace, "after": after}
        answer = (await http.post("/graphql", json={"query": NAMES, "variables": variables})).json()
        page = answer["data"]["workspace"]["flows"]
        for node in page["nodes"]:
            yield node["name"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


if __name__ == "__main__":
    main()
