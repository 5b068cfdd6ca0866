"""The demo world: small, with an example for every rule of copying and exporting.

The ids are the same in every database, so that written examples run unchanged.
"""

import hashlib
import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Table, Text, any_, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from typeid import TypeID
from typeid.codecs.base32 import encode

from app.command_error import CommandError
from app.domain.flow import ShownFlow
from app.domain.release import ReleaseState
from app.domain.source import CopiedFrom
from app.domain.undo import ChangeSinceExport
from app.storage.accounts.tokens import secret_hash
from app.storage.connections.connection import ReadConnection, WriteConnection
from app.storage.event_writes import removed_flows
from app.storage.ids import Kind
from app.storage.store import Store
from app.storage.tables import (
    API_TOKEN,
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_VERSION,
    METADATA,
    OF_NO_WORLD,
    RELEASE_ITEM,
    RELEASE_REQUEST,
    ROLE,
    TENANT,
    USER,
)
from app.storage.writes.copies import flow_to_text

DEMO_TOKENS = ("demo-integrator", "demo-admin", "demo-guest", "demo-outsider")
"""Tokens, each of the user with this key in the file; they are public."""

WORLD = Path(__file__).with_name("demo_world.json")
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
    tables = [each for each in METADATA.sorted_tables if each not in OF_NO_WORLD]
    await _lock(connection, tables)
    await store.write(*removed_flows([row.id for row in await connection.rows(select(FLOW.c.id))]))
    for table in reversed(tables):
        # The built-in roles belong to no tenant, and come with the schema.
        await connection.change(delete(table).where(ROLE.c.tenant_id.is_not(None)) if table is ROLE else delete(table))


async def add_what_no_document_says(connection: WriteConnection) -> None:
    """Add the tokens of the demo world, records of old exports, and releases."""
    columns = ("id", "user_id", "name", "secret_hash", "created_at")
    tokens = [(token, demo_id(Kind.USER, token), "demo", secret_hash(token), _MADE_AT) for token in DEMO_TOKENS]
    await connection.copy(API_TOKEN.name, columns, tokens)
    for record in (_published_release(), _edited_release(), _release_to_undo()):
        await connection.copy(FLOW_EXPORT.name, (*record,), [(*record.values(),)])
    copied = FLOW_VERSION.c.id == FLOW_EXPORT.c.source_version_id
    await connection.change(update(FLOW_EXPORT).values(content_hash=FLOW_VERSION.c.content_hash).where(copied))
    for table in (FLOW_VERSION, FLOW_DRAFT):
        came = table.c.flow_id == FLOW_EXPORT.c.destination_flow_id
        await connection.change(update(table).values(descends_from=FLOW_EXPORT.c.id).where(came))
    for release in RELEASES:
        for table, row in ((RELEASE_REQUEST, release.request), (RELEASE_ITEM, release.item)):
            await connection.copy(table.name, (*row,), [(*row.values(),)])


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


@dataclass(frozen=True, slots=True)
class DemoRelease:
    """A release of one flow of Foods Production."""

    key: str
    title: str
    flow: str
    name: str
    requester: str = "demo-integrator"
    draft: str = "draft"
    over: int | None = 1
    published: int | None = None
    """The number of the published version; None for an open release."""

    @property
    def request(self) -> dict[str, Any]:
        is_open = self.published is None
        return {
            "id": demo_id(Kind.RELEASE, self.key),
            "workspace_id": demo_id(Kind.WORKSPACE, "foods-prod"),
            "title": self.title,
            "start": False,
            "state": (ReleaseState.OPEN if is_open else ReleaseState.APPLIED).value,
            "requested_by": demo_id(Kind.USER, self.requester),
            "requested_at": _MADE_AT,
            "reviewed_by": None if is_open else demo_id(Kind.USER, "demo-admin"),
            "closed_at": None if is_open else _MADE_AT,
        }

    @property
    def item(self) -> dict[str, Any]:
        return {
            "request_id": demo_id(Kind.RELEASE, self.key),
            "position": 0,
            "flow_id": demo_id(Kind.FLOW, self.flow),
            "flow_name": self.name,
            "draft_id": demo_id(Kind.DRAFT, f"{self.flow}/{self.draft}"),
            "revision": 1,
            "over_version_id": self._version(self.over),
            "version_id": self._version(self.published),
        }

    def _version(self, number: int | None) -> str | None:
        return None if number is None else demo_id(Kind.VERSION, f"{self.flow}/{number}")


_ALLERGENS = "allergen-notices", "Allergen notices"
RELEASES = (
    DemoRelease("to-review", "Recipes by country", "recipe-alerts", "Recipe alerts"),
    DemoRelease("to-undo", "Allergens by country", *_ALLERGENS, draft="second", published=2),
    DemoRelease("superseded", "Allergen notices", *_ALLERGENS, draft="first", over=None, published=1),
    DemoRelease("stale", "Allergens again", *_ALLERGENS, draft="second"),
    DemoRelease("to-withdraw", "Recipes by kitchen", "recipe-alerts", "Recipe alerts"),
    DemoRelease("own", "Chats in production", "chat-bridge-exported", "Chat bridge", "demo-admin", over=None),
)
"""Releases in each state."""


def _published_release() -> dict[str, Any]:
    """The record of an old export whose draft was published."""
    return _record("order-confirmation", "retail-dev", "order-confirmation-live", "retail-prod") | {
        "draft_id": demo_id(Kind.DRAFT, "order-confirmation-live/exported"),
        "flow_before": flow_to_text(ShownFlow("Order confirmation", None, None, _MADE_AT)),
        "first_change": ChangeSinceExport.PUBLISHED.value,
        "first_changed_at": _MADE_AT,
        "version_id": demo_id(Kind.VERSION, "order-confirmation-live/1"),
    }


def _edited_release() -> dict[str, Any]:
    """The record of an export whose draft was edited, then published."""
    return _record("price-feed", "retail-dev", "price-feed-live", "retail-prod") | {
        "draft_id": demo_id(Kind.DRAFT, "price-feed-live/exported"),
        "flow_before": flow_to_text(ShownFlow("Price feed", None, None, _MADE_AT)),
        "first_change": ChangeSinceExport.EDITED.value,
        "first_changed_at": _MADE_AT,
        "version_id": demo_id(Kind.VERSION, "price-feed-live/1"),
    }


def _release_to_undo() -> dict[str, Any]:
    """The record of an export as a new flow, which hasn't changed since."""
    return _record("chat-bridge", "foods-dev", "chat-bridge-exported", "foods-prod") | {
        "draft_id": demo_id(Kind.DRAFT, "chat-bridge-exported/draft"),
        "flow_before": None,
        "first_change": None,
        "first_changed_at": None,
    }


def _record(source: str, home: str, destination: str, workspace: str) -> dict[str, Any]:
    """The columns common to both records: an export of a first version without references."""
    return {
        "id": demo_id(Kind.EXPORT, source),
        "actor_id": demo_id(Kind.USER, "demo-integrator"),
        "created_at": _MADE_AT,
        "copied_from": CopiedFrom.PUBLISHED_VERSION.value,
        "source_workspace_id": demo_id(Kind.WORKSPACE, home),
        "source_flow_id": demo_id(Kind.FLOW, source),
        "source_version_id": demo_id(Kind.VERSION, f"{source}/1"),
        "destination_workspace_id": demo_id(Kind.WORKSPACE, workspace),
        "destination_flow_id": demo_id(Kind.FLOW, destination),
    }
