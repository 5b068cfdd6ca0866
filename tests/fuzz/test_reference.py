"""Our executor answers what graphql-core's own answers: the same data, and errors at the same places.

Generated documents, with aliases, fragments and directives, are executed by both over the same database, also while some
loaders fail or find nothing.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from typing import Any
from unittest.mock import patch

import orjson
import pytest
from graphql import (
    ExecutionResult,
    GraphQLError,
    execute,
    parse,
)

from app.domain.model import UserId
from app.execution.error_pass import MOST_ERRORS
from app.execution.executor import Executor
from app.execution.plan import Plan
from app.graphql.connections import ListPage
from app.graphql.context import Context
from app.graphql.schema import mistakes_in, schema
from app.http.documents import Document, operation_of
from app.meter import Meter
from app.storage.connections.database import Database
from app.usecases.transaction import UnitOfWork
from tests.api.client import Api
from tests.databases import Databases, Loaded
from tests.fuzz.session import TIMES, session_of

DOCUMENTS = 75 * TIMES
MADE = re.compile(r"(?<=_)[0-9a-hjkmnp-tv-z]{26}|\d{4}-\d\d-\d\dT[\d:.]+Z|W[\w-]{30,}")
"""What differs between two databases where the same was done: ids, times, cursors."""

FAILING = (
    *[None] * 5,
    "contracts",
    "users",
    "workspaces",
    "active_drafts",
    "versions",
    "graphs",
    "pages",
    "flows",
)
"""Which loader fails, if one does."""


async def failing(_: Sequence[object]) -> list[object]:
    raise RuntimeError("it can't be read")


def knowing_nothing(_: object) -> None: ...


async def finding_nothing(keys: Sequence[object]) -> list[object]:
    return [None] * len(keys)


class Both:
    """Both executors, each on its database, which may be the same."""

    def __init__(self, database: Database, reference: Database | None = None) -> None:
        self._databases = database, reference or database

    def _context(self, database: Database, viewer: str, loader: str | None, behave: Callable[..., Any]) -> Context:
        work = UnitOfWork(database, clock=lambda: datetime.now(UTC)).of(UserId(viewer))
        context = Context(work=work, request_id="", meter=Meter(caller="ada"))
        if loader is not None:
            broken = getattr(context.loaders, loader)
            broken._load = behave
            # Nor is anything known to it that was read with a page.
            broken.know = knowing_nothing
        return context

    async def answers(
        self, document: str, variables: dict[str, Any], viewer: str, loader: str | None, behave: Callable[..., Any]
    ) -> list[tuple[str, Any]] | None:
        """What each answers; None where the document isn't executed."""
        try:
            node = parse(document)
            operation = operation_of(Document(document, node), None)
        except GraphQLError:
            return None
        if mistakes_in(node, most=1, hides_suggestions=False):
            return None
        try:
            orjson.dumps(variables)
        except TypeError:
            # No client can send this, such as half a surrogate pair.
            return None
        before = asyncio.all_tasks()
        ours, theirs = (self._context(database, viewer, loader, behave) for database in self._databases)
        plan = Plan.of(schema.graphql_schema, node, operation.node, variables)
        if not isinstance(plan, Plan):
            return None
        with ExitStack() as stack:
            if loader is not None:
                # What is answered from the rows of a page asks no loader.
                stack.enter_context(patch.object(ListPage, "_rows", lambda _, elements, **__: elements()))
            found = await Executor(plan, ours).run()
        expected = execute(schema.graphql_schema, node, context_value=theirs, variable_values=variables)
        answers = [found, expected if isinstance(expected, ExecutionResult) else await expected]
        for context in (ours, theirs):
            await context.loaders.close()
        await end(asyncio.all_tasks() - before)
        if ours.meter.refused is not None:
            return None
        return [
            (orjson.dumps(each.data, option=orjson.OPT_UTC_Z).decode(), places_of(each.errors or []))
            for each in answers
        ]


async def end(left: set[asyncio.Task[Any]]) -> None:
    """End what graphql-core leaves behind where a field has failed."""
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def places_of(errors: Sequence[GraphQLError]) -> set[tuple[object, ...]]:
    return {tuple(error.path or ()) for error in errors}


def assert_same_nulls(
    places: set[tuple[object, ...]], expected_places: set[tuple[object, ...]], data: str, told: str
) -> None:
    """Compare what errors have made null; ours tells only so many errors."""
    nulled, expected = nulled_by(places, data), nulled_by(expected_places, data)
    assert nulled == expected or (nulled < expected and len(places) == MOST_ERRORS), told


def nulled_by(places: set[tuple[object, ...]], data: str) -> set[tuple[object, ...]]:
    """What is null because of errors at these places. Of several that make the same null, any may be told."""
    return {above(place, orjson.loads(data)) for place in places}


def above(place: tuple[object, ...], value: Any) -> tuple[object, ...]:
    """The beginning of a place that leads to a null."""
    for length, key in enumerate(place):
        if value is None:
            return place[:length]
        value = value[key]
    return place


# What graphql-core leaves undone of an answer that failed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("behave", [failing, finding_nothing])
async def test_generated_documents_are_answered_as_graphql_core_answers_them(
    api: Api, behave: Callable[..., Any]
) -> None:
    random, database = Random(f"reference {behave.__name__}"), Database(api.database_url)  # noqa: S311
    users = [id_ for key, id_ in api.ids.items() if key in api.tokens]
    both, executed, failed = Both(database), 0, 0
    async with session_of(api.http, api.tokens, "reference") as session:
        for _ in range(DOCUMENTS):
            document, variables = session.documents.query()
            loader = random.choice(FAILING)
            answers = await both.answers(document, variables, random.choice(users), loader, behave)
            if answers is not None:
                (data, places), (expected, expected_places) = answers
                told = f"{document}\n{variables}\n{loader}"
                assert data == expected, told
                assert_same_nulls(places, expected_places, data, told)
                executed, failed = executed + 1, failed + bool(places)
    await database.close()
    assert executed > DOCUMENTS / 4
    assert failed > DOCUMENTS / 50


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_generated_mutations_are_answered_as_graphql_core_answers_them(
    databases: Databases, loaded_trade: Loaded
) -> None:
    """Each executor has a database of its own, in which it writes the same."""
    async with databases.serving(loaded_trade) as api, databases.serving(loaded_trade) as other:
        random = Random("mutations")  # noqa: S311
        database, reference = Database(api.database_url), Database(other.database_url)
        users = [id_ for key, id_ in api.ids.items() if key in api.tokens]
        both, executed, written = Both(database, reference), 0, 0
        async with session_of(api.http, api.tokens, "mutations of both executors") as session:
            for _ in range(DOCUMENTS):
                document, variables = session.documents.mutation()
                answers = await both.answers(document, variables, random.choice(users), None, finding_nothing)
                if answers is not None:
                    (data, places), (expected, expected_places) = answers
                    assert MADE.sub("made", data) == MADE.sub("made", expected), f"{document}\n{variables}"
                    assert_same_nulls(places, expected_places, data, f"{document}\n{variables}")
                    executed, written = executed + 1, written + ('"id"' in data)
        await database.close()
        await reference.close()
    assert executed > DOCUMENTS / 4
    assert written > DOCUMENTS / 200
