"""Sending what a crowd sends, in a process of its own, for a bounded time."""

import asyncio
import multiprocessing
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle
from multiprocessing.connection import Connection

from scripts.benchmarks.hostile.crowds import Sender
from scripts.benchmarks.speed.load import HEADER_END

SMALL_BUFFER = 4_096
ESTABLISHED = 1
"""As Linux numbers the states of TCP."""
LOOK_SECONDS = 0.3
PAUSE_SECONDS = 0.05
"""How long a sender waits that was refused or cut off."""


class Siege:
    """A crowd at work; `outcomes` says afterwards what it was answered, and how often."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()


@contextmanager
def besieged(port: int, senders: list[Sender], seconds: float) -> Iterator[Siege]:
    """A crowd sends until the time is over; leaving the block waits for that, and for the end of its process."""
    siege, spawning = Siege(), multiprocessing.get_context("spawn")
    here, other_end = spawning.Pipe(duplex=False)
    process = spawning.Process(target=send_all, args=(port, senders, seconds, other_end), daemon=True)
    process.start()
    other_end.close()
    try:
        # The start of the process isn't a part of the time.
        here.recv()
        yield siege
        siege.outcomes.update(here.recv())
    finally:
        process.join(seconds)
        process.kill()


def send_all(port: int, senders: list[Sender], seconds: float, results: Connection) -> None:
    results.send(None)
    results.send(asyncio.run(sending(port, senders, seconds)))


async def sending(port: int, senders: list[Sender], seconds: float) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    tasks = [asyncio.create_task(again_and_again(port, sender, outcomes)) for sender in senders]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    return outcomes


async def again_and_again(port: int, sender: Sender, outcomes: Counter[str]) -> None:
    requests = cycle(sender.requests)
    while True:
        with suppress(OSError, EOFError):
            if not sender.reads:
                await hold(port, b"".join(sender.requests), outcomes)
            elif sender.leaves_after is not None:
                await hang_up(port, next(requests), sender.leaves_after, outcomes)
            else:
                await wait_for_answers(port, requests, outcomes)
        await asyncio.sleep(PAUSE_SECONDS)


async def hold(port: int, requests: bytes, outcomes: Counter[str]) -> None:
    """Send, and read nothing until the server hangs up, which shows when nothing more can be sent to it."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.settimeout(0)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, requests)
        outcomes["held"] += 1
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not is_open(connection):
                outcomes["cut off"] += 1
                return


def is_open(connection: socket.socket) -> bool:
    """Whether the server still holds its end; what it has sent is left unread."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


async def hang_up(port: int, request: bytes, seconds: float, outcomes: Counter[str]) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await asyncio.sleep(seconds)
    writer.transport.abort()
    outcomes["left"] += 1


async def wait_for_answers(port: int, requests: Iterator[bytes], outcomes: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            writer.write(next(requests))
            outcome = await outcome_of(reader)
            outcomes[outcome] += 1
            if not outcome.startswith("2"):
                await asyncio.sleep(PAUSE_SECONDS)
    finally:
        writer.close()


async def outcome_of(reader: asyncio.StreamReader) -> str:
    header = await reader.readuntil(HEADER_END)
    at = header.lower().index(b"content-length:") + len(b"content-length:")
    body = await reader.readexactly(int(header[at : header.index(b"\r\n", at)]))
    return outcome_shown(header.split(maxsplit=2)[1].decode(), body)


def outcome_shown(status: str, body: bytes) -> str:
    """The status, and the code of the first error of a request that was refused."""
    _, is_refused, errors = body.partition(b'"errors":[{"message"')
    _, has_code, code = errors.partition(b'"code":"')
    name, _, _ = code.partition(b'"')
    return f"{status} {name.decode()}" if is_refused and has_code else status
