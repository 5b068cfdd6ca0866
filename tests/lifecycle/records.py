"""Exports that go through, what they go onto, and their records."""

from typing import Any

from sqlalchemy import select

from app.domain.export import Exported
from app.storage.tables import FLOW_EXPORT
from tests.lifecycle.company import Company
from tests.lifecycle.racing import edited, noted, published, reverted, saved


async def record_of(company: Company, export_id: str) -> dict[str, Any]:
    async with company.database.reading() as connection:
        row = await connection.row(select(FLOW_EXPORT).where(FLOW_EXPORT.c.id == export_id))
    assert row is not None
    return dict(row)


async def exported(company: Company, flow: str, **where: Any) -> Exported:
    outcome = await company.export(flow, **where)
    assert isinstance(outcome, Exported)
    return outcome


async def destination(company: Company, kind: str) -> str | None:
    """A flow to override: published or not, with a draft or without, with drafts set aside or without; None: none."""
    if kind == "new":
        return None
    if kind == "never published":
        return (await edited(company, 1, workspace="production")).flow_id
    if kind == "only aside":
        made = await edited(company, 1, workspace="production")
        await exported(company, (await published(company, 2))[0], onto=made.flow_id)
        await company.discard(made.flow_id)
        return made.flow_id
    flow, version = await published(company, 1, workspace="production")
    if kind == "running":
        await company.start(flow)
    if kind == "with a draft":
        await company.update(flow, graph=noted(3), name="To come", description="Not yet", cron="0 4 * * *")
    if kind == "with drafts aside":
        await saved(company, flow, 3)
        await reverted(company, flow, version)
    return flow


KINDS = ("new", "published", "running", "never published", "with a draft", "with drafts aside", "only aside")
