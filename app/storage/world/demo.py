"""The demo world: small, with an example for every rule of copying and exporting.

The ids are the same in every database, so that written examples run unchanged.
"""

import hashlib
import json
import shlex
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy import Table, Text, any_, bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import ARRAY
from typeid import TypeID
from typeid.codecs.base32 import encode

from app.command_error import CommandError
from app.domain.model import Kind
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.event_writes import removed_flows
from app.storage.store import Store
from app.storage.tables import (
    API_TOKEN,
    FLOW,
    METADATA,
    OF_NO_WORLD,
    ROLE,
    TENANT,
    USER,
)

DEMO_TOKENS = ("demo-integrator", "demo-admin", "demo-guest", "demo-outsider")
"""Tokens, each of the user with this key in the file; they are public."""

WORLD, ROWS = (Path(__file__).with_name(name) for name in ("demo_world.json", "demo_rows.sql"))
_MADE_AT = datetime(2025, 1, 1, tzinfo=UTC)
"""The time in the ids of the demo world, before everything else: later rows sort after it."""

_SOMETHING_IS_THERE = select(exists().select_from(TENANT))
_TOKENS = select(exists().where(API_TOKEN.c.id == any_(bindparam("tokens", type_=ARRAY(Text)))))

_EXAMPLE = """
mutation Export($input: ExportFlowInput!) {
  exportFlow(input: $input) {
    flow { id name status workspace { name } } draft { revision } references { stepName kind action } errors { message }
  }
}
"""


LOCK_MILLISECONDS = 300
"""How long a reset waits for those who write: less than the second after which PostgreSQL ends one of two transactions
that wait for each other."""


UNCHANGED = "Nothing was changed. A demo world of its own starts in another folder: flowport serve --data-dir FOLDER"


class NotOnlyTheDemo(CommandError):
    """A database that is more than the demo world, or doesn't hold it, is not reset."""


class DemoIsBusy(CommandError):
    """A demo world to which others write all the time can't be reset."""


def demo_id(kind: Kind, name: str) -> str:
    """The id of a thing of the demo world, from its key; versions are `key/1` and so on, the draft is `key/draft`."""
    random = hashlib.sha256(f"{kind.value}:{name}".encode()).digest()
    made_at = int(_MADE_AT.timestamp() * 1000).to_bytes(6, "big")
    # A UUID of version 7 has its version and its variant at these places.
    uuid = made_at + bytes([0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F]) + random[3:10]
    return str(TypeID(prefix=kind.value, suffix=encode(uuid)))


async def is_empty(connection: ReadConnection) -> bool:
    """Whether nobody has anything in this database."""
    return not await connection.value(_SOMETHING_IS_THERE)


async def has_demo_tokens(connection: ReadConnection) -> bool:
    """Whether anybody can get in with the tokens of the demo world."""
    return bool(await connection.value(_TOKENS, {"tokens": DEMO_TOKENS}))


async def clear(store: Store) -> None:
    """Delete everything but events. Raises NotOnlyTheDemo and DemoIsBusy."""
    connection = store.connection
    file = json.loads(WORLD.read_bytes())
    await _refuse_others(connection, TENANT, {demo_id(Kind.TENANT, each["key"]) for each in file["tenants"]})
    await _refuse_others(connection, USER, {demo_id(Kind.USER, each["key"]) for each in file["users"]})
    tables = [each for each in METADATA.sorted_tables if each.name not in OF_NO_WORLD]
    await _lock(connection, tables)
    await store.write(*removed_flows([row.id for row in await connection.rows(select(FLOW.c.id))]))
    for table in reversed(tables):
        # The built-in roles belong to no tenant, and come with the schema.
        await connection.change(delete(table).where(ROLE.c.tenant_id.is_not(None)) if table is ROLE else delete(table))


async def add_what_no_document_says(connection: WriteConnection) -> None:
    """Add the tokens of the demo world, records of old exports, and releases."""
    for statement in ROWS.read_text(encoding="utf-8").split("\n\n"):
        await connection.execute(statement)


def example_curl(base_url: str) -> str:
    """A command that exports a flow; it can be pasted into a shell as it stands, and again without a second export."""
    wish = {
        "flowId": demo_id(Kind.FLOW, "order-intake"),
        "destination": {"workspaceId": demo_id(Kind.WORKSPACE, "retail-prod")},
        "topicId": demo_id(Kind.TOPIC, "orders-live"),
        "idempotencyKey": "first export",
    }
    body = json.dumps({"query": " ".join(_EXAMPLE.split()), "variables": {"input": wish}})
    headers = (f"Authorization: Bearer {DEMO_TOKENS[0]}", "Content-Type: application/json")
    command = ["curl", "-s", f"{base_url}/graphql", "-H", headers[0], "-H", headers[1], "-d", body]
    return shlex.join(command)


async def _refuse_others(connection: WriteConnection, table: Table, of_the_demo: set[str]) -> None:
    ids = {row.id for row in await connection.rows(select(table.c.id))}
    if not ids >= of_the_demo:
        raise NotOnlyTheDemo(f"The database doesn't hold the demo world. {UNCHANGED}")
    if others := len(ids - of_the_demo):
        raise NotOnlyTheDemo(
            f"The database holds more than the demo world (other rows in {table.name}: {others}). {UNCHANGED}"
        )


async def _lock(connection: WriteConnection, tables: list[Table]) -> None:
    """Lock the tables against writing until the transaction ends; reading goes on. Raises DemoIsBusy.

    Flows are locked first, as in mutations, so that a mutation with a locked flow can still finish. After a deadlock with
    another order of locks, PostgreSQL rolls this transaction back, and it is tried again.
    """
    names = ", ".join(each.name for each in sorted(tables, key=lambda table: table is not FLOW))
    await connection.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
    try:
        await connection.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    except asyncpg.LockNotAvailableError:
        raise DemoIsBusy(
            "Others are writing to the demo world all the time. Nothing was changed. Try again, or stop the server first."
        ) from None
    await connection.execute("SET LOCAL lock_timeout = 0")
