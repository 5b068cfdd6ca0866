"""Find the flows that a flow could be exported over, and the topics that could replace its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.component import Catalogue, resolve_all
from app.domain.flow import FlowState, size_of_graphs
from app.domain.input import name_key
from app.domain.model import ReferenceKind, Target, UserId, Workspace, WorkspaceId
from app.domain.source import CopiedState, SourceWish
from app.domain.step import Step
from app.domain.topics import TopicUse, distinct_topics, may_replace_topic, missing_with_each, topic_uses
from app.offload import offload
from app.storage.connections.database import Database
from app.storage.facts.catalogue import read_catalogue, read_targets
from app.storage.ids import Kind, is_id
from app.storage.pages.candidates import (
    OVERRIDE_CANDIDATES,
    TOPIC_CANDIDATES,
    Ranked,
    RankedList,
    read_name_of_source,
    sees_destination,
)
from app.storage.pages.paging import Page, PageRequest
from app.storage.reads.chosen import read_chosen
from app.storage.reads.rows import FlowView, TopicView


@dataclass(frozen=True, slots=True)
class TopicInUse:
    """The topic that a flow uses, None where it has none or several, and the steps that use one."""

    topic: Target | None
    steps: tuple[Step, ...]
    may_be_replaced: bool
    """Whether exportFlow would take another topic for it; if not, there are no candidates."""


@dataclass(frozen=True, slots=True)
class TopicsInUse:
    """The pub/sub steps of a flow, and its topics as far as the caller can see them."""

    uses: tuple[TopicUse, ...]
    topics: Mapping[str, Target]

    def topic_to_replace(self, topic_id: str | None) -> TopicInUse:
        """The topic with this id or, without an id, the flow's only topic."""
        distinct = distinct_topics(self.uses)
        if topic_id is None and len(distinct) == 1:
            topic_id = distinct[0]
        steps = tuple(use.step for use in self.uses if use.topic_id is not None and use.topic_id == topic_id)
        may_be_replaced = may_replace_topic(self.uses) if topic_id is None else topic_id in distinct
        return TopicInUse(self.topics.get(topic_id or ""), steps, may_be_replaced)


@dataclass(frozen=True, slots=True)
class TopicCandidate:
    topic: TopicView
    same_name: bool
    missing_properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """A ranked list for one flow in one workspace."""

    database: Database
    parameters: dict[str, str]
    in_use: TopicInUse | None = None

    async def flows(self, search: str | None, request: PageRequest) -> Page[Ranked[FlowView]]:
        """A page of the flows that could be overridden, each with its rank."""
        async with self.database.reading() as connection:
            return await OVERRIDE_CANDIDATES.page(connection, request, self.parameters, search)

    async def topics(self, search: str | None, request: PageRequest) -> Page[TopicCandidate] | None:
        """A page of the topics, each with what the flow would miss with it (T4); None if the workspace isn't visible."""
        async with self.database.reading() as connection:
            page = Page[Ranked[TopicView]]()
            if self._takes_topic:
                page = await TOPIC_CANDIDATES.page(connection, request, self.parameters, search)
            # Whoever is shown a topic sees its workspace.
            if not page.elements and not await sees_destination(connection, self.parameters):
                return None
        topics = [topic for _, (topic, _) in page.elements]
        size = sum(len(topic.schema_text) for topic in topics)
        missing = await offload(size, self._missing_with_each, topics)
        elements = tuple(
            (key, TopicCandidate(topic, rank == 0, properties))
            for (key, (topic, rank)), properties in zip(page.elements, missing, strict=True)
        )
        return Page(elements, page.has_next, page.has_previous)

    async def count_flows(self, search: str | None) -> int:
        return await self._count(OVERRIDE_CANDIDATES, search)

    async def count_topics(self, search: str | None) -> int:
        return await self._count(TOPIC_CANDIDATES, search) if self._takes_topic else 0

    @property
    def _takes_topic(self) -> bool:
        return self.in_use is not None and self.in_use.may_be_replaced

    async def _count(self, listed: RankedList[FlowView] | RankedList[TopicView], search: str | None) -> int:
        async with self.database.reading() as connection:
            return await listed.count(connection, self.parameters, search)

    def _missing_with_each(self, topics: Sequence[TopicView]) -> list[tuple[str, ...]]:
        if self.in_use is None or self.in_use.topic is None:
            return [()] * len(topics)
        targets = (
            Target(topic.id, ReferenceKind.TOPIC, WorkspaceId(topic.workspace_id), schema=topic.schema_text)
            for topic in topics
        )
        return missing_with_each(self.in_use.steps, self.in_use.topic, targets)


async def find_override_candidates(
    database: Database, actor: UserId, flow_id: str, workspace_id: str
) -> Candidates | None:
    """The flows of a workspace that a flow could override; None if the caller can't see one of the two."""
    async with database.reading() as connection:
        name = await read_name_of_source(connection, actor, flow_id, workspace_id)
    return None if name is None else Candidates(database, _parameters(actor, flow_id, workspace_id, name))


async def find_topics_in_use(database: Database, actor: UserId, flow_id: str, wish: SourceWish) -> TopicsInUse | None:
    """The topics of a flow in the state that `wish` names; None if the caller can't see the flow, or it has no such state."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, wish)
        if source is None or not isinstance(source.copied, CopiedState):
            return None
        state = source.copied.state
        catalogue = await read_catalogue(connection, actor, {step.command for step in state.graph.steps})
        uses = await offload(size_of_graphs(state.graph), _topic_uses, state, catalogue, source.flow.access.workspace)
        return TopicsInUse(uses, await read_targets(connection, actor, distinct_topics(uses)))


def candidates_for_topic(
    database: Database, actor: UserId, flow_id: str, workspace_id: str, in_use: TopicInUse
) -> Candidates | None:
    """The topics of a workspace that could replace the flow's topic; None if the id can't be that of a workspace.

    The list is empty where exportFlow refuses every topic: no pub/sub step, or several topics and none to replace.
    """
    if not is_id(Kind.WORKSPACE, workspace_id):
        return None
    name = "" if in_use.topic is None else in_use.topic.name
    return Candidates(database, _parameters(actor, flow_id, workspace_id, name), in_use)


def _topic_uses(state: FlowState, catalogue: Catalogue, workspace: Workspace) -> tuple[TopicUse, ...]:
    return topic_uses(state.graph, resolve_all(state.graph.commands, catalogue, workspace))


def _parameters(actor: UserId, flow_id: str, workspace_id: str, name: str) -> dict[str, str]:
    return {"viewer": actor, "source": flow_id, "workspace": workspace_id, "name_key": name_key(name)}
