"""Flows with long histories and many drafts set aside, written straight into the tables."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from app.domain.content import split_graph
from app.domain.graph import Json
from app.domain.model import Kind
from app.storage.connections.engine import engine_of
from app.storage.ids import new_id
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_DRAFT, FLOW_VERSION
from app.storage.writes.lifecycle import CONTENTS, content_row
from tests.lifecycle.company import Company
from tests.lifecycle.racing import published, saved
from tests.lifecycle.small_graphs import CODE, COMMANDS

LATELY = datetime.now(UTC) - timedelta(days=1)
"""So that a server that runs meanwhile removes nothing."""


async def with_long_life(company: Company, versions: int, aside: int) -> str:
    """A flow with so many versions and drafts set aside, which all say the same, and an active draft."""
    flow, version = await published(company)
    draft = await saved(company, flow, 1)
    async with engine_of(company.url).begin() as connection:
        states = ((FLOW_VERSION, version), (FLOW_DRAFT, draft))
        one, other = [
            dict((await connection.execute(select(table).where(table.c.id == id_))).mappings().one())
            for table, id_ in states
        ]
        numbered = [{**one, "id": new_id(Kind.VERSION), "number": number} for number in range(2, versions + 1)]
        times = (LATELY + timedelta(seconds=number) for number in range(aside))
        set_aside = [{**other, "id": new_id(Kind.DRAFT), "set_aside_at": time, "revision": 1} for time in times]
        await connection.execute(insert(FLOW_VERSION), numbered)
        await connection.execute(insert(FLOW_DRAFT), set_aside)
        await connection.execute(FLOW.update().where(FLOW.c.id == flow).values(published_version_id=numbered[-1]["id"]))
    return flow


def large_graph(megabytes: int, note: int) -> Json:
    """A graph of so many megabytes of JSON, in steps with mappers of ten kilobytes."""
    text = f"{note}:" + "x" * 10_000
    steps = [{"id": str(step), "command": COMMANDS[CODE], "fields": {"code": text}} for step in range(100 * megabytes)]
    edges = [{"source": str(step), "target": str(step + 1)} for step in range(100 * megabytes - 1)]
    return {"nodes": steps, "edges": edges}


async def with_large_versions(company: Company, megabytes: int, versions: int) -> tuple[str, list[Json]]:
    """A flow whose versions hold graphs of so many megabytes, each another one; and these, the newest first."""
    flow, version = await published(company)
    graphs = [large_graph(megabytes, note) for note in range(versions)]
    async with engine_of(company.url).begin() as connection:
        one = dict(
            (await connection.execute(select(FLOW_VERSION).where(FLOW_VERSION.c.id == version))).mappings().one()
        )
        rows = []
        for number, graph in enumerate(graphs, start=2):
            content = split_graph(graph, lambda _: None)
            await connection.execute(
                insert(FLOW_CONTENT), dict(zip(CONTENTS.columns, content_row(content), strict=True))
            )
            rows.append({**one, "id": new_id(Kind.VERSION), "number": number, "content_hash": content.hash})
        await connection.execute(insert(FLOW_VERSION), rows)
        await connection.execute(FLOW.update().where(FLOW.c.id == flow).values(published_version_id=rows[-1]["id"]))
    assert len(json.dumps(graphs[0])) > megabytes * 1_000_000
    return flow, graphs[::-1]
