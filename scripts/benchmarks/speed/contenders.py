"""Who is measured: our server, and the hand-written endpoint on the same database."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx
import orjson
import psutil

from scripts.benchmarks.speed.load import request_of
from scripts.benchmarks.speed.operations import Caller, Json, Operation

CONNECTIONS = 10
"""To the database, of each contender."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server, and how an operation is sent to it."""

    port: int
    process: psutil.Process
    path: Callable[[int], str]
    body: Callable[[Operation, Caller, Json], bytes]

    def request(self, index: int, operation: Operation, caller: Caller, random: Random) -> bytes:
        variables = operation.variables(caller, random)
        return request_of(self.path(index), caller.token, self.body(operation, caller, variables))


def pin(*contenders: Contender) -> None:
    """The servers on one core, of which only one works at a time, and everything else on the others."""
    cores = list(range(os.cpu_count() or 1))
    if len(cores) == 1 or not hasattr(psutil.Process, "cpu_affinity"):
        return
    psutil.Process().cpu_affinity(cores[1:])
    for contender in contenders:
        contender.process.cpu_affinity(cores[:1])


@contextmanager
def ours(folder: Path) -> Iterator[Contender]:
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data-dir", str(folder / "data"), "--no-demo"]
    environment = os.environ | {"FLOWPORT_POOL_SIZE": str(CONNECTIONS), "FLOWPORT_LOG_FORMAT": "json"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try:
            [port] = next(found for line in process.stdout or () if (found := re.findall(r"http://[^:]+:(\d+)", line)))
            until_it_answers(f"http://127.0.0.1:{port}/ready")
            [worker, *_] = [each for each in psutil.Process(process.pid).children() if "python" in each.name()]
            yield Contender(
                int(port),
                worker,
                lambda _: "/graphql",
                lambda operation, _, variables: orjson.dumps({"query": operation.document, "variables": variables}),
            )
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def ceiling(url: str) -> Iterator[Contender]:
    with socket_free() as port:
        command = [sys.executable, "-m", "scripts.benchmarks.speed.ceiling", str(port), url, str(CONNECTIONS)]
    process = subprocess.Popen(command)
    try:
        until_it_answers(f"http://127.0.0.1:{port}/")
        yield Contender(
            port,
            psutil.Process(process.pid),
            lambda index: f"/{index}",
            lambda _, __, variables: orjson.dumps(variables),
        )
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def socket_free() -> Iterator[int]:
    """A port that was free a moment ago."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def until_it_answers(url: str) -> None:
    for _ in range(600):
        try:
            if not httpx.get(url).is_server_error:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} doesn't answer.")
