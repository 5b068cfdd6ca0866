"""The source of a copy or export: a flow with the one state of it that would be copied (X4), and what rules need of it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSON

from app.domain.component import Catalogue
from app.domain.flow import (
    CopiedState,
    DraftNotFound,
    Flow,
    Graph,
    SourceWish,
    StateOfFlow,
    VersionNotFound,
    copied_state,
)
from app.domain.model import ReferenceKind, Target
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.connection import ReadConnection, Row
from app.storage.facts.catalogue import COMPONENT_COLUMNS, catalogue_of, target_of
from app.storage.facts.flows import FLOWS_WITH_STATES, STATES, chosen_by, flows_with_states, with_graphs
from app.storage.facts.locks import Touched
from app.storage.facts.states import States
from app.storage.facts.visibility import is_member
from app.storage.tables import COMPONENT, FLOW_CONTENT_COMPONENT, TEAM, TOPIC

NAMED_STATE: ColumnElement[str] = bindparam("state", type_=Text)


class ChosenFlow(NamedTuple):
    flow: Flow
    copied: CopiedState | VersionNotFound | DraftNotFound
    row: Row

    @property
    def catalogue(self) -> Catalogue:
        """The components that commands of the copied state may mean; of a row of `SOURCE`."""
        return catalogue_of(orjson.loads(self.row["components"] or "[]"))

    @property
    def topics(self) -> Mapping[str, Target]:
        """The topics that the copied state is bound to; of a row of `SOURCE_WITH_TOPICS`."""
        targets = map(target_of, orjson.loads(self.row["topics"] or "[]"))
        return {target.id: target for target in targets}


def _of_copied_state(states: States, column: str) -> ColumnElement[Any]:
    """A column of the state that is copied, as `domain.flow.copied_state` chooses it."""
    published, draft, named = (states[name][0].c[column] for name in STATES)
    of_state = {StateOfFlow.DRAFT.value: draft, StateOfFlow.PUBLISHED_VERSION.value: published}
    by_name = case(of_state, value=NAMED_STATE, else_=func.coalesce(published, draft))
    return func.coalesce(named, by_name)


def _components(states: States) -> ColumnElement[Any]:
    """Every component, of whichever tenant, that a command of the copied state may mean, as JSON."""
    named = select(FLOW_CONTENT_COMPONENT.c.team, FLOW_CONTENT_COMPONENT.c.name).where(
        FLOW_CONTENT_COMPONENT.c.hash == _of_copied_state(states, "content_hash")
    )
    rows = (
        select(func.json_agg(func.json_build_array(*COMPONENT_COLUMNS)))
        .join_from(COMPONENT, TEAM, COMPONENT.c.team_id == TEAM.c.id)
        .where(tuple_(TEAM.c.name, COMPONENT.c.name).in_(named.correlate(*_tables(states))))
    )
    return cast(rows.correlate(*_tables(states)).scalar_subquery(), Text).label("components")


def _topics(states: States) -> ColumnElement[Any]:
    """The topics that the steps of the copied state are bound to, as JSON."""
    bindings = func.json_array_elements(cast(_of_copied_state(states, "bindings"), JSON)).table_valued("value")
    ids = select(func.json_extract_path_text(bindings.c.value, ReferenceKind.TOPIC.value))
    topic = TOPIC.alias("source_topic")
    values = topic.c.id, literal(ReferenceKind.TOPIC.value), topic.c.workspace_id, topic.c.name, null()
    rows = select(func.json_agg(func.json_build_array(*values, topic.c.schema_text))).where(
        topic.c.id.in_(ids.correlate(*_tables(states))), is_member(topic.c.workspace_id)
    )
    return cast(rows.correlate(*_tables(states)).scalar_subquery(), Text).label("topics")


def _tables(states: States) -> Iterable[FromClause]:
    return [table for table, _ in states.values()]


SOURCE = flows_with_states(_components)
SOURCE_WITH_TOPICS = flows_with_states(_components, _topics)
Parse = Callable[[Graph], object]


def commands_of(graph: Graph) -> object:
    return graph.commands


def whole(graph: Graph) -> object:
    return graph.parts


async def read_chosen(
    connection: ReadConnection,
    viewer: str,
    flow_id: str,
    source: SourceWish,
    *,
    statement: Select[Any] = FLOWS_WITH_STATES,
    parse: Parse = whole,
) -> ChosenFlow | None:
    """Read a flow with the state that `source` names, whose steps count as objects; None if the flow isn't visible.

    `parse` makes the parts of its graph that are needed, in a thread where it is large.
    """
    named = Touched(kept=[flow_id], versions=[*filter(None, [source.version_id])]).parameters()
    rows = await connection.rows(statement, {"viewer": viewer, "state": source.state, **named}) if named["ids"] else []
    visible = (await with_graphs(connection, rows, {flow_id: [chosen_by(source)]})).get(flow_id)
    if visible is None:
        return None
    copied = copied_state(visible.flow, source, visible.named.get(source.version_id or ""))
    if isinstance(copied, CopiedState):
        graph = copied.state.graph
        await offload(graph.size, parse, graph)
        current_meter().take_objects(len(graph.commands))
    return ChosenFlow(visible.flow, copied, rows[0])
