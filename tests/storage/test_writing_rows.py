"""How rows are written: explicit columns, any number of rows in a statement."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Text, func, literal, null, select

from app.storage.connections.connection import WriteConnection
from app.storage.connections.database import Database
from app.storage.connections.row_changes import (
    NOW,
    RowsOfTable,
    delete_rows,
    in_one_statement,
    insert_rows,
    update_rows,
    write_rows,
)
from app.storage.tables import AGENT, API_TOKEN, IDEMPOTENCY_KEY, TENANT, USER
from tests.sent_statements import statements_sent

TENANTS = insert_rows(TENANT, ("id", "name", "component_whitelist"))
RENAMED = update_rows(TENANT, ("name",))
ODD_TEXTS = ('"quoted", {braced}', "back\\slash \\u0000 \\n", "line\nbreak\ttab", "", " ", "NULL", "naïve ☃ 🛰", "'; --")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url, pool_size=2)
    yield opened
    await opened.close()


async def tenants(connection: WriteConnection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.rows(select(TENANT.c.id, TENANT.c.name).order_by(TENANT.c.id))]


@pytest.mark.parametrize(
    ("build", "column"),
    [
        (lambda: insert_rows(AGENT, ("id", "workspace_id", "name", "name_key", "cron")), "cron"),
        (lambda: insert_rows(TENANT, ("id", "name", "component_whitelist"), owner=NOW), "owner"),
        (lambda: update_rows(TENANT, ("title",)), "title"),
        (lambda: update_rows(TENANT, (), title=null()), "title"),
        (lambda: update_rows(TENANT, ("name",), key=("key",)), "key"),
        (lambda: delete_rows(IDEMPOTENCY_KEY), "id"),
    ],
)
def test_a_superfluous_column_is_a_mistake_when_the_statement_is_made(
    build: Callable[[], RowsOfTable], column: str
) -> None:
    with pytest.raises(KeyError, match=f"^'{column}'$"):
        build()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: insert_rows(AGENT, ("id", "name")), "rows of agent need name_key, workspace_id"),
        # The model has a default for it, which no statement of ours asks.
        (lambda: insert_rows(TENANT, ("id", "name")), "rows of tenant need component_whitelist"),
    ],
)
def test_a_missing_column_is_a_mistake_when_the_statement_is_made(
    build: Callable[[], RowsOfTable], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        build()


@pytest.mark.parametrize("row", [("tenant_1", "One"), ("tenant_1", "One", False, "more")])
def test_a_row_has_a_value_for_each_column(row: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"^new_tenant needs a value for each of id, name, component_whitelist$"):
        TENANTS.to_json([("tenant_0", "Zero", True), row])


def test_a_table_is_changed_once_in_a_statement() -> None:
    with pytest.raises(ValueError, match=r"^changed_tenant, changed_tenant: a table is changed twice$"):
        in_one_statement(RENAMED, update_rows(TENANT, ("component_whitelist",)))


async def test_rows_are_stored_as_they_are_sent(database: Database) -> None:
    async with database.writing() as connection:
        rows = [(f"tenant_{number}", text, number % 2 == 0) for number, text in enumerate(ODD_TEXTS)]
        await write_rows(connection, (TENANTS, rows))
        stored = await connection.rows(select(TENANT.c.id, TENANT.c.name, TENANT.c.component_whitelist))
        assert sorted(map(tuple, stored)) == rows


async def test_times_bytes_and_nulls_are_stored_as_they_are_sent(database: Database) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
    users = insert_rows(USER, ("id", "first_name", "last_name", "email", "email_key"))
    tokens = insert_rows(API_TOKEN, ("id", "user_id", "name", "secret_hash", "expires_at"), created_at=NOW)
    async with database.writing() as connection:
        await write_rows(
            connection,
            (users, [("user_1", "Ada", "Smith", "ada@example.com", "ada@example.com")]),
            (tokens, [("token_1", "user_1", "One", b"\0\xff\\", at), ("token_2", "user_1", "Two", b"", None)]),
            now=at,
        )
        tokens_by_id = select(API_TOKEN.c.secret_hash, API_TOKEN.c.expires_at, API_TOKEN.c.created_at).order_by(
            API_TOKEN.c.id
        )
        assert [tuple(row) for row in await connection.rows(tokens_by_id)] == [(b"\0\xff\\", at, at), (b"", None, at)]


async def test_an_update_changes_the_rows_with_these_keys_where_its_conditions_hold(database: Database) -> None:
    only_some = update_rows(TENANT, (), TENANT.c.component_whitelist, key=("name",), name=literal("Changed", Text))
    async with database.writing() as connection:
        rows = [(f"tenant_{number}", f"{number}", number < 2) for number in range(4)]
        await write_rows(connection, (TENANTS, rows))
        await write_rows(connection, (RENAMED, [("tenant_2", "Two"), ("tenant_9", "Nine")]))
        await write_rows(connection, (only_some, [("1",), ("3",)]))
        assert await tenants(connection) == [
            ("tenant_0", "0"),
            ("tenant_1", "Changed"),
            ("tenant_2", "Two"),
            ("tenant_3", "3"),
        ]


async def test_what_a_statement_sets_itself_may_depend_on_the_row_that_is_sent(database: Database) -> None:
    shouted = update_rows(TENANT, ("name",), name=lambda row: func.upper(row.c.name))
    async with database.writing() as connection:
        await write_rows(connection, (TENANTS, [("tenant_1", "One", False), ("tenant_2", "Two", False)]))
        await write_rows(connection, (shouted, [("tenant_1", "new")]))
        assert await tenants(connection) == [("tenant_1", "NEW"), ("tenant_2", "Two")]


async def test_a_row_takes_the_place_of_one_with_the_same_key_where_it_is_said(database: Database) -> None:
    tenants_again = insert_rows(TENANT, ("id", "name", "component_whitelist"), replaces=True)
    async with database.writing() as connection:
        await write_rows(connection, (TENANTS, [("tenant_1", "One", False), ("tenant_2", "Two", False)]))
        await write_rows(connection, (tenants_again, [("tenant_2", "Other", True), ("tenant_3", "Three", True)]))
        assert await tenants(connection) == [("tenant_1", "One"), ("tenant_2", "Other"), ("tenant_3", "Three")]


async def test_one_statement_writes_several_tables_and_none_where_there_are_no_rows(database: Database) -> None:
    async with database.writing() as connection:
        await write_rows(connection, (TENANTS, [("tenant_1", "One", False), ("tenant_2", "Two", False)]))
        with statements_sent() as sent:
            await write_rows(connection, (delete_rows(TENANT), [("tenant_1",)]), (RENAMED, [("tenant_2", "Other")]))
            assert len(sent) == 1
            await write_rows(connection, (delete_rows(TENANT), []), (RENAMED, []))
            assert len(sent) == 1
        assert await tenants(connection) == [("tenant_2", "Other")]
