"""Find the flows that a flow could be exported over, and the topics that could replace its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.domain.component import resolve_all
from app.domain.flow import Graph, size_of_graphs
from app.domain.input import name_key
from app.domain.model import Target, UserId
from app.domain.source import CopiedState, SourceWish
from app.domain.step import Step
from app.domain.topics import TopicUse, distinct_topics, may_replace_topic, missing_with_each, topic_uses
from app.offload import offload
from app.storage.connections.database import Database
from app.storage.connections.row_views import RowViews, views_of
from app.storage.ids import Kind, is_id
from app.storage.pages.candidates import (
    OVERRIDE_CANDIDATES,
    TOPIC_CANDIDATES,
    OverrideCandidate,
    sees_destination,
)
from app.storage.pages.paging import Page, PageRequest
from app.storage.reads.chosen import SOURCE_WITH_TOPICS, ChosenFlow, commands_of, read_chosen
from app.storage.reads.rows import TopicView


@dataclass(frozen=True, slots=True)
class TopicInUse:
    """The topic that a flow uses, None where it has none or several, and the steps that use one."""

    topic: Target | None
    steps: tuple[Step, ...]
    may_be_replaced: bool
    """Whether exportFlow would take another topic for it; if not, there are no candidates."""

    def missing_with_each(self, rows: Sequence[Any]) -> list[tuple[str, ...]]:
        """The properties that the steps would miss with the topic of each row of a page."""
        if self.topic is None:
            return [()] * len(rows)
        return missing_with_each(self.steps, self.topic, [(row[ID], row[SCHEMA]) for row in rows])


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


class TopicCandidate(NamedTuple):
    topic: TopicView
    same_name: bool
    missing_properties: list[str]


ID, SCHEMA = (TopicView._fields.index(name) for name in ("id", "schema_text"))
_TOPIC = views_of(TopicView, start=1)
_SAME_NAME = 1 + len(TopicView._fields)
CANDIDATES = RowViews(
    lambda row: TopicCandidate(_TOPIC.make(row), row[_SAME_NAME], row[0]),
    {"missing_properties": 0, "topic": _TOPIC.layout, "same_name": _SAME_NAME},
)
"""Makes the candidate of a row that begins with the missing properties."""


@dataclass(frozen=True, slots=True)
class OverrideSearch:
    """The flows of a workspace that a flow could override, or those of them whose names hold a text."""

    flow_id: str
    workspace_id: str
    search: str | None = None

    async def page(self, database: Database, actor: UserId, request: PageRequest) -> Page[OverrideCandidate] | None:
        """A page of them; None if the caller can't see the flow or the workspace."""
        if not (is_id(Kind.FLOW, self.flow_id) and is_id(Kind.WORKSPACE, self.workspace_id)):
            return None
        parameters = self._parameters(actor)
        async with database.reading() as connection:
            page = await OVERRIDE_CANDIDATES.page(connection, request, parameters, self.search)
            # Whoever is shown a flow sees both.
            is_visible = page.rows or await sees_destination(connection, parameters)
        return page if is_visible else None

    async def count(self, database: Database, actor: UserId) -> int:
        async with database.reading() as connection:
            return await OVERRIDE_CANDIDATES.count(connection, self._parameters(actor), self.search)

    def _parameters(self, actor: UserId) -> dict[str, str]:
        return {"viewer": actor, "source": self.flow_id, "workspace": self.workspace_id}


@dataclass(frozen=True, slots=True)
class TopicSearch:
    """The topics of a workspace that could replace the flow's topic, or those of them whose names hold a text.

    The search has no result where exportFlow refuses every topic: no pub/sub step, or several topics and none to replace.
    """

    in_use: TopicInUse
    workspace_id: str
    search: str | None = None

    async def page(self, database: Database, actor: UserId, request: PageRequest) -> Page[TopicCandidate] | None:
        """A page of them, each with what the flow would miss with it (T4); None if the workspace isn't visible."""
        if not is_id(Kind.WORKSPACE, self.workspace_id):
            return None
        parameters, page = self._parameters(actor), Page[TopicView]()
        async with database.reading() as connection:
            if self.in_use.may_be_replaced:
                page = await TOPIC_CANDIDATES.page(connection, request, parameters, self.search)
            # Whoever is shown a topic sees its workspace.
            if not page.rows and not await sees_destination(connection, parameters):
                return None
        size = sum(len(row[SCHEMA]) for row in page.rows)
        missing = await offload(size, self.in_use.missing_with_each, page.rows)
        rows = [([*properties], *row) for row, properties in zip(page.rows, missing, strict=True)]
        return Page(rows, page.has_next, page.has_previous, page.key_of, CANDIDATES)

    async def count(self, database: Database, actor: UserId) -> int:
        if not self.in_use.may_be_replaced:
            return 0
        async with database.reading() as connection:
            return await TOPIC_CANDIDATES.count(connection, self._parameters(actor), self.search)

    def _parameters(self, actor: UserId) -> dict[str, str]:
        name = "" if self.in_use.topic is None else self.in_use.topic.name
        return {"viewer": actor, "workspace": self.workspace_id, "name_key": name_key(name)}


async def find_topics_in_use(database: Database, actor: UserId, flow_id: str, wish: SourceWish) -> TopicsInUse | None:
    """The topics of a flow in the state that `wish` names; None if the caller can't see the flow, or it has no such state."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, wish, statement=SOURCE_WITH_TOPICS, parse=commands_of)
    if source is None or not isinstance(source.copied, CopiedState):
        return None
    graph = source.copied.state.graph
    uses = await offload(size_of_graphs(graph), _topic_uses, graph, source)
    return TopicsInUse(uses, source.topics)


def _topic_uses(graph: Graph, source: ChosenFlow) -> tuple[TopicUse, ...]:
    return topic_uses(graph, resolve_all(graph.commands, source.catalogue, source.flow.access.workspace))
