"""Databases for tests: templates with a loaded world, and copies of them that are used again and again."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import make_url, text

from app.domain.model import Kind
from app.storage.connections.driver import arguments_of
from app.storage.connections.engine import engine_of
from app.storage.ids import new_id
from app.storage.migrations.migrate import upgrade
from tests.api.client import Api, documents_for, serving
from tests.api.world_builder import WorldBuilder, email_of
from tests.applying import load_world
from tests.commands import issue_token
from tests.reused_connections import ReusableConnections

KEEP = """
    create schema kept;
    create table kept.newest as select pg_current_xact_id()::xid::text::bigint as change;
    do $$ declare name text; begin
        for name in select tablename from pg_tables where schemaname = 'public' loop
            execute format('create table kept.%1$I as table public.%1$I', name);
        end loop;
    end $$
"""
"""A second copy of every row, for the next test; and the number of the transaction that has seen them like that."""
PUT_BACK = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and pid <> all('{:spared}');
    set session_replication_role = replica; -- Neither foreign keys nor triggers.
    do $$ declare name text; columns text; newest bigint = (select change from kept.newest); has_changed bool; begin
        for name in select tablename from pg_tables where schemaname = 'public' loop
            execute format('
                select (select count(*) from public.%1$I) <> (select count(*) from kept.%1$I)
                or exists (select from public.%1$I where xmin::text::bigint > $1)
            ', name) into has_changed using newest;
            continue when not has_changed;
            select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
            where attrelid = format('public.%I', name)::regclass and attnum > 0 and not attisdropped and attgenerated = '';
            execute format('delete from public.%1$I', name);
            execute format('insert into public.%1$I (%2$s) select %2$s from kept.%1$I', name, columns);
            update kept.newest set change = pg_current_xact_id()::xid::text::bigint;
        end loop;
    end $$
"""
"""Only the tables that were written in: a row knows the transaction that wrote it."""
SCHEMA = """
    select array[
        (select (count(*), max(xmin::text::bigint)) from pg_namespace where oid >= 16384),
        (select (count(*), max(xmin::text::bigint)) from pg_class where oid >= 16384),
        (select (count(*), max(xmin::text::bigint)) from pg_attribute where attrelid >= 16384),
        (select (count(*), max(xmin::text::bigint)) from pg_constraint where oid >= 16384),
        (select (count(*), max(xmin::text::bigint)) from pg_trigger where oid >= 16384),
        (select (count(*), max(xmin::text::bigint)) from pg_proc where oid >= 16384)
    ]::text
"""
"""How many tables, functions and the like there are, and which transaction changed one last."""
TABLES = """
    select table_name from information_schema.tables
    where table_schema = 'public' order by table_name
"""
OF_SERVERS = {"periodic_task", "pending_event", "event", "feed"}
"""What servers note down of their own work, whenever they do it: also the positions of events."""
EVENTS = """
    select 'event', (to_jsonb(each) - 'position')::text as row from event as each
    union all select 'event', (to_jsonb(each) - 'place')::text from pending_event as each
"""
"""Every event, whether a server has numbered it or not."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A database that nobody is connected to, so that it can be copied; with the ids of its world."""

    name: str
    ids: Mapping[str, str]
    """By key; versions under `key/1` and so on, drafts under `key/draft`."""
    tokens: Mapping[str, str]
    """By the key of the user."""


class Databases:
    """The databases of a server; unless another is named, the template is migrated and empty."""

    def __init__(self, url: str, template: str) -> None:
        self._url = url
        self._template = template
        self._free: defaultdict[str, list[Copy]] = defaultdict(list)
        """The copies of a template that nobody uses."""
        self.reusable = ReusableConnections()
        """Connections to copies."""

    def url_of(self, name: str) -> str:
        return url_of(self._url, name)

    @asynccontextmanager
    async def made(self, template: str | None = None) -> AsyncIterator[str]:
        """The name of a new database, which is dropped at the end."""
        async with made_on(self._url, template or self._template) as name:
            yield name

    @asynccontextmanager
    async def copy(self, template: str | None = None) -> AsyncIterator[str]:
        """The URL of a database as the template is.

        It may be one that was used before: PostgreSQL puts rows back in a tenth of the time that it takes to make a
        database. One whose schema was changed is dropped.
        """
        free = self._free[template or self._template]
        copy = free.pop() if free else await self._make_for_good(template or self._template)
        try:
            yield self.url_of(copy.name)
        finally:
            if await copy.put_back(self.reusable.pids(self.url_of(copy.name))):
                free.append(copy)
            else:
                await self._drop(copy)

    @asynccontextmanager
    async def loaded(self, world: WorldBuilder) -> AsyncIterator[Loaded]:
        async with self.made() as name:
            yield await load(self.url_of(name), world)

    @asynccontextmanager
    async def serving(self, loaded: Loaded, **settings: Any) -> AsyncIterator[Api]:
        """A server on a copy of the database, which knows the documents of servers before it."""
        async with (
            self.copy(loaded.name) as url,
            serving(url, documents=documents_for, connections=self.reusable.used(), **settings) as http,
        ):
            yield Api(http, url, loaded.ids, loaded.tokens)

    async def close(self) -> None:
        """Drop what was kept to be used again."""
        for copy in (each for free in self._free.values() for each in free):
            await self._drop(copy)

    async def _make_for_good(self, template: str) -> "Copy":
        name = await make(self._url, template)
        connection = await asyncpg.connect(**arguments_of(self.url_of(name)))
        await connection.execute(KEEP)
        return Copy(name, connection, await connection.fetchval(SCHEMA))

    async def _drop(self, copy: "Copy") -> None:
        copy.connection.terminate()
        self.reusable.forget(self.url_of(copy.name))
        await drop(self._url, copy.name)


@dataclass(frozen=True, slots=True)
class Copy:
    """A database that is used again and again."""

    name: str
    connection: "asyncpg.Connection[asyncpg.Record]"
    """For putting back: a new one would have to read the catalogue each time."""
    schema: str
    """What PostgreSQL noted down of it."""

    async def put_back(self, spared: Sequence[int]) -> bool:
        """Whether the database is again as it was."""
        try:
            if await self.connection.fetchval(SCHEMA) != self.schema:
                return False
            await self.connection.execute(putting_back(spared))
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
            # The test ended all connections.
            return False
        return True


def putting_back(spared: Sequence[int] = ()) -> str:
    """The statements for it. Whoever is connected is cut off, except for these processes of the server."""
    return PUT_BACK.replace(":spared", ",".join(map(str, spared)))


async def load(url: str, world: WorldBuilder) -> Loaded:
    """Load a world into a migrated database."""
    ids: dict[str, str] = {}

    def remembered_id(kind: Kind, key: str) -> str:
        return ids.setdefault(key, new_id(kind))

    ids |= await load_world(url, world.document(), new_id=remembered_id)
    return Loaded(str(make_url(url).database), ids, await issue_tokens(url, world.users()))


async def issue_tokens(url: str, users: Iterable[str]) -> dict[str, str]:
    """Issue a token to each of these users, whose use isn't noted while a test runs, however long it takes."""
    tokens = {user: await issue_token(url, email_of(user), name="test", expires_days=None) for user in users}
    await run_sql(url, "update api_token set last_used_at = now() + interval '1 day'")
    return tokens


@asynccontextmanager
async def open_databases(server_url: str) -> AsyncIterator[Databases]:
    async with made_on(server_url, "template0") as migrated:
        await upgrade(url_of(server_url, migrated))
        databases = Databases(server_url, migrated)
        yield databases
        await databases.close()


@asynccontextmanager
async def made_on(server_url: str, template: str) -> AsyncIterator[str]:
    name = await make(server_url, template)
    try:
        yield name
    finally:
        await drop(server_url, name)


async def make(server_url: str, template: str) -> str:
    name = f"flowport_test_{uuid4().hex}"
    await run(server_url, f"create database {name} template {template}")
    return name


async def drop(server_url: str, name: str) -> None:
    await run(server_url, f"drop database {name} with (force)")


def url_of(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(**arguments_of(url))
    try:
        yield connection
    finally:
        await connection.close()


async def run(url: str, *statements: str) -> None:
    """Statements that take no transaction."""
    async with connected(url) as connection:
        for statement in statements:
            await connection.execute(statement)


async def contents(url: str) -> list[tuple[str, str]]:
    """Everything in a database: every row of every table, byte for byte."""
    async with connected(url) as connection:
        tables = [table for (table,) in await connection.fetch(TABLES)]
        return [(table, row) for table, row in await connection.fetch(f"{rows_of(tables)} order by 1, 2")]


def rows_of(tables: Collection[str]) -> str:
    """A query for every row of these tables, with the name of its table, but for what servers note down by themselves."""
    # The names are those of the database's own tables.
    parts = [
        f"select '{name}', each::text as row from \"{name}\" as each"  # noqa: S608
        for name in tables
        if name not in OF_SERVERS
    ]
    return " union all ".join([*parts, EVENTS] if "event" in tables else parts)


async def run_sql(url: str, statement: str, **parameters: object) -> None:
    """Change what no mutation changes yet."""
    async with engine_of(url).begin() as connection:
        await connection.execute(text(statement), parameters)
