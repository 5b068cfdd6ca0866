"""The tests' company as a database, and what its people do there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from app.domain.draft import ExistingDraft
from app.domain.edit import CreateRefusal, CreateWish, Saved
from app.domain.errors import Refusal, Refused
from app.domain.export import CopyRefusal, Exported, ExportRefusal
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import BY_DEFAULT, SourceWish
from app.domain.model import UserId, Workspace
from app.storage.connections.database import Database
from app.storage.connections.engine import engine_of
from app.storage.facts.flows import read_flow_facts
from app.storage.facts.locks import Touched
from app.usecases.change_flow import create_flow
from app.usecases.copy_and_export import copy_flow, export_flow
from app.usecases.transaction import UnitOfWork
from tests.usecases.contents import Contents, Row, contents_of

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class CompanyDatabase:
    ids: Mapping[str, str]
    url: str
    database: Database

    def __getitem__(self, key: str) -> str:
        """The id that has this key in the company; whatever isn't there is taken for an id."""
        return self.ids.get(key, key)

    @property
    def work(self) -> UnitOfWork:
        return UnitOfWork(self.database, clock=lambda: NOW)

    def user(self, key: str) -> UserId:
        return UserId(self.ids[key])

    async def copy(
        self, flow: str, *, by: str = "ada", name: str | None = None, source: SourceWish = BY_DEFAULT
    ) -> Exported | Refused[CopyRefusal]:
        return await copy_flow(self.work.of(self.user(by)), CopyWish(self[flow], name, source))

    async def export(
        self, flow: str, *, to: str | None = None, over: str | None = None, by: str = "ada", **wanted: Any
    ) -> Exported | Refused[ExportRefusal]:
        return await export_flow(self.work.of(self.user(by)), self.export_wish(flow, to=to, over=over, **wanted))

    def export_wish(
        self,
        flow: str,
        *,
        to: str | None = None,
        over: str | None = None,
        name: str | None = None,
        topic: str | None = None,
        source: SourceWish = BY_DEFAULT,
        existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE,
    ) -> ExportWish:
        destination = OntoFlow(self[over]) if over is not None else IntoWorkspace(self[to or ""])
        given = None if topic is None else self[topic]
        return ExportWish(self[flow], destination, name, given, source, existing_draft)

    async def create(
        self, workspace: str, graph: object, *, by: str = "ada", name: str = "New flow", **said: Any
    ) -> Saved | Refused[CreateRefusal]:
        return await create_flow(self.work.of(self.user(by)), CreateWish(self[workspace], name, graph, **said))

    async def workspace(self, key: str) -> Workspace:
        async with self.database.reading() as connection:
            named = Touched(workspaces=[self[key]])
            found = await read_flow_facts(connection, self.user("ada"), {}, named)
        return found.accesses[self[key]].workspace

    async def contents(self) -> Contents:
        return await contents_of(self.database)

    async def drafts(self, flow: str) -> list[Row]:
        """Every draft that the flow ever had, the oldest first."""
        held = (await self.contents())["flow_draft"].values()
        return sorted((row for row in held if row["flow_id"] == self[flow]), key=lambda row: int(row["revision"]))

    async def draft(self, flow: str) -> Row:
        """The active draft."""
        [active] = [row for row in await self.drafts(flow) if row["set_aside_at"] is None]
        return active

    async def versions(self, flow: str) -> list[Row]:
        """The oldest first."""
        held = (await self.contents())["flow_version"].values()
        return sorted((row for row in held if row["flow_id"] == self[flow]), key=lambda row: int(row["number"]))

    async def execute(self, statement: str, **values: str) -> None:
        """What happens behind the use cases' back."""
        async with engine_of(self.url).begin() as connection:
            await connection.execute(text(statement), values)


def exported(outcome: Exported | Refused[Any]) -> Exported:
    assert isinstance(outcome, Exported), outcome
    return outcome


def created(outcome: Saved | Refused[Any]) -> Saved:
    assert isinstance(outcome, Saved), outcome
    return outcome


def errors_of(outcome: Saved | Exported | Refused[Any]) -> tuple[Refusal, ...]:
    assert isinstance(outcome, Refused), outcome
    errors: tuple[Refusal, ...] = outcome.errors
    return errors
