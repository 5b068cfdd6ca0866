"""The API as its callers use it: over HTTP, one caller for each token."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import httpx
from structlog.testing import capture_logs

from app.http.documents import Documents
from app.server import application
from app.server.application import create_app
from app.settings import Settings

Json = dict[str, Any]

DOCUMENT_TYPE = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token."""

    http: httpx.AsyncClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": DOCUMENT_TYPE}

    async def answer(self, document: str, **variables: object) -> Json:
        """The whole answer, whatever it says; that nothing unexpected happened is asserted."""
        response = await self.http.post(
            "/graphql", json={"query": document, "variables": variables}, headers=self.headers
        )
        body = body_of(response)
        assert response.status_code in {200, 400}, body
        assert "INTERNAL" not in codes_of(body), body
        return body

    async def ask(self, document: str, **variables: object) -> Json:
        """The data of an answer without errors."""
        body = await self.answer(document, **variables)
        assert set(body) == {"data"}, body
        data: Json = body["data"]
        return data

    async def one(self, document: str, **variables: object) -> Any:
        """The value of the one field at the root of an answer without errors."""
        [value] = (await self.ask(document, **variables)).values()
        return value

    async def statements(self, document: str, **variables: object) -> int:
        """How many SQL statements it takes, as the log says."""
        with capture_logs() as log:
            await self.ask(document, **variables)
        [number] = [line["statements"] for line in log if line["event"] == "operation"]
        return int(number)


def body_of(response: httpx.Response) -> Json:
    """An answer without its cost, which has tests of its own."""
    body: Json = response.json()
    body.pop("extensions", None)
    return body


def codes_of(body: Json) -> list[str]:
    return [error["extensions"]["code"] for error in body.get("errors", ())]


def code_of(body: Json) -> str:
    """The code of the one error of an answer; it has a message for people, without a word of the machinery."""
    [error] = body["errors"]
    for word in ("Traceback", "sqlalchemy", "asyncpg", "psycopg", "SELECT", "orjson", "Exception", "object at 0x"):
        assert word not in error["message"], error
    return str(error["extensions"]["code"])


documents_for = cache(Documents)
"""Documents for as long as the tests run, so that what many servers are sent is validated once."""

NEW = nullcontext()
"""Connections that are opened as usual, and closed when the server stops."""


@asynccontextmanager
async def serving(
    database_url: str,
    *,
    documents: Callable[..., Documents] = Documents,
    connections: AbstractContextManager[None] = NEW,
    **settings: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """The application on a database, from start to stop, and a client without a token."""
    with patch.object(application, "Documents", documents), connections:
        # Nobody is refused for the time that it waits, however busy the machine is.
        patient = {"max_wait_seconds": 60, "lock_timeout_seconds": 60} | settings
        app = create_app(Settings(database_url=database_url, log_format="json", **patient))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield http


@dataclass(frozen=True, slots=True)
class Api:
    """A running server with a loaded world: its users by their keys, and the ids of everything in it."""

    http: httpx.AsyncClient
    database_url: str
    ids: Mapping[str, str]
    tokens: Mapping[str, str]

    def caller(self, user: str) -> Caller:
        return Caller(self.http, self.tokens[user])

    def id(self, key: str) -> str:
        return self.ids[key]
