"""Asks a server for far more than it can do, and shows what becomes of it and of its other callers.

    python scripts/benchmarks/overload.py
    python scripts/benchmarks/overload.py --connections 500 --seconds 60

It starts a server of one process with the demo world in a temporary folder. One caller asks on many connections at once,
without a pause, for something that takes the server a good tenth of a second each time. Meanwhile another one saves a draft
four times a second, and a third watches `/health` and `/ready`. The exit code is 1 if the others had to wait longer than
their bound, or were refused, if what was accepted of the crowd took longer than its own, or if the worker's memory went on
growing. Linux only.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.hostile.answers import aliases_in_steps
from scripts.benchmarks.hostile.demo import UPDATE, Demo, graph, steps
from scripts.benchmarks.hostile.server import serving
from scripts.benchmarks.speed.load import HEADER_END, request_of

STEPS, ALIASES = 800, 40
CROWD, OTHER = "demo-admin", "demo-integrator"
EVERY_SECONDS = 0.25
LONGEST_SECONDS = 60

OTHERS_SECONDS, ACCEPTED_SECONDS, PROBE_SECONDS, GROWTH_MEGABYTES = 2.5, 10.0, 2.5, 15.0
"""What the others may take, what is accepted of the crowd, a probe; and the growth of the second half of the time."""


@dataclass
class OverloadSeen:
    """What one kind of request met."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def note(self, outcome: str, seconds: float) -> None:
        self.outcomes[outcome] += 1
        self.seconds.setdefault(outcome, []).append(seconds)

    def longest(self, outcome: str = "200") -> float:
        return max(self.seconds.get(outcome, [0.0]))

    def told(self) -> str:
        parts = [
            f"{number} × {outcome} (median {sorted(taken)[len(taken) // 2]:.2f} s, longest {max(taken):.2f} s)"
            for outcome, number in self.outcomes.most_common()
            for taken in [self.seconds[outcome]]
        ]
        return "; ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, serving(Path(folder)) as (url, server):
        [worker] = [each for each in server.children() if "python" in each.name()]
        sys.exit(asyncio.run(overloaded(url, worker, options.connections, options.seconds)))


async def overloaded(url: str, worker: psutil.Process, connections: int, seconds: float) -> int:
    costly, save = prepared(url)
    crowd, others, probes, memory = OverloadSeen(), OverloadSeen(), OverloadSeen(), list[float]()
    port, alone = urlsplit(url).port or 80, OverloadSeen()
    await again_and_again(port, costly, alone, time.monotonic() + 1)
    print(f"alone, the crowd's request: {alone.told()}; the worker has {megabytes(worker):.0f} MB")
    ends = time.monotonic() + seconds
    await asyncio.gather(
        *(again_and_again(port, costly, crowd, ends) for _ in range(connections)),
        again_and_again(port, save, others, ends, EVERY_SECONDS),
        *(again_and_again(port, probe_of(path), probes, ends, EVERY_SECONDS) for path in ("/health", "/ready")),
        watched(worker, memory, ends),
    )
    print(f"crowd of {connections}: {crowd.told()}\nothers' mutations: {others.told()}\nprobes: {probes.told()}")
    print(
        "MB of the worker, over the time: " + " ".join(f"{memory[at * (len(memory) - 1) // 6]:.0f}" for at in range(7))
    )
    half = memory[len(memory) // 2 :]
    good = (
        set(others.outcomes) == set(probes.outcomes) == {"200"}
        and others.longest() <= OTHERS_SECONDS
        and probes.longest() <= PROBE_SECONDS
        and crowd.outcomes["200"] > 0
        and crowd.longest() <= ACCEPTED_SECONDS
        and half[-1] - half[0] <= GROWTH_MEGABYTES
    )
    print("GOOD" if good else "BAD")
    return 0 if good else 1


def prepared(url: str) -> tuple[bytes, bytes]:
    """The request of the crowd, and that of the other caller."""
    with httpx.Client(base_url=url, timeout=LONGEST_SECONDS) as http:
        demo = Demo(http)
        costly = aliases_in_steps(STEPS, ALIASES)(demo).content
        flow, _ = demo.create(graph(steps(3)))
    saving = {"query": UPDATE, "variables": {"input": {"flowId": flow, "description": "saved"}}}
    return request_of("/graphql", CROWD, costly), request_of("/graphql", OTHER, json.dumps(saving).encode())


def probe_of(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def again_and_again(port: int, request: bytes, seen: OverloadSeen, ends: float, pause: float = 0.0) -> None:
    """Send a request on one connection, and again when it is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.monotonic()) < ends:
        writer.write(request)
        try:
            outcome = await outcome_of(reader)
        except (OSError, EOFError) as error:
            seen.note(type(error).__name__, time.monotonic() - began)
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        seen.note(outcome, time.monotonic() - began)
        await asyncio.sleep(pause)
    writer.close()


async def outcome_of(reader: asyncio.StreamReader) -> str:
    """The status of an answer, or what it says is wrong in spite of a 200."""
    header = await reader.readuntil(HEADER_END)
    at = header.lower().index(b"content-length:") + len(b"content-length:")
    body = await reader.readexactly(int(header[at : header.index(b"\r\n", at)]))
    status = header.split(maxsplit=2)[1].decode()
    return "200 with errors" if status == "200" and b'"errors":[{' in body else status


async def watched(worker: psutil.Process, memory: list[float], ends: float) -> None:
    while time.monotonic() < ends:
        memory.append(megabytes(worker))
        await asyncio.sleep(EVERY_SECONDS)


def megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 1e6)


if __name__ == "__main__":
    main()
