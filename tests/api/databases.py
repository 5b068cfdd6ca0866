"""Databases with a loaded world: loaded once, and copied for each test that writes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.ids import Kind, new_id
from app.storage.migrate import engine_of
from app.storage.world import load_world
from app.usecases.manage_tokens import issue_token
from tests.api.client import Api, serving
from tests.api.world import World, email_of
from tests.conftest import drop_database, make_database, url_of

_TABLES = "select table_name from information_schema.tables where table_schema = 'public' order by table_name"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database that nobody is connected to, so that it can be copied; with the ids of its world."""

    name: str
    ids: Mapping[str, str]
    """By key; versions under `key/1` and so on, drafts under `key/draft`."""
    tokens: Mapping[str, str]
    """By the key of the user."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where databases are made."""

    engine: AsyncEngine
    url: str
    template: str

    @asynccontextmanager
    async def loaded(self, world: World) -> AsyncIterator[Loaded]:
        name = await make_database(self.engine, template=self.template)
        ids: dict[str, str] = {}

        def remembered_id(kind: Kind, key: str) -> str:
            return ids.setdefault(key, new_id(kind))

        url = url_of(self.url, name)
        ids |= await load_world(url, world.document(), new_id=remembered_id)
        users = world.users()
        tokens = {user: await issue_token(url, email_of(user), name="test", expires_days=None) for user in users}
        # The use of a token is noted now and then; here it was noted a moment ago, whatever a test takes.
        await run_sql(url, "update api_token set last_used_at = now() + interval '1 day'")
        yield Loaded(name, ids, tokens)
        await drop_database(self.engine, name)

    @asynccontextmanager
    async def serving(self, loaded: Loaded, **settings: Any) -> AsyncIterator[Api]:
        """A server on a copy of the database."""
        name = await make_database(self.engine, template=loaded.name)
        url = url_of(self.url, name)
        async with serving(url, **settings) as http:
            yield Api(http, url, loaded.ids, loaded.tokens)
        await drop_database(self.engine, name)


async def contents(url: str) -> list[tuple[str, str]]:
    """Everything in a database: every row of every table, byte for byte."""
    async with engine_of(url) as engine, engine.connect() as connection:
        tables = (await connection.execute(text(_TABLES))).scalars().all()
        # The names are those of the database's own tables.
        rows = " union all ".join(f"select '{table}', each::text from \"{table}\" as each" for table in tables)  # noqa: S608
        return [(table, row) for table, row in await connection.execute(text(f"{rows} order by 1, 2"))]


async def run_sql(url: str, statement: str, **parameters: object) -> None:
    """Change what no mutation changes yet."""
    async with engine_of(url) as engine, engine.begin() as connection:
        await connection.execute(text(statement), parameters)
