"""Where all examples of a run are played."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import delete

from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_EXPORT
from tests.lifecycle.acting import Acting
from tests.lifecycle.company import Company


@dataclass(frozen=True)
class Stage:
    """Where all examples of a run are played: one company, one loop."""

    company: Company
    runner: asyncio.Runner

    def cleared(self) -> Acting:
        """With nobody's flows on it."""
        self.runner.run(self._clear())
        return Acting(self.company, self.runner.run)

    async def _clear(self) -> None:
        async with self.company.database.writing() as connection:
            for table in (FLOW, FLOW_EXPORT, FLOW_CONTENT):
                await connection.change(delete(table))
