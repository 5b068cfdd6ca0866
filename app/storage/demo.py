"""The demo world: small, with something to show for every rule of copying and exporting.

Its ids are the same in every database, so that written examples run as they stand.
"""

import hashlib
import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import exists, select
from typeid import TypeID
from typeid.codecs.base32 import encode

from app.storage.ids import Kind
from app.storage.migrate import engine_of
from app.storage.tables import API_TOKEN, FLOW, TENANT, TOPIC, WORKSPACE
from app.storage.tokens import secret_hash
from app.storage.world import load_into
from app.storage.world.copy import Connection, copy_rows, loading

DEMO_TOKENS = ("demo-integrator", "demo-admin", "demo-guest", "demo-outsider")
"""Each is the token of the user that has this key in the file. They are no secrets."""

_WORLD = Path(__file__).with_name("demo_world.json")
_MADE_AT = datetime(2025, 1, 1, tzinfo=UTC)
"""The time in the ids of the demo world: before everything else, so that what others make comes after it."""

_SOMETHING_IS_THERE = select(exists().select_from(TENANT))

_EXAMPLE = """
mutation Export($input: ExportFlowInput!) {
  exportFlow(input: $input) {
    flow { id name workspace { name } }
    draft { id revision }
    references { stepId kind action }
    warnings { message }
    errors { code message }
  }
}
"""
_PRODUCTION = WORKSPACE.alias()
_EXAMPLE_IDS = (
    select(FLOW.c.id.label("flow_id"), _PRODUCTION.c.id.label("workspace_id"), TOPIC.c.id.label("topic_id"))
    .join_from(FLOW, WORKSPACE, FLOW.c.workspace_id == WORKSPACE.c.id)
    .join(_PRODUCTION, _PRODUCTION.c.contract_id == WORKSPACE.c.contract_id)
    .join(TOPIC, TOPIC.c.workspace_id == _PRODUCTION.c.id)
    .where(
        WORKSPACE.c.name == "Retail Development",
        FLOW.c.name == "Order intake",
        _PRODUCTION.c.name == "Retail Production",
        TOPIC.c.name == "Orders",
    )
    # Others may have made flows of the same names; those of the demo world have the oldest ids.
    .order_by(FLOW.c.id, _PRODUCTION.c.id, TOPIC.c.id)
    .limit(1)
)


def demo_id(kind: Kind, name: str) -> str:
    """The id of a thing of the demo world, from its key; versions are `key/1` and so on, the draft is `key/draft`."""
    random = hashlib.sha256(f"{kind.value}:{name}".encode()).digest()
    made_at = int(_MADE_AT.timestamp() * 1000).to_bytes(6, "big")
    # A UUID of version 7 has its version and its variant at these places.
    uuid = made_at + bytes([0x70 | random[0] & 0x0F, random[1], 0x80 | random[2] & 0x3F]) + random[3:10]
    return str(TypeID(prefix=kind.value, suffix=encode(uuid)))


async def load_demo_if_empty(url: str) -> bool:
    """Load the demo world with its tokens if nobody has anything in this database; whether it was loaded."""
    if not await _is_empty(url):
        return False
    async with loading(url) as connection:
        # Another process may have been quicker.
        if await connection.fetchval(str(_SOMETHING_IS_THERE)):
            return False
        ids = await load_into(connection, _WORLD.read_bytes(), new_id=demo_id)
        await _add_tokens(connection, ids)
    return True


async def demo_is_loaded(url: str) -> bool:
    """Whether anybody can get in with the tokens of the demo world."""
    async with engine_of(url) as engine, engine.connect() as connection:
        return bool(await connection.scalar(select(exists().where(API_TOKEN.c.id.in_(DEMO_TOKENS)))))


async def example_export_curl(url: str, base_url: str) -> str:
    """A command that exports a flow with one topic to production; it can be pasted into a shell as it stands."""
    async with engine_of(url) as engine, engine.connect() as connection:
        found = (await connection.execute(_EXAMPLE_IDS)).one()
    wish = {
        "flowId": found.flow_id,
        "destination": {"workspaceId": found.workspace_id},
        "topicId": found.topic_id,
    }
    body = json.dumps({"query": " ".join(_EXAMPLE.split()), "variables": {"input": wish}})
    headers = (f"Authorization: Bearer {DEMO_TOKENS[0]}", "Content-Type: application/json")
    command = ["curl", "-s", f"{base_url}/graphql", "-H", headers[0], "-H", headers[1], "-d", body]
    return shlex.join(command)


async def _is_empty(url: str) -> bool:
    async with engine_of(url) as engine, engine.connect() as connection:
        return not await connection.scalar(_SOMETHING_IS_THERE)


async def _add_tokens(connection: Connection, ids: Mapping[str, str]) -> None:
    rows = [
        {
            "id": token,
            "user_id": ids[token],
            "name": "demo",
            "secret_hash": secret_hash(token),
            "created_at": _MADE_AT,
        }
        for token in DEMO_TOKENS
    ]
    await copy_rows(connection, API_TOKEN, rows)
