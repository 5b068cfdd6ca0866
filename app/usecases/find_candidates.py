"""Find what an export may choose at a destination, the most likely first.

These are the flows that it could override, the topics that could replace the flow's own, and the credentials and secrets
that fit its steps.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from app.domain.component import Step
from app.domain.facts import ExportFacts, ExportWish, IntoWorkspace
from app.domain.flow import CopiedState, SourceWish, size_of_graphs
from app.domain.input import name_key
from app.domain.model import Kind, ReferenceKind, Target, UserId, is_id
from app.domain.references import CredentialMatch, StepInNeed, ranked, steps_in_need
from app.domain.source_graph import SourceGraph
from app.domain.topics import TopicUses, distinct_topics, may_replace_topic, missing_with_each
from app.execution.rows import Columns
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.connection import views_holding
from app.storage.connections.database import Database
from app.storage.facts.flows import chosen_by, own_states, read_flow_facts
from app.storage.facts.gather import facts_about
from app.storage.facts.locks import touched_by
from app.storage.pages.candidates import (
    OVERRIDE_CANDIDATES,
    TOPIC_CANDIDATES,
    OverrideCandidate,
    count_each,
    read_exported_flows,
    read_first,
    sees_destination,
)
from app.storage.pages.paging import Page, PageRequest
from app.storage.reads.graphs import SOURCE_WITH_TOPICS, read_chosen
from app.storage.reads.rows import CredentialView, SecretView, TopicView


class TopicCandidate(NamedTuple):
    missing_properties: list[str]
    topic: TopicView
    same_name: bool


TOPIC_CANDIDATE_VIEWS = views_holding(TopicCandidate, topic=TopicView)


@dataclass(frozen=True, slots=True)
class OverrideSearch:
    """The flows of a workspace that a flow could override, or those of them whose names hold a text."""

    flow_id: str
    workspace_id: str
    search: str | None = None

    async def page(
        self, database: Database, actor: UserId, request: PageRequest, columns: Columns = None
    ) -> Page[OverrideCandidate] | None:
        """A page of them, with these columns of each flow; None if the caller can't see the flow or the workspace."""
        if not (is_id(Kind.FLOW, self.flow_id) and is_id(Kind.WORKSPACE, self.workspace_id)):
            return None
        parameters = self._parameters(actor)
        async with database.reading() as connection:
            page = await OVERRIDE_CANDIDATES.page(connection, request, parameters, self.search, columns)
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
    """The topics of a workspace that could replace a topic of the flow, or those of them whose names hold a text.

    The search has no result where exportFlow refuses every topic: no pub/sub step, or several topics and none to replace.
    """

    topic: Target | None
    """The topic to replace; None where the flow has none or several."""
    steps: tuple[Step, ...]
    """The steps that use it."""
    may_be_replaced: bool
    """Whether exportFlow would take another topic for it; if not, there are no candidates."""
    workspace_id: str
    search: str | None

    async def page(self, database: Database, actor: UserId, request: PageRequest) -> Page[TopicCandidate] | None:
        """A page of them, each with what the flow would miss with it (T4); None if the workspace isn't visible."""
        if not is_id(Kind.WORKSPACE, self.workspace_id):
            return None
        parameters, page = self._parameters(actor), Page[TopicView]()
        async with database.reading() as connection:
            if self.may_be_replaced:
                page = await TOPIC_CANDIDATES.page(connection, request, parameters, self.search)
            # Whoever is shown a topic sees its workspace.
            if not page.rows and not await sees_destination(connection, parameters):
                return None
        size = sum(len(row.schema_text) for row in page.rows)
        missing = await offload(size, self._missing_with_each, page.rows)
        rows = [([*properties], *row) for row, properties in zip(page.rows, missing, strict=True)]
        return Page(rows, page.has_next, page.has_previous, page.key_of, TOPIC_CANDIDATE_VIEWS)

    async def count(self, database: Database, actor: UserId) -> int:
        if not self.may_be_replaced:
            return 0
        async with database.reading() as connection:
            return await TOPIC_CANDIDATES.count(connection, self._parameters(actor), self.search)

    def _missing_with_each(self, rows: Sequence[Any]) -> list[tuple[str, ...]]:
        """The properties that the steps would miss with the topic of each row of a page."""
        if self.topic is None:
            return [()] * len(rows)
        return missing_with_each(self.steps, self.topic, [(row.id, row.schema_text) for row in rows])

    def _parameters(self, actor: UserId) -> dict[str, str]:
        name = "" if self.topic is None else self.topic.name
        return {"viewer": actor, "workspace": self.workspace_id, "name_key": name_key(name)}


@dataclass(frozen=True, slots=True)
class TopicsInUse:
    """The pub/sub steps of a flow, and its topics as far as the caller can see them."""

    uses: TopicUses
    topics: Mapping[str, Target]

    def replacements_for(self, topic_id: str | None, workspace_id: str, search: str | None = None) -> TopicSearch:
        """Search for topics to replace the one with this id or, without an id, the flow's only topic."""
        distinct = distinct_topics(self.uses, self.topics)
        if topic_id is None and len(distinct) == 1:
            topic_id = distinct[0]
        steps = tuple(step for step, used in self.uses.items() if used is not None and used == topic_id)
        may_be_replaced = (
            may_replace_topic(self.uses, self.topics) if topic_id is None else topic_id in self.uses.values()
        )
        return TopicSearch(self.topics.get(topic_id or ""), steps, may_be_replaced, workspace_id, search)


async def find_topics_in_use(database: Database, actor: UserId, flow_id: str, wish: SourceWish) -> TopicsInUse | None:
    """The topics of a flow in the state that `wish` names; None if the caller can't see the flow, or it has no such state."""
    async with database.reading() as connection:
        source = await read_chosen(connection, actor, flow_id, wish, statement=SOURCE_WITH_TOPICS, parses_all=False)
    if source is None or not isinstance(source.copied, CopiedState):
        return None
    graph, home = source.copied.state.graph, source.flow.access.workspace
    uses = await offload(size_of_graphs(graph), lambda: SourceGraph(graph, source.catalogue, home).topic_uses)
    return TopicsInUse(uses, source.topics)


class CandidateSearch(NamedTuple):
    step: StepInNeed
    search: str | None
    first: int


class RatedCredential(NamedTuple):
    credential: CredentialView | SecretView
    match: CredentialMatch


async def find_steps_in_need(
    database: Database, actor: UserId, flow_id: str, source_wish: SourceWish, *, workspace_id: str
) -> list[StepInNeed] | None:
    """The steps that need a credential or secret; None if the caller can't see the flow, its state or the workspace."""
    if not (is_id(Kind.FLOW, flow_id) and is_id(Kind.WORKSPACE, workspace_id)):
        return None
    wish = ExportWish(flow_id, IntoWorkspace(workspace_id), source=source_wish)
    async with database.reading() as connection:
        exported = await read_exported_flows(connection, flow_id, workspace_id)
        choices = {key: [own_states] for key in exported} | {flow_id: [chosen_by(source_wish)]}
        facts = await read_flow_facts(connection, actor, choices, touched_by([wish])._replace(read=exported))
        graphs = (graph for key in facts.flows for graph in facts.graphs_of(key))
        current_meter().take_objects(sum(len(graph.commands) for graph in graphs))
        facts = await facts_about(connection, actor, facts)
    source = ExportFacts.of(facts, wish)
    copied, destination = source.copied_state(wish), source.destination
    if destination is None or not isinstance(copied, CopiedState):
        return None
    copies = [flow for key, flow in facts.flows.items() if key != flow_id]
    return await offload(
        facts.size, steps_in_need, copied, destination.workspace, facts.catalogue, facts.targets, copies
    )


async def find_candidates(
    database: Database, actor: UserId, searches: Sequence[CandidateSearch]
) -> list[list[RatedCredential]]:
    """The first candidates of each search, best match first, in two statements for all searches that differ only in the step."""
    candidates: dict[CandidateSearch, list[RatedCredential]] = {}
    for group in _grouped(searches):
        step, search, first = group[0]
        steps = [of_step.step for of_step in group]
        components = sorted({step.component.id for step in steps})
        ids = {id_ for step in steps for id_ in (*step.chosen_before, *([step.own.id] if step.own else []))}
        names = {name_key(step.own.name) for step in steps if step.own is not None}
        async with database.reading() as connection:
            numbers = await count_each(connection, actor, step.workspace_id, step.kind, components)
            views = await read_first(
                connection,
                actor,
                step.workspace_id,
                step.kind,
                components=components,
                ids=ids,
                name_keys=names,
                search=search,
                first=first,
            )
        of_component: dict[str, list[CredentialView | SecretView]] = {}
        for view in views:
            of_component.setdefault(view.component_id, []).append(view)
        for of_step in group:
            component = of_step.step.component.id
            rated = ranked(of_step.step, of_component.get(component, []), numbers.get(component, 0))
            candidates[of_step] = [RatedCredential(*credential) for credential in rated[:first]]
    return [candidates[of_step] for of_step in searches]


async def count_candidates(database: Database, actor: UserId, steps: Sequence[StepInNeed]) -> list[int]:
    """Count the candidates of each step, in a statement for each kind."""
    numbers: dict[tuple[ReferenceKind, str], int] = {}
    for group in _grouped([CandidateSearch(step, None, 0) for step in steps]):
        step, components = group[0].step, sorted({search.step.component.id for search in group})
        async with database.reading() as connection:
            counted = await count_each(connection, actor, step.workspace_id, step.kind, components)
        numbers |= {(step.kind, component): number for component, number in counted.items()}
    return [numbers.get((step.kind, step.component.id), 0) for step in steps]


def _grouped(searches: Iterable[CandidateSearch]) -> list[list[CandidateSearch]]:
    """Group the searches that one statement answers."""

    def key(search: CandidateSearch) -> tuple[str, str, str, int]:
        return search.step.workspace_id, search.step.kind.value, search.search or "", search.first

    return [list(group) for _, group in groupby(sorted(searches, key=key), key)]
