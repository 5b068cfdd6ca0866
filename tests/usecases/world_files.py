"""A world file in order, ways to spoil it, and what a database holds."""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from app.storage.connections.connection import compile_statement
from app.storage.tables import METADATA
from tests.databases import connected

WorldFile = dict[str, Any]
Change = Callable[[WorldFile], None]

GRAPH: dict[str, list[dict[str, Any]]] = {
    "nodes": [
        {"id": "1", "command": "core/pub-sub:sub@latest", "fields": {"topic": "orders", "limit": 1.0}},
        {"id": "2", "command": "core/mailer:send", "credentials_id": "mail", "vpn_agent_id": "office"},
        {"id": "3", "command": "core/erp:lookup@1a2b", "secret_id": "erp-key", "selected_data_samples": {"a": [1]}},
        {"id": "4", "command": "gone/away:run", "vpn_agent_id": None, "fields": {"topic": "no key"}},
    ],
    "edges": [{"source": "1", "target": "2", "config": {"condition": None}}, {"source": "2", "target": "3"}],
}

_WORLD: WorldFile = {
    "format": "flowport-world/1",
    "tenants": [{"key": "home", "name": "Home"}, {"key": "abroad", "name": "Abroad"}],
    "contracts": [
        {"key": "retail", "tenant": "home", "name": "Northern Retail"},
        {"key": "overseas", "tenant": "abroad", "name": "Overseas Trade", "status": "SUSPENDED", "flowQuota": 0},
    ],
    "workspaces": [
        {"key": "dev", "contract": "retail", "name": "Development", "type": "LIMITED"},
        {"key": "prod", "contract": "retail", "name": "Production", "type": "FULL"},
    ],
    "users": [
        {"key": "ada", "firstName": "Ada", "lastName": "Lovelace", "email": "Ada@Example.com"},
        {"key": "owner", "firstName": "Ben", "lastName": "Owner", "email": "ben@example.com"},
    ],
    "roles": [
        {"key": "releaser", "tenant": "home", "scope": "WORKSPACE", "name": "Releaser", "permissions": ["fly", "fly"]},
        {"key": "auditor", "tenant": "home", "scope": "CONTRACT", "name": "Auditor"},
        {"key": "stranger", "tenant": "abroad", "scope": "WORKSPACE", "name": "Stranger", "permissions": []},
    ],
    "workspaceMembers": [
        {"workspace": "dev", "user": "ada", "role": "releaser"},
        {"workspace": "prod", "user": "owner", "role": "owner"},
    ],
    "contractMembers": [{"contract": "retail", "user": "owner", "role": "guest"}],
    "teams": [
        {"key": "core", "contract": "retail", "name": "core"},
        {"key": "lab", "contract": "retail", "name": "lab"},
    ],
    "components": [
        {"key": "pub-sub", "team": "core", "name": "pub-sub", "pubSub": True, "whitelistedContracts": ["overseas"]},
        {"key": "mailer", "team": "core", "name": "mailer", "access": "GLOBAL", "requires": "CREDENTIAL"},
        {"key": "erp", "team": "core", "name": "erp", "title": "ERP", "access": "TENANT", "requires": "SECRET"},
    ],
    "topics": [
        {"key": "orders", "workspace": "dev", "name": "Orders", "schema": {"type": "object", "a": [1, 1.0]}},
        {"key": "live", "workspace": "prod", "name": "Live"},
    ],
    "credentials": [
        {"key": "mail", "workspace": "dev", "component": "mailer", "name": "Mail"},
        {"key": "live-mail", "workspace": "prod", "component": "mailer", "name": "Mail"},
        {"key": "erp-login", "workspace": "dev", "component": "erp", "name": "ERP"},
    ],
    "secrets": [{"key": "erp-key", "workspace": "dev", "component": "erp", "name": "ERP"}],
    "agents": [
        {"key": "office", "workspace": "dev", "name": "Office"},
        {"key": "far", "workspace": "prod", "name": "Far"},
    ],
    "flows": [
        {
            "key": "orders-flow",
            "workspace": "dev",
            "name": " Orders ",
            "description": "Takes orders.",
            "cron": "0 * * * *",
            "status": "ACTIVE",
            "author": "ada",
            "versions": [
                {"graph": GRAPH, "publishedBy": None, "name": "First orders", "description": "", "cron": "5 * * * *"},
                {"graph": GRAPH, "publishedBy": "ada"},
            ],
            "draft": {"graph": GRAPH, "author": "owner", "name": "Next orders"},
        },
        {"key": "sketch", "workspace": "dev", "name": "Sketch", "draft": {"graph": {"nodes": [], "edges": []}}},
    ],
}

LEFT_OUT = object()
"""Put somewhere, it takes away what is there."""


def world(*changes: Change) -> WorldFile:
    # Not a deep copy, which would keep the graphs of several states one and the same.
    made: WorldFile = json.loads(as_file(_WORLD))
    for change in changes:
        change(made)
    return made


def put(value: object, *path: str | int) -> Change:
    """Put a value where the path leads; a path that ends in "+" adds it to a list."""

    def change(made: WorldFile) -> None:
        place: Any = made
        for part in path[:-1]:
            place = place[part]
        if path[-1] == "+":
            place.append(value)
        elif value is LEFT_OUT:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


def as_file(made: WorldFile) -> bytes:
    return json.dumps(made).encode()


def document(**sections: Any) -> bytes:
    """A document with these sections."""
    return as_file({"format": "flowport-world/1", **sections})


ROWS_OF = {
    table.name: compile_statement(select(table).order_by(*table.primary_key)).text
    for table in METADATA.sorted_tables
    if table.name != "feed"
}


async def contents(url: str) -> dict[str, list[dict[str, Any]]]:
    """Everything in a database at one moment, table by table, but how far servers have numbered events."""
    async with connected(url) as connection, connection.transaction(isolation="repeatable_read"):
        return {name: [dict(row) for row in await connection.fetch(rows)] for name, rows in ROWS_OF.items()}
