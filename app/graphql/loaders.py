"""Loaders: what one request asks for by key is read together, as the viewer sees it. Made anew for each request."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Generic, TypeVar

from app.domain.credentials import StepInNeed
from app.domain.diff import GraphDiff
from app.domain.export import ExportRefusal
from app.domain.export_facts import ExportWish
from app.domain.matching import ComparisonLimit
from app.domain.model import ReferenceKind, UserId
from app.domain.readiness import Readiness
from app.domain.references import ReferenceOutcome
from app.domain.source import SourceWish
from app.execution.lookups import Loader
from app.graphql.loader_keys import BoundView, CountBelow, OfFlow, PageBelow, StoredGraph, ToWorkspace
from app.storage.connections.database import Database
from app.storage.paging import Page
from app.storage.reads import by_id, graphs
from app.storage.reads.exports import read_references
from app.storage.reads.rows import ComponentView
from app.storage.related import Related
from app.usecases.check_readiness import check_readiness
from app.usecases.compare_states import Pair, compare_found, compare_states
from app.usecases.find_candidates import TopicsInUse, find_topics_in_use
from app.usecases.find_credentials import (
    CandidatesWanted,
    RatedCredential,
    count_candidates,
    find_candidates,
    find_steps_in_need,
)
from app.usecases.find_destinations import ExportableFlow, RatedDestination, find_destinations, find_refusals
from app.usecases.plan_exports import PlannedDraft, PlannedExport, check_planned, plan_each
from app.usecases.transaction import UnitOfWork

Found = TypeVar("Found")
Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")
Key = TypeVar("Key")
Group = TypeVar("Group", bound=Hashable)
FindOfFlow = Callable[[Database, UserId, str, SourceWish], Awaitable[Found | None]]


class ById(Generic[Found]):
    """The loader of resources by their ids: a property that makes it when it is first asked."""

    def __init__(self, read: "by_id.Read[Found]") -> None:
        self._read = read

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, loaders: "Loaders", _: type) -> Loader[str, Found | None]:
        loader = loaders.__dict__[self._name] = loaders.loader_by_id(self._read)
        return loader


class Loaders:
    """One loader for each kind of question, made when it is first asked; what isn't found, or isn't visible, is None."""

    users = ById(by_id.read_users)
    visible_users = ById(by_id.read_visible_users)
    contracts = ById(by_id.read_contracts)
    quotas = ById(by_id.read_quotas)
    flows_held = ById(by_id.read_flows_held)
    workspaces = ById(by_id.read_workspaces)
    components = ById(by_id.read_components)
    components_referred_to = ById(by_id.read_components_referred_to)
    topics = ById(by_id.read_topics)
    credentials = ById(by_id.read_credentials)
    secrets = ById(by_id.read_secrets)
    agents = ById(by_id.read_agents)
    flows = ById(by_id.read_flows)
    drafts = ById(by_id.read_drafts)
    active_drafts = ById(by_id.read_active_drafts)
    """By the id of the flow."""
    versions = ById(by_id.read_versions)
    exports = ById(by_id.read_exports)
    provenances = ById(by_id.read_provenances)
    """By the id of the flow: the record that its content came from."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self._database, self._viewer = work.database, work.actor
        self._comparison_limit = ComparisonLimit()
        self._reading: set[asyncio.Task[Any]] = set()

    @cached_property
    def bindings(self) -> Loader[tuple[ReferenceKind, str], BoundView | None]:
        return self._loader(self._bindings)

    @cached_property
    def export_references(self) -> Loader[str, list[ReferenceOutcome]]:
        """By the id of the record; none of one that the viewer can't see."""
        return self._loader(self._export_references)

    @cached_property
    def graphs(self) -> Loader[str, StoredGraph | None]:
        """By the id of the draft or version."""
        return self._loader(self._graphs)

    @cached_property
    def components_meant(self) -> Loader[tuple[str, str], ComponentView | None]:
        """By tenant and command."""
        return self._loader(self._components_meant)

    @cached_property
    def readiness(self) -> Loader[str, Readiness | None]:
        """By the id of the draft: what keeps it from being published."""
        return self._loader(self._readiness)

    @cached_property
    def comparisons(self) -> Loader[Pair, GraphDiff | None]:
        """By the ids of an older and a newer draft or version."""
        return self._loader(self._comparisons)

    @cached_property
    def credential_candidates(self) -> Loader[CandidatesWanted, list[RatedCredential]]:
        return self._loader(lambda wanted: find_candidates(self._database, self._viewer, wanted))

    @cached_property
    def numbers_of_candidates(self) -> Loader[StepInNeed, int]:
        return self._loader(lambda steps: count_candidates(self._database, self._viewer, steps))

    @cached_property
    def steps_in_need(self) -> Loader[ToWorkspace, list[StepInNeed] | None]:
        return self._loader(self._steps_in_need)

    @cached_property
    def export_plans(self) -> Loader[ExportWish, PlannedExport]:
        return self._loader(partial(plan_each, self._work))

    @cached_property
    def planned_readiness(self) -> Loader[PlannedDraft, Readiness]:
        """What would keep a draft from being published that an export would make."""
        return self._loader(self._planned_readiness)

    @cached_property
    def planned_changes(self) -> Loader[PlannedDraft, GraphDiff | None]:
        """What such a draft would change of what it is compared with."""
        return self._loader(self._planned_changes)

    @cached_property
    def previous_versions(self) -> Loader[tuple[str, int], str | None]:
        """By flow and number: the id of the version before it."""
        return self._loader(self._previous_versions)

    @cached_property
    def exportable_flows(self) -> Loader[OfFlow, ExportableFlow | None]:
        return self._of_flows(find_destinations)

    @cached_property
    def refusals_of_destinations(self) -> Loader[RatedDestination, tuple[ExportRefusal, ...]]:
        return self._loader(find_refusals)

    @cached_property
    def topics_in_use(self) -> Loader[OfFlow, TopicsInUse | None]:
        return self._of_flows(find_topics_in_use)

    @cached_property
    def pages(self) -> Loader[PageBelow, Page[Any]]:
        return self._loader(self._pages)

    @cached_property
    def counts(self) -> Loader[CountBelow, int]:
        return self._loader(self._counts)

    def loader_by_id(self, read: "by_id.Read[Found]") -> Loader[str, Found | None]:
        return self._loader(partial(self._by_id, read))

    async def _by_id(self, read: "by_id.Read[Found]", ids: list[str]) -> list[Found | None]:
        async with self._database.reading() as connection:
            found = await read(connection, self._viewer, ids)
        return [found.get(one) for one in ids]

    def _loader(self, load: Callable[[list[Asked]], Coroutine[Any, Any, list[Answer]]]) -> Loader[Asked, Answer]:
        return Loader(load, self._reading)

    def _of_flows(self, find: FindOfFlow[Found]) -> Loader[OfFlow, Found | None]:
        return self._loader(partial(self._each_flow, find))

    async def _each_flow(self, find: FindOfFlow[Found], keys: list[OfFlow]) -> list[Found | None]:
        """One after the other, since each may be large: what is beyond the limit is refused before it is read."""
        return [await find(self._database, self._viewer, *key) for key in keys]

    async def close(self) -> None:
        """End what is still being read, in tasks which don't end with that of the request. Nothing can be asked any more."""
        if reading := [*self._reading]:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        # Each refers to this one, which refers to it: only the garbage collector would find them, with all that was read.
        for loader in [each for each in vars(self).values() if isinstance(each, Loader)]:
            loader.close()

    async def _bindings(self, references: list[tuple[ReferenceKind, str]]) -> list[BoundView | None]:
        """By the loaders of their kinds; data samples are no things of their own."""
        loaders: dict[ReferenceKind, Loader[str, Any]] = {
            ReferenceKind.CREDENTIAL: self.credentials,
            ReferenceKind.SECRET: self.secrets,
            ReferenceKind.AGENT: self.agents,
            ReferenceKind.TOPIC: self.topics,
        }
        wanted = _grouped(references, itemgetter(0), itemgetter(1))
        reads = [loaders[kind].read(ids) for kind, ids in wanted if kind in loaders]
        known = dict(zip([kind for kind, _ in wanted if kind in loaders], await asyncio.gather(*reads), strict=True))
        return [known.get(kind, {}).get(id_) for kind, id_ in references]

    async def _graphs(self, state_ids: list[str]) -> list["StoredGraph | None"]:
        async with self._database.reading() as connection:
            views = await graphs.read_graphs(connection, self._viewer, state_ids)
            hashes = sorted({view.content_hash for view in views.values()})
            contents = await graphs.read_contents(connection, hashes) if hashes else {}
        stored = {one: StoredGraph(contents[view.content_hash], view) for one, view in views.items()}
        return [stored.get(one) for one in state_ids]

    async def _steps_in_need(self, keys: list[ToWorkspace]) -> list[list[StepInNeed] | None]:
        return [
            await find_steps_in_need(self._database, self._viewer, *of_flow, workspace_id=workspace)
            for of_flow, workspace in keys
        ]

    async def _export_references(self, export_ids: list[str]) -> list[list[ReferenceOutcome]]:
        async with self._database.reading() as connection:
            found = await read_references(connection, self._viewer, export_ids)
        return [found.get(one, []) for one in export_ids]

    async def _components_meant(self, keys: list[tuple[str, str]]) -> list[ComponentView | None]:
        async with self._database.reading() as connection:
            meant = await graphs.read_meanings(connection, self._viewer, keys)
            found = await by_id.read_components(connection, self._viewer, sorted({*filter(None, meant.values())}))
        return [found.get(meant[key] or "") for key in keys]

    async def _readiness(self, draft_ids: list[str]) -> list[Readiness | None]:
        found = await check_readiness(self._database, self._viewer, draft_ids)
        return [Readiness(found[draft_id]) if draft_id in found else None for draft_id in draft_ids]

    async def _comparisons(self, pairs: list[Pair]) -> list[GraphDiff | None]:
        return await compare_states(self._database, self._viewer, pairs, self._comparison_limit)

    async def _planned_readiness(self, drafts: list[PlannedDraft]) -> list[Readiness]:
        return [Readiness(blockers) for blockers in await check_planned(drafts)]

    async def _planned_changes(self, drafts: list[PlannedDraft]) -> list[GraphDiff | None]:
        pairs = [(draft.before, draft.state) for draft in drafts if draft.before is not None]
        found = iter(await compare_found(self._database, pairs, self._comparison_limit))
        return [None if draft.before is None else next(found) for draft in drafts]

    async def _previous_versions(self, keys: list[tuple[str, int]]) -> list[str | None]:
        previous = [(flow_id, number - 1) for flow_id, number in keys]
        async with self._database.reading() as connection:
            found = await graphs.read_versions_by_number(connection, previous)
        return [found.get(version) for version in previous]

    async def _pages(self, keys: list[PageBelow]) -> list[Page[Any]]:
        found: dict[PageBelow, Page[Any]] = {}
        groups = _grouped(keys, lambda key: (key.wanted, key.request), lambda key: key.parent)
        for (wanted, request), parents in groups:
            async with self._database.reading() as connection:
                pages = await wanted.listing().pages(connection, parents, request, wanted.values(self._viewer))
            for parent, page in zip(parents, pages, strict=True):
                found[PageBelow(wanted, request, parent)] = page
                for related in wanted.related:
                    self._related(related).know(partial(page.found, related))
        return [found[key] for key in keys]

    def _related(self, related: Related) -> Loader[str, Any]:
        """The loader of what may be read with a page."""
        match related:
            case Related.CONTRACT:
                return self.contracts
            case Related.CREATED_BY | Related.PUBLISHED_BY | Related.AUTHOR:
                return self.users
            case Related.DRAFT:
                return self.active_drafts
            case Related.PUBLISHED_VERSION:
                return self.versions

    async def _counts(self, keys: list[CountBelow]) -> list[int]:
        found: dict[CountBelow, int] = {}
        for wanted, parents in _grouped(keys, lambda key: key.wanted, lambda key: key.parent):
            async with self._database.reading() as connection:
                numbers = await wanted.listing().counts(connection, parents, wanted.values(self._viewer))
            found |= {CountBelow(wanted, parent): number for parent, number in zip(parents, numbers, strict=True)}
        return [found[key] for key in keys]


def _grouped(
    keys: Sequence[Key], group: Callable[[Key], Group], name: Callable[[Key], str]
) -> list[tuple[Group, list[str]]]:
    """The names of those that belong together: each group is one statement."""
    groups: dict[Group, list[str]] = {}
    for key in keys:
        groups.setdefault(group(key), []).append(name(key))
    return list(groups.items())
