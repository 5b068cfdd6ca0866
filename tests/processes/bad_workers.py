"""Workers that don't do as they should, and their supervisor: `python -m tests.processes.bad_workers NAME`.

A process of its own, since a supervisor forks: it mustn't have threads.
"""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.domain.model import Kind
from app.server import application
from app.server.startup import bound_to
from app.server.workers import Supervisor, be_a_worker
from app.settings import Settings, read_settings
from app.storage.ids import new_id
from app.telemetry.log import configure_log


def that_fails(_settings: Settings, _listening: socket.socket, _pipe: int, _delay: float) -> None:
    sys.exit(3)


def that_hangs(_settings: Settings, listening: socket.socket, _pipe: int, _delay: float) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    listening.close()
    (Path(os.environ["HANGS"]) / str(os.getpid())).touch()
    while True:
        time.sleep(1)


def with_traps(settings: Settings, listening: socket.socket, pipe: int, delay: float) -> None:
    """A worker as it is, but for requests that it never answers, and for one that tells its id."""
    usual = application.other_routes
    traps = [Route("/pid", own_pid), Route("/spin", spin), Route("/match", match_for_ever), Route("/slow", slow)]
    application.other_routes = lambda *given: [*traps, *usual(*given)]
    be_a_worker(settings, listening, pipe, delay)


async def own_pid(_: Request) -> Response:
    return PlainTextResponse(str(os.getpid()))


def that_tells_ids(_settings: Settings, _listening: socket.socket, _pipe: int, _delay: float) -> None:
    for _ in range(3):
        print(new_id(Kind.FLOW), flush=True)  # noqa: T201 - for the test
    os.kill(os.getpid(), signal.SIGKILL)


async def slow(_: Request) -> Response:
    """Answers when the test lets it."""
    folder = Path(os.environ["HANGS"])
    (folder / "begun").touch()
    while not (folder / "go on").exists():  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.01)
    return PlainTextResponse("done")


async def spin(_: Request) -> Response:
    is_stuck_in("spin")
    while True:
        pass


async def match_for_ever(_: Request) -> Response:
    """Within C code, which doesn't let other threads run."""
    is_stuck_in("match")
    re.match(r"(a|a)*b", "a" * 100)
    return PlainTextResponse("never")


def is_stuck_in(place: str) -> None:
    """Tell which process is."""
    written = Path(os.environ["HANGS"]) / f"{place} of"
    written.write_text(str(os.getpid()))
    written.rename(written.with_name(place))


if __name__ == "__main__":
    settings = read_settings()
    configure_log(log_format="json", level="info")
    new_id(Kind.FLOW)
    with bound_to("127.0.0.1", 0) as listening:
        listening.listen()
        print(listening.getsockname()[1], flush=True)  # noqa: T201 - for the test
        has_started = asyncio.run(Supervisor(globals()[sys.argv[1]], listening, settings).run())
    sys.exit(0 if has_started else 1)
