"""Candidates of the export dialog: flows that could be overridden, topics, and the credentials and secrets that fit steps.

Flows and topics are ranked lists, best match first: each rank is read off its own index range, and the page is put together
from as many of each as it can hold, so that no list is ever sorted as a whole. Credentials and secrets are read from the
start of the list of each component, for many steps in two statements.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    exists,
    func,
    literal,
    select,
    true,
    union,
    union_all,
)

from app.domain.model import ReferenceKind
from app.execution.rows import Columns
from app.storage.connections.connection import (
    Element,
    ReadConnection,
    RowViews,
    is_one_of,
    texts,
    views_holding,
    views_of,
)
from app.storage.facts.visibility import is_member, sees_workspace
from app.storage.pages.paging import MOST_CACHED_LISTS, Order, Page, PageRequest, matching, searching
from app.storage.pages.related import reading_only
from app.storage.reads.rows import CredentialView, FlowView, SecretView, TopicView, columns
from app.storage.tables import CREDENTIAL, FLOW, FLOW_EXPORT, SECRET, TOPIC

SOURCE = bindparam("source", type_=Text)
DESTINATION = bindparam("workspace", type_=Text)
NAME_KEY = bindparam("name_key", type_=Text)


class MatchReason(StrEnum):
    """Why a flow is a candidate for being overridden: the ranks of `OVERRIDE_CANDIDATES`, best first."""

    COPIED_FROM_THIS_FLOW = "COPIED_FROM_THIS_FLOW"
    SAME_NAME = "SAME_NAME"
    OTHER = "OTHER"


class OverrideCandidate(NamedTuple):
    candidate: FlowView
    match_reason: str


@dataclass(frozen=True, slots=True, eq=False)
class RankedList(Generic[Element]):
    """A list in ranks."""

    ranks: tuple[Select[Any], ...]
    order: Order
    """The order within each rank: by name."""
    views: RowViews[Element]
    condition: ColumnElement[bool] = field(default_factory=true)
    """A condition on the whole list; within each rank it would mislead the planner."""

    async def page(
        self,
        connection: ReadConnection,
        request: PageRequest,
        parameters: Mapping[str, str],
        search: str | None,
        columns: Columns = None,
    ) -> Page[Element]:
        """A page of the list, in one statement."""
        statement, order = self._page(columns, backwards=request.backwards, has_search=bool(search))
        values = {**parameters, **searching(search), **order.values(PageRequest(request.size, request.backwards))}
        for rank in range(len(self.ranks)):
            values |= self.order.values(_within(rank, request), prefix=f"rank_{rank}_")
        return order.cut(await connection.rows(statement, values), request, self.views)

    async def count(self, connection: ReadConnection, parameters: Mapping[str, str], search: str | None) -> int:
        """How long the list is."""
        statement = self._count(has_search=bool(search))
        return int(await connection.value(statement, {**parameters, **searching(search)}))

    @lru_cache(MOST_CACHED_LISTS)  # noqa: B019 - of the lists of this module, which stay
    def _page(self, columns: Columns, *, backwards: bool, has_search: bool) -> tuple[Select[Any], Order]:
        """The statement of a page: of each rank, the rows that may be on it."""
        branches = [
            self.order.page(
                reading_only(rows, self.views.layout, columns).add_columns(literal(rank).label("rank")),
                backwards=backwards,
                prefix=f"rank_{rank}_",
            )
            for rank, rows in enumerate(self._named(has_search=has_search))
        ]
        ranked = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
        *_, rank, name, id_ = ranked.c
        order = Order((rank, name, id_))
        return order.page(select(ranked).where(self.condition), backwards=backwards), order

    @cache  # noqa: B019 - as above
    def _count(self, *, has_search: bool) -> Select[Any]:
        ranked = union_all(*self._named(has_search=has_search)).subquery()
        return select(func.count()).select_from(ranked).where(self.condition)

    def _named(self, *, has_search: bool) -> list[Select[Any]]:
        return [rows.where(*matching(self.order.columns[0], has_search=has_search)) for rows in self.ranks]


def _within(rank: int, request: PageRequest) -> PageRequest:
    """The page request within one rank, of which nothing is read if the rank lies on the other side of the cursor."""
    size, backwards, beyond = request
    if beyond is None or beyond[0] == rank:
        return PageRequest(size, backwards, beyond and beyond[1:])
    # A better rank than the cursor's is read from its end on, a worse one from its start: where it was passed, that is nothing.
    return PageRequest(size, backwards=rank < int(str(beyond[0])))


def _of_source(column: str) -> ScalarSelect[Any]:
    """A column of the source flow; null if the viewer can't see it: no candidate is equal to that, and none differs."""
    source = FLOW.alias("source_flow")
    return select(source.c[column]).where(source.c.id == SOURCE, is_member(source.c.workspace_id)).scalar_subquery()


_COPIED = exists(
    select(literal(1)).where(
        FLOW_EXPORT.c.source_flow_id == SOURCE,
        FLOW_EXPORT.c.destination_workspace_id == DESTINATION,
        FLOW_EXPORT.c.destination_flow_id == FLOW.c.id,
        FLOW_EXPORT.c.undone_at.is_(None),
    )
)
"""A copy or export of the source flow that wasn't undone has gone to this flow."""


def _flows_to_override(reason: MatchReason, *conditions: ColumnElement[bool]) -> Select[Any]:
    flows = select(*columns(FLOW, FlowView), literal(reason.value).label("match_reason"))
    return flows.where(FLOW.c.workspace_id == DESTINATION, FLOW.c.id != SOURCE, is_member(DESTINATION), *conditions)


OVERRIDE_CANDIDATES = RankedList(
    ranks=(
        _flows_to_override(MatchReason.COPIED_FROM_THIS_FLOW, _COPIED),
        _flows_to_override(MatchReason.SAME_NAME, FLOW.c.name_key == _of_source("name_key"), ~_COPIED),
        _flows_to_override(MatchReason.OTHER, FLOW.c.name_key != _of_source("name_key"), ~_COPIED),
    ),
    order=Order((FLOW.c.name_key, FLOW.c.id)),
    views=views_holding(OverrideCandidate, candidate=FlowView),
    condition=_of_source("id").is_not(None),
)
"""Flows that a flow could override: copies of it first, then those of its name, then the others."""


def _topics_to_choose(*conditions: ColumnElement[bool], same_name: bool) -> Select[Any]:
    topics = select(*columns(TOPIC, TopicView), literal(same_name).label("same_name"))
    return topics.where(TOPIC.c.workspace_id == DESTINATION, is_member(DESTINATION), *conditions)


TOPIC_CANDIDATES = RankedList(
    ranks=(
        _topics_to_choose(TOPIC.c.name_key == NAME_KEY, same_name=True),
        _topics_to_choose(TOPIC.c.name_key != NAME_KEY, same_name=False),
    ),
    order=Order((TOPIC.c.name_key, TOPIC.c.id)),
    views=views_of(TopicView),
)
"""Topics that could take a topic's place: those of its name first. No topic has the name `""`."""

_SEES_DESTINATION = select(literal(1)).where(sees_workspace(DESTINATION))
_SEES_BOTH_ENDS = _SEES_DESTINATION.where(_of_source("id").is_not(None))


async def sees_destination(connection: ReadConnection, parameters: Mapping[str, str]) -> bool:
    """Whether the viewer sees the workspace in which candidates are looked for, and the source flow where one is named."""
    statement = _SEES_BOTH_ENDS if "source" in parameters else _SEES_DESTINATION
    return await connection.row(statement, parameters) is not None


TABLES: Mapping[ReferenceKind, tuple[Table, type[CredentialView | SecretView]]] = {
    ReferenceKind.CREDENTIAL: (CREDENTIAL, CredentialView),
    ReferenceKind.SECRET: (SECRET, SecretView),
}


COMPONENTS = texts("components")
FIRST = bindparam("first", type_=Integer)

MOST_FLOWS = 20
"""Flows exported from a flow that are read, the latest first."""

EXPORTED_FLOWS = (
    select(FLOW_EXPORT.c.destination_flow_id)
    .where(
        FLOW_EXPORT.c.source_flow_id == bindparam("flow", type_=Text),
        FLOW_EXPORT.c.destination_workspace_id == DESTINATION,
        FLOW_EXPORT.c.destination_flow_id.is_not(None),
        FLOW_EXPORT.c.undone_at.is_(None),
    )
    .group_by(FLOW_EXPORT.c.destination_flow_id)
    .order_by(func.max(FLOW_EXPORT.c.id).desc())
    .limit(MOST_FLOWS)
)


async def read_exported_flows(connection: ReadConnection, flow_id: str, workspace_id: str) -> list[str]:
    """The flows of a workspace that a flow was exported to, the latest first; whether they can be seen isn't asked."""
    rows = await connection.rows(EXPORTED_FLOWS, {"flow": flow_id, "workspace": workspace_id})
    return [row.destination_flow_id for row in rows]


async def read_first(
    connection: ReadConnection,
    viewer: str,
    workspace_id: str,
    kind: ReferenceKind,
    *,
    components: Collection[str],
    ids: Collection[str],
    name_keys: Collection[str],
    search: str | None,
    first: int,
) -> list[CredentialView | SecretView]:
    """Read the credentials or secrets that may rank among the first of each component, and those with these ids or names."""
    _, view = TABLES[kind]
    parameters = {
        "viewer": viewer,
        "workspace": workspace_id,
        "first": first,
        **searching(search),
        "components": sorted(components),
        "ids": sorted(ids),
        "name_keys": sorted(name_keys),
    }
    rows = await connection.rows(_first(kind, has_search=bool(search)), parameters)
    return [view._make(row) for row in rows]


async def count_each(
    connection: ReadConnection, viewer: str, workspace_id: str, kind: ReferenceKind, components: Sequence[str]
) -> dict[str, int]:
    """How many there are of each component."""
    parameters = {"viewer": viewer, "workspace": workspace_id, "components": sorted(components)}
    return {row.component_id: row.number for row in await connection.rows(_counts(kind), parameters)}


@cache
def _first(kind: ReferenceKind, *, has_search: bool) -> Select[Any]:
    table, view = TABLES[kind]
    visible = select(*columns(table, view)).where(table.c.workspace_id == DESTINATION, is_member(DESTINATION))
    fitting = visible.where(*matching(table.c.name_key, has_search=has_search))
    component = select(func.unnest(COMPONENTS).label("id")).subquery("component")

    def first_of(name: str, *conditions: ColumnElement[bool]) -> Select[Any]:
        of_component = fitting.where(table.c.component_id == component.c.id, *conditions).correlate(component)
        first = of_component.order_by(table.c.name_key, table.c.id).limit(FIRST).lateral(name)
        return select(*first.c).select_from(component.join(first, true()))

    same_name = first_of("same_name", is_one_of(table.c.name_key, "name_keys"))
    first_and_named = union(first_of("by_name"), same_name, fitting.where(is_one_of(table.c.id))).subquery("found")
    return select(*first_and_named.c)


@cache
def _counts(kind: ReferenceKind) -> Select[Any]:
    table, _ = TABLES[kind]
    return (
        select(table.c.component_id, func.count().label("number"))
        .where(table.c.workspace_id == DESTINATION, table.c.component_id == any_(COMPONENTS), is_member(DESTINATION))
        .group_by(table.c.component_id)
    )
