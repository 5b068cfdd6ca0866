"""The world that is measured on: generated and loaded once, and kept for later runs."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from typeid import TypeID

from app.domain.model import Kind
from app.storage.accounts import PREFIX, secret_hash
from app.storage.connections.engine import engine_of
from app.storage.embedded.running import running
from app.storage.ids import new_id
from scripts.benchmarks.speed.operations import Caller
from scripts.benchmarks.world import Size

VERSIONS = 50
"""How many versions the flows have whose history is read."""
OF_A_CALLER = 20

LONG_HISTORIES = text(
    """insert into flow_version (id, flow_id, number, name, description, cron, content_hash, bindings, origin,
                                 published_by, published_at)
       select new.id, v.flow_id, v.number + new.offset_, v.name, v.description, v.cron, v.content_hash, v.bindings,
              v.origin, v.published_by, v.published_at + new.offset_ * interval '1 minute'
       from unnest(cast(:ids as text[]), cast(:flows as text[]), cast(:offsets as int[])) as new(id, flow_id, offset_)
       join flow f on f.id = new.flow_id join flow_version v on v.id = f.published_version_id"""
)
TOKENS = text(
    """insert into api_token (id, user_id, name, secret_hash, created_at, last_used_at)
       values (:id, :user, 'benchmark', :hash, now(), :used)"""
)
THERE = text(
    """select a.user_id, f.id, f.workspace_id from workspace_access a join flow f on f.workspace_id = a.workspace_id
       where a.user_id = any(:users) and a.role_id is not null and f.published_version_id is not null"""
)


def prepared(folder: Path, size: Size) -> list[Caller]:
    """The callers of the world in this folder, which is made first where there is none of this size."""
    kept = folder / f"callers-{size.workspaces}-{size.flows}-{size.callers}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        callers = _made(folder, size)
        kept.write_text(json.dumps([asdict(caller) for caller in callers]))
    return [Caller(**each) for each in json.loads(kept.read_text())]


def _made(folder: Path, size: Size) -> list[Caller]:
    world = folder / "world.json"
    sizes = [f"--{name}={value}" for name, value in asdict(size).items()]
    print("Generating the world ...", file=sys.stderr)
    generate = str(Path(__file__).parents[1] / "world.py")
    subprocess.run([sys.executable, generate, *sizes, "--out", str(world)], check=True)
    print("Loading it ...", file=sys.stderr)
    data = str(folder / "data")
    subprocess.run([sys.executable, "-m", "app", "apply", str(world), "--data-dir", data], check=True)
    world.unlink()
    with running(folder / "data") as url:
        return asyncio.run(_callers(url))


async def _callers(url: str) -> list[Caller]:
    async with engine_of(url).begin() as connection:
        users = [row[0] for row in await connection.execute(text("select id from user_account order by id"))]
        tokens = await _tokens(connection, users)
        places: dict[str, list[Any]] = {user: [] for user in users}
        for user, flow, workspace in await connection.execute(THERE, {"users": users[1:]}):
            places[user].append((flow, workspace))
        random = Random(1)  # noqa: S311 - the same choice again, not a secret
        chosen = {
            user: random.sample(sorted(there), min(OF_A_CALLER, len(there))) for user, there in places.items() if there
        }
        await _lengthen(connection, {flow for there in chosen.values() for flow, _ in there})
        await connection.execute(text("analyze"))
    return [
        Caller(user, tokens[user], sorted({workspace for _, workspace in there}), [flow for flow, _ in there])
        for user, there in chosen.items()
    ]


async def _tokens(connection: AsyncConnection, users: Iterable[str]) -> dict[str, str]:
    # Their use was noted a moment ago, whatever a run takes.
    used = datetime.now(UTC) + timedelta(days=3650)
    tokens = {}
    for user in users:
        token_id, secret = str(TypeID()), secrets.token_urlsafe(32)
        row = {"id": token_id, "user": user, "hash": secret_hash(secret), "used": used}
        await connection.execute(TOKENS, row)
        tokens[user] = f"{PREFIX}{token_id}_{secret}"
    return tokens


async def _lengthen(connection: AsyncConnection, flows: Iterable[str]) -> None:
    """Give these flows a long history."""
    new = [(new_id(Kind.VERSION), flow, offset) for flow in sorted(flows) for offset in range(1, VERSIONS)]
    ids, flow_ids, offsets = zip(*new, strict=True)
    await connection.execute(LONG_HISTORIES, {"ids": list(ids), "flows": list(flow_ids), "offsets": list(offsets)})
