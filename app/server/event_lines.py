"""The command `flowport events`, which prints the events of a tenant as lines of JSON."""

import asyncio
from contextlib import suppress

import click
import orjson
from strawberry.utils.str_converters import to_camel_case

from app.command_error import CommandError
from app.domain.model import EventType
from app.execution.request_errors import UnacceptableInput
from app.graphql.connections import LARGEST_PAGE, PageArguments
from app.graphql.types.records import EXPIRED, feed_paging
from app.server.database import run
from app.storage.migrations.migrate import ANSWER_SECONDS
from app.storage.pages.events import FOR_OPERATORS, FeedRequest, read_feeds
from app.storage.world.terms import read_terms
from app.usecases.transaction import UnitOfWork

PAUSE_SECONDS = 1

Line = tuple[str, str]
"""The cursor of an event, and its line."""


def print_events(url: str, *, tenant: str, after: str | None, first: int | None, follow: bool, types: str) -> None:
    """Print the events of a tenant after a cursor; with `follow`, new ones too until an interrupt."""
    only = types_of(types)
    # In one event loop: an interrupt between two of them would leave the next one half made.
    with suppress(KeyboardInterrupt):
        run(url, lambda work: print_pages(work, tenant, after, first, follow=follow, types=only), takes_long=True)


async def print_pages(
    work: UnitOfWork, tenant: str, after: str | None, first: int | None, *, follow: bool, types: frozenset[str] | None
) -> None:
    left = first
    while left is None or left > 0:
        page = PageArguments(LARGEST_PAGE if left is None else min(left, LARGEST_PAGE), after, None, None)
        async with asyncio.timeout(ANSWER_SECONDS):
            lines = await read_lines(work, tenant=tenant, page=page, types=types)
        for cursor, line in lines:
            click.echo(line)
            after = cursor
        left = None if left is None else left - len(lines)
        if not lines and not follow:
            return
        await asyncio.sleep(0 if lines else PAUSE_SECONDS)


async def read_lines(work: UnitOfWork, *, tenant: str, page: PageArguments, types: frozenset[str] | None) -> list[Line]:
    """Read a page of the feed of a tenant, which its key or id names."""
    async with work.database.reading() as connection:
        terms = await read_terms(connection, "", tenant, frozenset())
        if terms is None or terms.tenant is None:
            raise click.BadParameter(f"there is no tenant {tenant}", param_hint="--tenant")
        try:
            paging = feed_paging(terms.tenant, page)
        except UnacceptableInput as error:
            raise click.BadParameter(error.message, param_hint="--after") from None
        pages = await read_feeds(connection, "", FeedRequest(FOR_OPERATORS, paging.request, types), [terms.tenant])
    read = pages[terms.tenant]
    if read.is_expired:
        raise CommandError(EXPIRED)
    events = [(paging.cursor(key), event) for key, event in read.page.elements]
    return [(cursor, line_of({"cursor": cursor, **event._asdict()})) for cursor, event in events]


def line_of(event: dict[str, object]) -> str:
    named = {to_camel_case(name): value for name, value in event.items()}
    return orjson.dumps(named, option=orjson.OPT_UTC_Z).decode()


def types_of(types: str) -> frozenset[str] | None:
    """The types that `--types` names; None without any."""
    chosen = frozenset(filter(None, types.split(",")))
    if unknown := sorted(chosen - frozenset(EventType)):
        names = ", ".join(EventType)
        raise click.BadParameter(f"there is no type {', '.join(unknown)}; there are {names}", param_hint="--types")
    return chosen or None
