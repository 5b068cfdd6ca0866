"""Serving: the socket, the demo world and the greeting, before the server processes begin."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from app.command_error import CommandError
from app.server.database import database, run
from app.server.signals import stop_on_signals
from app.settings import Settings, is_loopback
from app.telemetry.log import configure_log
from app.telemetry.metrics_files import shared_metrics

if TYPE_CHECKING:
    from app.usecases.transaction import UnitOfWork


@contextmanager
def bound_to(host: str, port: int) -> Iterator[socket.socket]:
    """Bind the socket before any slow step; it is listened on when workers start."""
    with said_in_a_line(host, port):
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    with listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with said_in_a_line(host, port):
            listening.bind(address)
        yield listening


@contextmanager
def said_in_a_line(host: str, port: int) -> Iterator[None]:
    """Say in a line why the system doesn't let us listen."""
    try:
        yield
    except OSError as error:
        is_host = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        advice = "Another host can be chosen with --host" if is_host else "Another one can be chosen with --port"
        raise CommandError(f"Can't listen on {host}, port {port}: {error.strerror}. {advice}.") from None


def serve_on(listening: socket.socket, settings: Settings, *, demo: bool) -> None:
    """Serve until a signal stops us, possibly with SystemExit, so that whoever opened something closes it."""
    configure_log(log_format=settings.log_format, level=settings.log_level)
    with shared_metrics(settings.workers):
        # How numbers are kept is decided where this is imported, so not before the folder is named; and not while signals
        # raise SystemExit, which an import that builds classes may wrap or lose.
        from app.server.workers import supervise

        with database(settings, make=True) as url:
            stop_on_signals()
            host, port = listening.getsockname()[:2]
            base_url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            demo = demo and settings.database_url is None
            demo = run(url, lambda work: prepare(work, demo=demo, loopback=is_loopback(host)), takes_long=True)
            with said_in_a_line(host, port):
                # Another server may have begun to listen on the port since it was bound.
                listening.listen()
            click.echo(greeting(settings, base_url, demo=demo))
            served = supervise(listening, settings.model_copy(update={"database_url": url, "host": host, "port": port}))
    if not served:
        raise click.exceptions.Exit(1)


async def prepare(work: "UnitOfWork", *, demo: bool, loopback: bool) -> bool:
    """Load the demo world into an empty database, refuse it off loopback, and return whether the database has it."""
    from app.usecases.apply_world import demo_is_loaded, load_demo_if_empty

    if not loopback:
        if demo:
            raise CommandError(
                "The demo world has tokens that everybody knows, so it is served on loopback only: "
                "say --no-demo to serve other hosts without it."
            )
        if await demo_is_loaded(work):
            raise CommandError(
                "The database holds the demo world, whose tokens everybody knows, so it is served on loopback only: "
                "choose another data directory with --data-dir."
            )
    if demo:
        await load_demo_if_empty(work)
    return await demo_is_loaded(work)


def greeting(settings: Settings, base_url: str, *, demo: bool) -> str:
    """Print the addresses and, with the demo world, how to try it."""
    from app.http.explorer.page import has_graphiql
    from app.storage.world.demo import DEMO_TOKENS, example_curl

    page = "GraphiQL" if has_graphiql() else "a simple page"
    what = "GraphQL" if settings.graphiql == "off" else f"GraphQL, and {page} for browsers,"
    lines = [f"Flowport serves {what} on {base_url}/graphql"]
    if demo:
        lines += [
            f"Tokens of the demo world: {' '.join(DEMO_TOKENS)}",
            "Export a flow; the same command again answers the same, and exports nothing more:",
            example_curl(base_url),
        ]
    return "\n".join(lines)
