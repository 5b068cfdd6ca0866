"""Where all examples of a run are played."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete

from app.storage.connections.database import Database
from app.storage.tables import FLOW, FLOW_CONTENT, FLOW_EXPORT
from tests.databases import Loaded
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


@contextmanager
def stage_on(url: str, loaded: Loaded) -> Iterator[Stage]:
    """On the company that was loaded into this database."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        database = Database(url, pool_size=1)
        yield Stage(Company(loaded.ids, url, database), runner)
        runner.run(database.close())
