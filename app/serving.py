"""Serving: the socket, the demo world, the greeting and the server processes."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from types import FrameType

import click
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from app.observability import configure_log
from app.settings import Settings, variable

# How long requests may go on after a signal to stop; container runtimes kill after 10 seconds.
GRACE_SECONDS = 8


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens, before anything slow is begun: whoever connects early waits instead of being refused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise click.ClickException(f"Can't listen on {host}: {error.strerror}.") from None
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(2048)
        except OSError as error:
            raise click.ClickException(
                f"Can't listen on {host}, port {port}: {error.strerror}. Another one can be chosen with --port."
            ) from None
        yield listening


def serve_on(listening: socket.socket, settings: Settings, url: str, *, demo: bool) -> None:
    """Serve until a signal stops us; SystemExit then, so that whoever opened something closes it."""
    stop_on_signals()
    configure_log(log_format=settings.log_format, level=settings.log_level)
    host, port = listening.getsockname()[:2]
    embedded = settings.database_url is None
    loopback = ip_address(host).is_loopback
    ready = asyncio.run(prepare(url, base_url_of(host, port), demo=demo and embedded, loopback=loopback))
    hand_down(settings, {"database_url": url, "embedded": str(int(embedded)), "host": host, "port": str(port)})
    click.echo(ready)
    config = uvicorn.Config(
        "app.serving:application",
        factory=True,
        lifespan="on",
        ws="none",
        workers=settings.workers,
        # The log is ours: one line per operation.
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    if settings.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
        return
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    if not server.started:
        raise click.exceptions.Exit(1)


def application() -> Starlette:
    """The application of a server process; as a worker it ends with its parent, even if that one is killed."""
    from app.main import create_app

    parent = parent_process()
    if parent is not None:
        threading.Thread(target=end_with, args=(parent,), daemon=True).start()
    return create_app()


def end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def stop_on_signals() -> None:
    """Turn the signals that stop us into SystemExit: by default SIGTERM ends a process without any cleaning up.

    Uvicorn catches them while it serves, and raises them again afterwards.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


async def prepare(url: str, base_url: str, *, demo: bool, loopback: bool) -> str:
    """Load the demo world where it belongs, refuse it where it doesn't; the greeting."""
    from app.storage.demo import DEMO_TOKENS, demo_is_loaded, example_export_curl, load_demo_if_empty

    if not loopback:
        if demo:
            raise click.ClickException(
                "The demo world has tokens that everybody knows, so it is served on loopback only: "
                "say --no-demo to serve other hosts without it."
            )
        if await demo_is_loaded(url):
            raise click.ClickException(
                "The database holds the demo world, whose tokens everybody knows, so it is served on loopback only: "
                "choose another data directory with --data-dir."
            )
    if demo:
        await load_demo_if_empty(url)
    greeting = [f"Flowport serves GraphQL, and GraphiQL for browsers, on {base_url}/graphql"]
    if await demo_is_loaded(url):
        greeting += [
            f"Tokens of the demo world: {' '.join(DEMO_TOKENS)}",
            "Export a flow:",
            await example_export_curl(url, base_url),
        ]
    return "\n".join(greeting)


def base_url_of(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def hand_down(settings: Settings, decided: dict[str, str]) -> None:
    """Set the environment for the application, which reads its settings there, in this process or in its workers."""
    own = {name: str(value) for name, value in settings if value is not None}
    os.environ |= {variable(name): value for name, value in (own | decided).items()}
