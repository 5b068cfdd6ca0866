"""Loaders: what one request asks for by key is read together, as the viewer sees it. Made anew for each request."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from functools import cached_property, partial
from itertools import chain
from typing import Any, TypeVar

from app.domain import diff, export, facts, matching, model, references
from app.domain.readiness import Readiness
from app.execution.lookups import Loader
from app.graphql.loading.loader_keys import (
    BoundView,
    OfFlow,
    StoredGraph,
    commands_of,
    grouped,
    topic_ids_of,
)
from app.meter import current_meter
from app.offload import offload
from app.storage.facts.mirrored_rules import read_drifts
from app.storage.pages.events import FeedPage, FeedRequest, read_feeds
from app.storage.pages.lists import ListRequest
from app.storage.pages.paging import Page, PageRequest
from app.storage.pages.related import Related
from app.storage.reads import by_id, graphs
from app.storage.reads.exports import read_references
from app.storage.reads.rows import ComponentView, GraphView, TopicView
from app.usecases.compare_and_check import Pair, check_readiness, compare_flows, compare_found, compare_states
from app.usecases.copy_and_export import ExportPreview, check_previews, preview_export
from app.usecases.find_candidates import (
    CandidateSearch,
    RatedCredential,
    TopicsInUse,
    count_candidates,
    find_candidates,
    find_steps_in_need,
    find_topics_in_use,
)
from app.usecases.find_destinations import ExportableFlow, RatedDestination, find_exportable_flow, find_refusals
from app.usecases.transaction import UnitOfWork

Row = TypeVar("Row")
Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


LOADER_OF = {
    Related.CONTRACT: "contracts",
    Related.CREATED_BY: "users",
    Related.PUBLISHED_BY: "users",
    Related.AUTHOR: "users",
    Related.DRAFT: "active_drafts",
    Related.PUBLISHED_VERSION: "versions",
}
"""The loaders of the relations that a page may read with its rows."""


def _batched(
    answer: Callable[[Any, list[Asked]], Coroutine[Any, Any, list[Answer]]],
) -> cached_property[Loader[Asked, Answer]]:
    """Make a loader of a method that answers a batch of keys; the loader is created at its first use."""
    return cached_property(lambda loaders: Loader(partial(answer, loaders), loaders.reading))


def _by_id(read: "by_id.Read[Row]", *, missing: object = None) -> cached_property[Loader[str, Row | None]]:
    """The loader of resources by their ids; it answers `missing` for an id of none that the viewer sees."""

    async def answer(loaders: "Loaders", ids: list[str]) -> list[Any]:
        async with loaders.database.reading() as connection:
            rows = await read(connection, loaders.viewer, ids)
        return [rows.get(each, missing) for each in ids]

    return _batched(answer)


async def _named_in(
    loader: Loader[Any, Row | None], graphs: Sequence[tuple[str, GraphView]], names: Callable[[StoredGraph], list[Any]]
) -> list[list[Row]]:
    """The rows that each graph names and the viewer can see, each once."""
    keys = [
        await offload(len(content) + len(view.bindings), names, StoredGraph(content, view)) for content, view in graphs
    ]
    current_meter().take_objects(sum(map(len, keys)))
    rows = await loader.read(chain.from_iterable(keys))
    return [[*dict.fromkeys(filter(None, map(rows.get, each)))] for each in keys]


class Loaders:
    """One loader for each kind of row, created at its first use. A row that is missing or hidden is None."""

    users = _by_id(by_id.read_users)
    visible_users = _by_id(by_id.read_visible_users)
    contracts = _by_id(by_id.read_contracts)
    quotas = _by_id(by_id.read_quotas)
    flows_held = _by_id(by_id.read_flows_held)
    workspaces = _by_id(by_id.read_workspaces)
    components = _by_id(by_id.read_components)
    components_referred_to = _by_id(by_id.read_components_referred_to)
    topics = _by_id(by_id.read_topics)
    credentials = _by_id(by_id.read_credentials)
    secrets = _by_id(by_id.read_secrets)
    agents = _by_id(by_id.read_agents)
    flows = _by_id(by_id.read_flows)
    drafts = _by_id(by_id.read_drafts)
    active_drafts = _by_id(by_id.read_active_drafts)
    """By the id of the flow."""
    versions = _by_id(by_id.read_versions)
    destination_versions = _by_id(by_id.read_destination_versions)
    """By the id of the record."""
    exports = _by_id(by_id.read_exports)
    events = _by_id(by_id.read_events)
    provenances = _by_id(by_id.read_provenances)
    """By the id of the flow: the record that its content came from."""
    descents = _by_id(by_id.read_descents)
    """By the id of the flow: the copy or export that its visible state descends from."""
    drifts = _by_id(read_drifts)
    releases = _by_id(by_id.read_releases)
    current_releases = _by_id(by_id.read_current_releases)
    releases_of_drafts = _by_id(by_id.read_releases_of_drafts)
    export_references = _by_id(read_references, missing=[])
    """By the id of the record; none of one that the viewer can't see."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work
        self.database, self.viewer = work.database, work.actor
        self._comparison_limit = matching.ComparisonLimit()
        self.reading: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Cancel reads that still run, in tasks that outlive the task of the request. The loaders can't be used afterwards."""
        if reading := [*self.reading]:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
        # Loaders refer to this object, and it to them: without this, rows stay in memory until the garbage collector runs.
        for loader in [each for each in vars(self).values() if isinstance(each, Loader)]:
            loader.close()

    @_batched
    async def bindings(self, references: list[tuple[model.ReferenceKind, str]]) -> list[BoundView | None]:
        """The rows that references are bound to, by the loader of each kind. Data samples have none."""
        loaders: dict[model.ReferenceKind, Loader[str, Any]] = {
            model.ReferenceKind.CREDENTIAL: self.credentials,
            model.ReferenceKind.SECRET: self.secrets,
            model.ReferenceKind.AGENT: self.agents,
            model.ReferenceKind.TOPIC: self.topics,
        }
        groups = grouped(reference for reference in references if reference[0] in loaders)
        reads = [loaders[kind].read(ids) for kind, ids in groups.items()]
        rows = dict(zip(groups, await asyncio.gather(*reads), strict=True))
        return [rows.get(kind, {}).get(id_) for kind, id_ in references]

    @_batched
    async def graphs(self, state_ids: list[str]) -> list[StoredGraph | None]:
        """By the id of the draft or version."""
        async with self.database.reading() as connection:
            views = await graphs.read_graphs(connection, self.viewer, state_ids)
            hashes = sorted({view.content_hash for view in views.values()})
            contents = await graphs.read_contents(connection, hashes) if hashes else {}
        stored = {one: StoredGraph(contents[view.content_hash], view) for one, view in views.items()}
        return [stored.get(one) for one in state_ids]

    @_batched
    async def topics_of_graphs(self, graphs: list[tuple[str, GraphView]]) -> list[list[TopicView]]:
        return await _named_in(self.topics, graphs, topic_ids_of)

    @_batched
    async def components_of_graphs(self, graphs: list[tuple[str, GraphView]]) -> list[list[ComponentView]]:
        return await _named_in(self.components_meant, graphs, commands_of)

    # Each flow's graph may be large: one after the other, so that the meter refuses the operation before the next is read.
    @_batched
    async def exportable_flows(self, keys: list[OfFlow]) -> list[ExportableFlow | None]:
        return [await find_exportable_flow(self.database, self.viewer, *key) for key in keys]

    @_batched
    async def topics_in_use(self, keys: list[OfFlow]) -> list[TopicsInUse | None]:
        return [await find_topics_in_use(self.database, self.viewer, *key) for key in keys]

    @_batched
    async def steps_in_need(self, keys: list[tuple[OfFlow, str]]) -> list[list[references.StepInNeed] | None]:
        return [
            await find_steps_in_need(self.database, self.viewer, *of_flow, workspace_id=workspace)
            for of_flow, workspace in keys
        ]

    @_batched
    async def credential_candidates(self, wishes: list[CandidateSearch]) -> list[list[RatedCredential]]:
        return await find_candidates(self.database, self.viewer, wishes)

    @_batched
    async def numbers_of_candidates(self, steps: list[references.StepInNeed]) -> list[int]:
        return await count_candidates(self.database, self.viewer, steps)

    @_batched
    async def components_meant(self, keys: list[tuple[str, str]]) -> list[ComponentView | None]:
        """By tenant and command."""
        async with self.database.reading() as connection:
            ids = await graphs.read_meanings(connection, self.viewer, keys)
            rows = await by_id.read_components(connection, self.viewer, sorted({*filter(None, ids.values())}))
        return [rows.get(ids[key] or "") for key in keys]

    @_batched
    async def readiness(self, state_ids: list[str]) -> list[Readiness | None]:
        """Read the blockers of drafts and versions, by their ids."""
        blockers = await check_readiness(self.database, self.viewer, state_ids)
        return [Readiness(blockers[state_id]) if state_id in blockers else None for state_id in state_ids]

    @_batched
    async def comparisons(self, pairs: list[Pair]) -> list[diff.GraphDiff | None]:
        """By the ids of an older and a newer draft or version."""
        return await compare_states(self.database, self.viewer, pairs, self._comparison_limit)

    @_batched
    async def flow_comparisons(self, pairs: list[tuple[OfFlow, OfFlow]]) -> list[diff.GraphDiff | None]:
        """By an older and a newer state of two flows; each pair is read by itself, since it may be large."""
        limit = self._comparison_limit
        return [await compare_flows(self.database, self.viewer, older, newer, limit) for older, newer in pairs]

    @_batched
    async def export_plans(self, wishes: list[facts.ExportWish]) -> list[ExportPreview]:
        # One after the other, since each may read as much as a whole request may.
        return [await preview_export(self._work, wish) for wish in wishes]

    @_batched
    async def planned_readiness(self, exports: list[ExportPreview]) -> list[Readiness]:
        """Check the drafts that exports would make."""
        return [Readiness(blockers) for blockers in await check_previews(exports)]

    @_batched
    async def planned_changes(self, exports: list[ExportPreview]) -> list[diff.GraphDiff | None]:
        """Compare the drafts that exports would make with the states that they would replace."""
        pairs = [export.changed_states for export in exports]
        return await compare_found(self.database, pairs, self._comparison_limit)

    @_batched
    async def previous_versions(self, keys: list[tuple[str, int]]) -> list[str | None]:
        """By flow and number: the id of the version before it."""
        previous = [(flow_id, number - 1) for flow_id, number in keys]
        async with self.database.reading() as connection:
            ids = await graphs.read_versions_by_number(connection, previous)
        return [ids.get(version) for version in previous]

    @_batched
    async def refusals_of_destinations(
        self, destinations: list[RatedDestination]
    ) -> list[tuple[export.ExportRefusal, ...]]:
        return await find_refusals(destinations)

    @_batched
    async def pages(self, keys: list[tuple[tuple[ListRequest, PageRequest], str]]) -> list[Page[Any]]:
        """By the list, the page that is asked for, and the parent."""
        pages: dict[Any, Page[Any]] = {}
        for (list_request, page_request), parents in grouped(keys).items():
            listing = list_request.listing()
            async with self.database.reading() as connection:
                below = await listing.pages(connection, parents, page_request, list_request.values(self.viewer))
            for parent, page in zip(parents, below, strict=True):
                pages[(list_request, page_request), parent] = page
                for related in listing.joined.whole:
                    getattr(self, LOADER_OF[related]).know(partial(listing.related_rows, related, page))
        return [pages[key] for key in keys]

    @_batched
    async def feeds(self, keys: list[tuple[FeedRequest, str]]) -> list[FeedPage | None]:
        """By the page that is asked for, and the workspace or tenant."""
        pages: dict[tuple[FeedRequest, str], FeedPage] = {}
        for request, ids in grouped(keys).items():
            async with self.database.reading() as connection:
                read = await read_feeds(connection, self.viewer, request, ids)
            pages |= {(request, feed_id): page for feed_id, page in read.items()}
        return [pages.get(key) for key in keys]

    @_batched
    async def counts(self, keys: list[tuple[ListRequest, str]]) -> list[int]:
        """The lengths of lists, by the list and the parent."""
        numbers: dict[tuple[ListRequest, str], int] = {}
        for list_request, parents in grouped(keys).items():
            async with self.database.reading() as connection:
                below = await list_request.listing().counts(connection, parents, list_request.values(self.viewer))
            numbers |= {(list_request, parent): number for parent, number in zip(parents, below, strict=True)}
        return [numbers[key] for key in keys]
