"""Measures provisioning: a large world created, applied again, and with a hundred memberships changed, beside exports.

    python scripts/benchmarks/provisioning.py

`flowport serve` runs on an embedded PostgreSQL in a temporary folder, and `flowport apply` beside it; once the world is
there, four clients export flows all the while. The exit code is 1 if an export was refused, or if it took more than a
minute to change a hundred memberships by the whole document.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import httpx

CHANGED = 100
MOST_SECONDS = 60
CLIENTS = 4
BETWEEN_SECONDS = 0.1
"""Between two exports of a client: they go on, but don't take all there is of the machine."""
WORLD = Path(__file__).with_name("world.py")
PLACES = """{ contracts(first: 20) { nodes {
    status flowQuota workspaces(first: 1) { nodes { id flows(first: 100) { nodes { id } } } }
} } }"""
EXPORT = "mutation ($input: ExportFlowInput!) { exportFlow(input: $input) { errors { code } } }"
Json = dict[str, Any]
Export = tuple[float, list[str]]
"""How many seconds one took, and the codes of its refusals."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    # Each caller is a member of about 35 workspaces, and the first one of all: 200,000 memberships.
    for name, usual in (("--workspaces", 20_000), ("--flows", 200_000), ("--callers", 5_200)):
        parser.add_argument(name, type=int, default=usual, help="default: %(default)s")
    size = parser.parse_args()
    with TemporaryDirectory() as folder:
        # As root, the database runs as another user.
        Path(folder).chmod(0o755)
        sys.exit(_measured(Path(folder), size))


def _measured(folder: Path, size: argparse.Namespace) -> int:
    world, other, data = folder / "world.json", folder / "changed.json", folder / "data"
    numbers = [f"--{name}={value}" for name, value in vars(size).items()]
    subprocess.run([sys.executable, WORLD, *numbers, "--out", world], check=True)
    other.write_bytes(_changed(world.read_bytes()))
    with _serving(data) as address:
        _applied("created", world, data)
        token = _flowport("token", "caller-0@example.com", "--data-dir", data).strip()
        with _exporting(address, token) as exports:
            _applied("applied again", world, data)
            seconds = _applied(f"{CHANGED} memberships changed", other, data)
    print("\n".join(_summary(exports)))
    return int(not exports or any(codes for _, codes in exports) or seconds > MOST_SECONDS)


def _flowport(*arguments: str | Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def _applied(name: str, world: Path, data: Path) -> float:
    """The seconds that a document takes; how much of that is CPU time of the command is printed too."""
    begun, cpu = time.monotonic(), _cpu_seconds()
    _flowport("apply", world, "--data-dir", data)
    seconds = time.monotonic() - begun
    print(f"{name}: {seconds:.1f} s, of which {_cpu_seconds() - cpu:.1f} s CPU time of the command", flush=True)
    return seconds


def _cpu_seconds() -> float:
    """The CPU time of commands that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _changed(document: bytes) -> bytes:
    """The document with other roles for some members. As objects it would take several times the memory."""
    lines = document.splitlines(keepends=True)
    members = [
        number for number, line in enumerate(lines) if line.startswith(b'{"workspace": ') and b'"role": ' in line
    ]
    chance = random.Random(1)  # noqa: S311 - the same members again, not a secret
    # Without the first caller, who exports.
    others = [number for number in members if b'"user": "caller-0"' not in lines[number]]
    for number in chance.sample(others, min(CHANGED, len(others))):
        member: Json = json.loads(lines[number].rstrip(b",\n"))
        member["role"] = "guest" if member["role"] != "guest" else "admin"
        lines[number] = json.dumps(member).encode() + lines[number].removeprefix(lines[number].rstrip(b",\n"))
    return b"".join(lines)


@contextmanager
def _serving(data: Path) -> Iterator[str]:
    """The address of a server."""
    command = [sys.executable, "-m", "app", "serve", "--data-dir", str(data), "--no-demo", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield next(word for line in server.stdout or () for word in line.split() if word.startswith("http"))
    finally:
        server.terminate()
        server.wait()


@contextmanager
def _exporting(address: str, token: str) -> Iterator[list[Export]]:
    """Clients that export flows of one workspace into itself; what became of that, at the end."""
    ends, exports, headers = Event(), list[Export](), {"Authorization": f"Bearer {token}"}
    http = httpx.Client(trust_env=False, timeout=MOST_SECONDS, headers=headers)

    def ask(query: str, **variables: object) -> Json:
        response = http.post(address, json={"query": query, "variables": variables})
        data: Json = response.raise_for_status().json()["data"]
        return data

    def export(client: int) -> None:
        for flow in cycle(flows[client::CLIENTS]):
            if ends.wait(BETWEEN_SECONDS):
                return
            begun, wish = time.monotonic(), {"flowId": flow, "destination": {"workspaceId": workspace}}
            errors = ask(EXPORT, input=wish)["exportFlow"]["errors"]
            exports.append((time.monotonic() - begun, [error["code"] for error in errors]))

    workspace, flows = next(
        (workspace["id"], [each["id"] for each in workspace["flows"]["nodes"]])
        for contract in ask(PLACES)["contracts"]["nodes"]
        for workspace in contract["workspaces"]["nodes"]
        if contract["status"] == "ACTIVE" and contract["flowQuota"] is None
    )
    with closing(http), ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(export, client) for client in range(CLIENTS)]
        try:
            yield exports
        finally:
            ends.set()
        for each in clients:
            each.result()


def _summary(exports: list[Export]) -> Iterator[str]:
    seconds, refused = sorted(each for each, _ in exports), [codes for _, codes in exports if codes]
    yield f"exports meanwhile: {len(exports)}, refused: {len(refused)} {refused[:3] or ''}"
    if seconds:
        yield f"  {1000 * seconds[len(seconds) // 2]:.0f} ms in the middle, {1000 * seconds[-1]:.0f} ms at most"


if __name__ == "__main__":
    main()
