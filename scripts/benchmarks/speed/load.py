"""A client that keeps several connections busy for a while, and what it saw."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

HEADER_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a while: how many requests were answered, in how many seconds each."""

    requests: int
    seconds: float
    latencies: list[float]

    def milliseconds(self, share: float) -> float:
        """The latency that this share of the requests kept below."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request_of(path: str, token: str, body: bytes) -> bytes:
    header = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return header.encode() + body


async def loaded(port: int, requests: Callable[[], bytes], *, connections: int, seconds: float) -> Load:
    """Send one request after the other on each connection; every answer has to be a 200."""
    latencies: list[float] = []
    began = time.perf_counter()
    ends = began + seconds
    await asyncio.gather(*(_talk(port, requests, latencies, ends) for _ in range(connections)))
    return Load(len(latencies), time.perf_counter() - began, latencies)


async def _talk(port: int, requests: Callable[[], bytes], latencies: list[float], ends: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < ends:
        writer.write(requests())
        await answer_of(reader)
        latencies.append(time.perf_counter() - began)
    writer.close()


async def one_by_one(port: int, requests: list[bytes]) -> tuple[list[float], list[bytes]]:
    """Send requests on one connection; how long each took in seconds, and its answer."""
    latencies, answers = [], []
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        answers.append(await answer_of(reader))
        latencies.append(time.perf_counter() - began)
    writer.close()
    return latencies, answers


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    header = await reader.readuntil(HEADER_END)
    if not header.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"A request was not answered: {header.decode(errors='replace')}")
    at = header.lower().index(b"content-length:") + len(b"content-length:")
    return await reader.readexactly(int(header[at : header.index(b"\r\n", at)]))


async def asked(port: int, request: bytes) -> bytes:
    """The body of the answer to one request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    body = await answer_of(reader)
    writer.close()
    return body
