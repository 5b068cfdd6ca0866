"""Find where a flow may be exported to: the decision of the export itself, for a page of workspaces at once."""

from asyncio import Lock
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.access import WorkspaceAccess, is_quota_judged, rights_missing
from app.domain.export import Eligibility, ExportRefusal, NewExports, new_exports
from app.domain.flow import Graph, size_of_graphs
from app.domain.model import UserId, Workspace, WorkspaceId
from app.domain.source import CopiedState, SourceWish
from app.domain.source_graph import SourceGraph, UsableWhere
from app.offload import interruptible, offload
from app.storage.connections.database import Database
from app.storage.facts.catalogue import read_catalogue
from app.storage.pages.destinations import (
    RatedContract,
    contracts_to_export_to,
    count_flows_used,
    workspaces_to_export_to,
)
from app.storage.pages.paging import ListBelow, Page, PageRequest
from app.storage.reads.chosen import read_chosen
from app.storage.reads.rows import WorkspaceView


@dataclass(frozen=True, slots=True, eq=False)
class RatedDestination:
    """A workspace, and whether the flow can be exported there; `refusals` finds the reasons why not."""

    access: WorkspaceAccess
    eligible: Eligibility
    exports: NewExports
    flows_used: int
    """Flows that the contract holds; 0 if no quota depends on them."""
    size: int
    """Size of the flow's graph, for `offload`."""

    @property
    def workspace(self) -> WorkspaceView:
        return WorkspaceView.of(self.access)

    def refusals(self) -> tuple[ExportRefusal, ...]:
        """Why the flow can't be exported there as a new flow; nothing if it can."""
        return () if self.eligible.as_new_flow else self.exports.refusals(self.access, self.flows_used)


@dataclass(frozen=True, slots=True)
class DestinationSearch:
    """A filter of destinations; `include_ineligible` adds workspaces where the flow can't be exported to."""

    contract_id: str | None = None
    search: str | None = None
    include_ineligible: bool = False


@dataclass(frozen=True, slots=True)
class ExportableFlow:
    """A flow that its caller sees, and what decides where it may be exported to."""

    database: Database
    actor: UserId
    exports: NewExports
    home: Workspace
    usable: UsableWhere | None
    """The places where every component of the flow is usable; None: the caller can't export the flow anywhere."""
    size: int = 0
    """Size of the flow's graph, for `offload`."""
    flows_used: dict[str, int] = field(default_factory=dict)
    """Flows of each contract, cached: counting them is slow, and an operation may ask for many pages."""
    decided: dict[WorkspaceId, RatedDestination] = field(default_factory=dict)
    """The decision for each workspace, cached: it takes time for each step that refuses the export."""
    deciding: Lock = field(default_factory=Lock)

    async def workspaces(self, search: DestinationSearch, request: PageRequest) -> Page[RatedDestination]:
        """A page of the workspaces, by name, each with whether the flow can be exported there."""
        listed = self._listed(search)
        if listed is None:
            return Page()
        async with self.database.reading() as connection:
            [page] = await listed.pages(connection, [self.actor], request, {})
        await self._decide_all([access for _, access in page.elements])
        decided = ((key, self.decided[access.workspace.id]) for key, access in page.elements)
        elements = tuple(
            (key, destination)
            for key, destination in decided
            if search.include_ineligible or destination.eligible.over_a_flow
        )
        return Page(elements, page.has_next, page.has_previous)

    async def count_workspaces(self, search: DestinationSearch) -> int:
        listed = self._listed(search)
        return 0 if listed is None else await self._count(listed)

    async def contracts(
        self, search: str | None, request: PageRequest, *, include_ineligible: bool = False
    ) -> Page[RatedContract]:
        """A page of the contracts, by name, that hold a workspace where the flow may be exported to, or of all."""
        listed = self._listed_contracts(search, include_ineligible=include_ineligible)
        if listed is None:
            return Page()
        async with self.database.reading() as connection:
            [page] = await listed.pages(connection, [self.actor], request, {"viewer": self.actor})
        return page

    async def count_contracts(self, search: str | None, *, include_ineligible: bool = False) -> int:
        listed = self._listed_contracts(search, include_ineligible=include_ineligible)
        return 0 if listed is None else await self._count(listed)

    def _listed_contracts(self, search: str | None, *, include_ineligible: bool) -> ListBelow[RatedContract] | None:
        if self.usable is None and not include_ineligible:
            return None
        return contracts_to_export_to(self.usable, home=self.home, search=search, include_ineligible=include_ineligible)

    def _listed(self, search: DestinationSearch) -> ListBelow[WorkspaceAccess] | None:
        if self.usable is None and not search.include_ineligible:
            return None
        usable = None if search.include_ineligible else self.usable
        return workspaces_to_export_to(usable, home=self.home, contract_id=search.contract_id, search=search.search)

    async def _count(self, listed: ListBelow[Any]) -> int:
        async with self.database.reading() as connection:
            [number] = await listed.counts(connection, [self.actor], {})
        return number

    async def _count_flows(self, accesses: Iterable[WorkspaceAccess]) -> None:
        """Count the flows of each contract that has a quota, once for each contract (X10)."""
        judged = {access.workspace.contract.id for access in accesses if is_quota_judged(access)}
        if judged - self.flows_used.keys():
            async with self.database.reading() as connection:
                self.flows_used.update(await count_flows_used(connection, judged - self.flows_used.keys()))

    async def _decide_all(self, accesses: Sequence[WorkspaceAccess]) -> None:
        """Decide about each workspace once, however many pages hold it."""
        async with self.deciding:
            undecided = [access for access in accesses if access.workspace.id not in self.decided]
            if undecided:
                await self._count_flows(undecided)
                ratings = await offload(self.size, lambda: [self._decide(access) for access in undecided])
                self.decided.update((rating.access.workspace.id, rating) for rating in ratings)

    def _decide(self, access: WorkspaceAccess) -> RatedDestination:
        flows_used = self.flows_used.get(access.workspace.contract.id, 0)
        eligible = self.exports.eligibility(access, flows_used)
        return RatedDestination(access, eligible, self.exports, flows_used, self.size)


async def find_refusals(destinations: Sequence[RatedDestination]) -> list[tuple[ExportRefusal, ...]]:
    """Find the refusals of an export as a new flow to each of the destinations."""
    size = sum({id(each.exports): each.size for each in destinations}.values())
    return await offload(size, lambda: [each.refusals() for each in interruptible(destinations)])


async def find_destinations(
    database: Database, actor: UserId, flow_id: str, source_wish: SourceWish
) -> ExportableFlow | None:
    """Read the facts that decide about destinations of a flow; None if the caller can't see the flow."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, source_wish)
        if source is None:
            return None
        graph = source.copied.state.graph if isinstance(source.copied, CopiedState) else Graph()
        catalogue = await read_catalogue(connection, actor, {*graph.commands})
    access, size = source.flow.access, size_of_graphs(graph)
    exported = await offload(size, SourceGraph, graph, catalogue, access.workspace)
    may_be_exported = isinstance(source.copied, CopiedState) and not rights_missing(access)
    return ExportableFlow(
        database=database,
        actor=actor,
        exports=new_exports(source.flow, source.copied, exported),
        home=access.workspace,
        usable=exported.usable_where() if may_be_exported else None,
        size=size,
    )
