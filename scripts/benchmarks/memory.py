"""Sends a server very many requests of many different documents, and shows what its memory does meanwhile.

    python scripts/benchmarks/memory.py
    python scripts/benchmarks/memory.py --requests 1000000 --documents 5000

It starts a server with the demo world in a temporary folder. The documents are the example queries with names, aliases and
page sizes of their own; among them are a mutation, documents that are refused and unknown tokens. The exit code is 1 if
the worker grew by more than its bound after the first quarter, when whatever is kept is full. Linux only.
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import orjson
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.benchmarks.hostile.server import serving
from scripts.benchmarks.speed.load import HEADER_END, request_of

EXAMPLES = Path(__file__).resolve().parents[2] / "app" / "http" / "explorer" / "static" / "examples.graphql"
QUERY = re.compile(r"^query \w+ (\{\n.*?^\})$", re.MULTILINE | re.DOTALL)
ROOT_FIELD = re.compile(r"\{\n  (\w+)(.*)", re.DOTALL)
FRAGMENT = re.compile(r"\.\.\.(?! ?on\b)")

RENAME = """
mutation Rename{n} {{ updateFlowDraft(input: {{flowId: "flow_01jgfjjz00e01aetbqh5w05jv2", description: "{n}"}}) {{
  draft {{ revision }} errors {{ message }} }} }}
"""
REFUSED = ("{{ nothing{n} }}", "query Q{n} {{ viewer {{ id }}", "{{ a{n}: flow(id: 3.5) {{ id }} }}")
KINDS = (*("query",) * 36, "mutation", "refused", "refused", "unknown token")
"""What is sent, in turn."""
INTEGRATOR, NOBODY = "demo-integrator", f"fp_{'0' * 26}_x"

CONNECTIONS = 8
LINES = 20
BOUND_MEGABYTES = 10.0


def documents() -> Iterator[tuple[str, str]]:
    """Without end: a document that there wasn't before, with the token that it is sent with."""
    queries = [body for body in QUERY.findall(EXAMPLES.read_text()) if not FRAGMENT.search(body)]
    for number, kind in zip(count(), cycle(KINDS)):
        if kind == "mutation":
            yield RENAME.format(n=number), INTEGRATOR
        elif kind == "refused":
            yield REFUSED[number % len(REFUSED)].format(n=number), INTEGRATOR
        else:
            field, rest = ROOT_FIELD.match(queries[number % len(queries)]).groups()  # type: ignore[union-attr]  # each has one
            query = f"query Number{number} {{ alias{number}: {field}{rest}"
            yield query, INTEGRATOR if kind == "query" else NOBODY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--documents", type=int, default=1_000)
    options = parser.parse_args()
    bodies = [
        request_of("/graphql", token, orjson.dumps({"query": document}))
        for document, token in islice(documents(), options.documents)
    ]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, serving(Path(folder)) as (url, server):
        [worker] = [each for each in server.children() if "python" in each.name()]
        grown = asyncio.run(measured(urlsplit(url).port or 80, worker, bodies, options.requests))
    print(f"After the first quarter it grew by {grown:.1f} MB; at most {BOUND_MEGABYTES:.0f} are expected.")
    sys.exit(0 if grown <= BOUND_MEGABYTES else 1)


async def measured(port: int, worker: psutil.Process, bodies: list[bytes], requests: int) -> float:
    """By how many megabytes the worker grew after the first quarter."""
    print(f"{'requests':>10}{'a second':>10}{'MB':>8}")
    random, quarter, megabytes = Random(1), 0.0, 0.0  # noqa: S311 - the same requests at every run
    for line in range(LINES + 1):
        began, number = time.perf_counter(), requests // LINES if line else 0
        share = [number // CONNECTIONS] * CONNECTIONS
        await asyncio.gather(*(talk(port, random.choices(bodies, k=each)) for each in share))
        megabytes = worker.memory_info().rss / 1e6
        rate = number / (time.perf_counter() - began)
        print(f"{line * requests // LINES:>10}{rate:>10.0f}{megabytes:>8.1f}", flush=True)
        if line == LINES // 4:
            quarter = megabytes
    return megabytes - quarter


async def talk(port: int, requests: list[bytes]) -> None:
    """Send one after the other, whatever is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        header = await reader.readuntil(HEADER_END)
        length = re.search(rb"content-length: *(\d+)", header, re.IGNORECASE)
        if length is None:
            raise SystemExit(f"An answer has no length: {header.decode(errors='replace')}")
        await reader.readexactly(int(length[1]))
    writer.close()


if __name__ == "__main__":
    main()
