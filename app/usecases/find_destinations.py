"""Find where a flow may be exported to: the decision of the export itself, for a page of workspaces at once."""

from asyncio import Lock
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from app.domain.access import VisibleWorkspace
from app.domain.export import Eligibility, ExportRefusal, NewExports, new_exports
from app.domain.flow import CopiedState, SourceWish, size_of_graphs
from app.domain.model import UserId, Workspace
from app.domain.source_graph import UsableWhere
from app.execution.rows import Layout
from app.offload import interruptible, offload
from app.storage.connections.connection import Element, RowViews, views_of
from app.storage.connections.database import Database
from app.storage.facts.visibility import VISIBLE
from app.storage.pages.destinations import (
    BoundList,
    DestinationSearch,
    count_flows_used,
    workspaces_to_export_to,
)
from app.storage.pages.paging import Page, PageRequest
from app.storage.pages.related import Related
from app.storage.reads.graphs import SOURCE, read_chosen
from app.storage.reads.rows import ContractView, WorkspaceView

ELIGIBILITIES = views_of(Eligibility)
DESTINATIONS = views_of(VisibleWorkspace, start=len(Eligibility._fields))
RATED_LAYOUT: Layout = {
    **{f"eligible.{name}": index for name, index in ELIGIBILITIES.layout.items()},
    "workspace": {
        **{name: DESTINATIONS.layout[name] for name in WorkspaceView._fields},
        Related.CONTRACT: {name: DESTINATIONS.layout[f"contract_{name}"] for name in ContractView._fields},
    },
}
"""The layout of a row that has the columns of a destination after its eligibility."""


@dataclass(frozen=True, slots=True, eq=False)
class RatedDestination:
    """A workspace, and whether the flow can be exported there; `refusals` finds the reasons why not."""

    destination: VisibleWorkspace
    eligible: Eligibility
    flow: "ExportableFlow"

    @property
    def workspace(self) -> WorkspaceView:
        return WorkspaceView(*(getattr(self.destination, name) for name in WorkspaceView._fields))

    @property
    def contract(self) -> ContractView:
        to = self.destination
        return ContractView(to.contract_id, to.contract_name, to.contract_status)

    def refusals(self) -> tuple[ExportRefusal, ...]:
        """Why the flow can't be exported there as a new flow; nothing if it can."""
        if self.eligible.as_new_flow:
            return ()
        flows_used = self.flow.flows_used.get(self.destination.contract_id, 0)
        return self.flow.exports.refusals(self.destination.access, flows_used)


ListFor = Callable[[UsableWhere | None, Workspace, DestinationSearch], BoundList[Element]]
"""Makes the list of the destinations that the search selects, for a flow of this workspace."""


@dataclass(frozen=True, slots=True, eq=False)
class ExportableFlow:
    """A flow that its caller sees, and what decides where it may be exported to."""

    database: Database
    actor: UserId
    exports: NewExports
    home: Workspace
    size: int = 0
    """Size of the flow's graph, for `offload`."""
    flows_used: dict[str, int] = field(default_factory=dict)
    """Flows of each contract, cached: counting them is slow, and an operation may ask for many pages."""
    counting: Lock = field(default_factory=Lock)

    async def workspaces(
        self, search: DestinationSearch, request: PageRequest, contract_id: str | None = None
    ) -> Page[RatedDestination]:
        """A page of the workspaces, by name, each with whether the flow can be exported there."""
        page = await self.page(partial(workspaces_to_export_to, contract_id=contract_id), search, request)
        workspaces = [VISIBLE.make(row) for row in page.rows]
        await self._count_flows(workspaces)
        eligibility, flows_used = self.exports.eligibility, self.flows_used
        rated = [
            (*eligibility(to, flows_used.get(to.contract_id, 0)), *row)
            for to, row in zip(workspaces, page.rows, strict=True)
        ]
        return Page(rated, page.has_next, page.has_previous, page.key_of, RowViews(self._rated, RATED_LAYOUT))

    async def page(self, list_for: ListFor[Element], search: DestinationSearch, request: PageRequest) -> Page[Element]:
        """A page of destinations, by name."""
        listed, values = list_for(self.exports.usable, self.home, search)
        async with self.database.reading() as connection:
            [page] = await listed.pages(connection, [self.actor], request, {**values, "viewer": self.actor})
        return page

    async def count(self, list_for: ListFor[Any], search: DestinationSearch) -> int:
        listed, values = list_for(self.exports.usable, self.home, search)
        async with self.database.reading() as connection:
            [number] = await listed.counts(connection, [self.actor], {**values, "viewer": self.actor})
        return number

    def _rated(self, row: Sequence[Any]) -> RatedDestination:
        return RatedDestination(DESTINATIONS.make(row), ELIGIBILITIES.make(row), self)

    async def _count_flows(self, workspaces: Iterable[VisibleWorkspace]) -> None:
        """Count the flows of each contract that has a quota, once for each contract (X10)."""
        judged = {to.contract_id for to in workspaces if to.is_quota_judged}
        if not judged:
            return
        async with self.counting:
            if judged - self.flows_used.keys():
                async with self.database.reading() as connection:
                    self.flows_used.update(await count_flows_used(connection, judged - self.flows_used.keys()))


async def find_refusals(destinations: Sequence[RatedDestination]) -> list[tuple[ExportRefusal, ...]]:
    """Find the refusals of an export as a new flow to each of the destinations."""
    size = sum({each.flow: each.flow.size for each in destinations}.values())
    return await offload(size, lambda: [each.refusals() for each in interruptible(destinations)])


async def find_exportable_flow(
    database: Database, actor: UserId, flow_id: str, source_wish: SourceWish
) -> ExportableFlow | None:
    """Read the facts that decide about destinations of a flow; None if the caller can't see the flow."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, source_wish, statement=SOURCE, parses_all=False)
    if source is None:
        return None
    size = size_of_graphs(source.copied.state.graph) if isinstance(source.copied, CopiedState) else 0
    exports = await offload(size, lambda: new_exports(source.flow, source.copied, source.catalogue))
    return ExportableFlow(database, actor, exports, source.flow.access.workspace, size)
