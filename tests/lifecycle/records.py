"""Exports that go through, and their records."""

from typing import Any

from sqlalchemy import select

from app.storage.tables import FLOW_EXPORT
from app.usecases.results import Exported
from tests.lifecycle.company import Company


async def record_of(company: Company, export_id: str) -> dict[str, Any]:
    async with company.database.reading() as connection:
        row = await connection.row(select(FLOW_EXPORT).where(FLOW_EXPORT.c.id == export_id))
    assert row is not None
    return dict(row)


async def exported(company: Company, flow: str, **where: Any) -> Exported:
    outcome = await company.export(flow, **where)
    assert isinstance(outcome, Exported)
    return outcome
