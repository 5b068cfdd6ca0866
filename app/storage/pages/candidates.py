"""Ranked lists: the flows that could be overridden and the topics that could be chosen, best match first.

Each rank is read off its own index range, and the page is put together from as many of each as it can hold, so that no
list is ever sorted as a whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, Text, bindparam, exists, func, literal, select, union_all

from app.storage.connections.connection import ReadConnection
from app.storage.facts.visibility import is_member, sees_workspace
from app.storage.ids import Kind, is_id
from app.storage.pages.paging import Order, Page, PageRequest, matching, searching
from app.storage.reads.rows import FlowView, TopicView, columns, maker
from app.storage.tables import FLOW, FLOW_EXPORT, TOPIC

Match = TypeVar("Match")

SOURCE = bindparam("source", type_=Text)
DESTINATION = bindparam("workspace", type_=Text)
NAME_KEY = bindparam("name_key", type_=Text)


class MatchReason(StrEnum):
    """Why a flow is a candidate for being overridden: the ranks of `OVERRIDE_CANDIDATES`, best first."""

    COPIED_FROM_THIS_FLOW = "COPIED_FROM_THIS_FLOW"
    SAME_NAME = "SAME_NAME"
    OTHER = "OTHER"


class Ranked(NamedTuple, Generic[Match]):
    """An element of a ranked list."""

    candidate: Match
    rank: int

    @property
    def match_reason(self) -> MatchReason:
        """Why a flow is a candidate."""
        return list(MatchReason)[self.rank]


@dataclass(frozen=True, slots=True)
class RankedList(Generic[Match]):
    """A list in ranks, each of them by name."""

    ranks: tuple[Select[Any], ...]
    name_key: ColumnElement[str]
    id: ColumnElement[str]
    view: Callable[[Any], Match]

    async def page(
        self, connection: ReadConnection, request: PageRequest, parameters: dict[str, str], search: str | None
    ) -> Page[Ranked[Match]]:
        """A page of the list, in one statement."""
        ranks = tuple(rank for rank in range(len(self.ranks)) if self._may_hold(rank, request))
        if not ranks:
            # The cursor was made up: no rank lies beyond it.
            return Page(has_next=request.backwards, has_previous=not request.backwards)
        statement, order = self._page(ranks, backwards=request.backwards, has_search=bool(search))
        values = {**parameters, **searching(search), **order.values(PageRequest(request.size, request.backwards))}
        for rank in ranks:
            values |= self._keys.values(_within(rank, request), prefix=f"rank_{rank}_")
        rows = await connection.rows(statement, values)
        return order.cut(rows, request, lambda row: Ranked(self.view(row), row[-3]))

    async def count(self, connection: ReadConnection, parameters: dict[str, str], search: str | None) -> int:
        """How long the list is."""
        statement = self._count(has_search=bool(search))
        return int(await connection.value(statement, {**parameters, **searching(search)}))

    @property
    def _keys(self) -> Order:
        return Order((self.name_key, self.id))

    @cache  # noqa: B019 - of the lists of this module, which stay
    def _page(self, ranks: tuple[int, ...], *, backwards: bool, has_search: bool) -> tuple[Select[Any], Order]:
        """The statement of a page that may hold these ranks."""
        branches = [self._branch(rank, backwards=backwards, has_search=has_search) for rank in ranks]
        ranked = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
        *_, rank, name, id_ = ranked.c
        order = Order((rank, name, id_))
        return order.page(select(ranked), backwards=backwards), order

    @cache  # noqa: B019 - as above
    def _count(self, *, has_search: bool) -> Select[Any]:
        found = [rows.where(*matching(self.name_key, "any" if has_search else None)) for rows in self.ranks]
        return select(func.count()).select_from(union_all(*found).subquery())

    def _branch(self, rank: int, *, backwards: bool, has_search: bool) -> Select[Any]:
        """Select the rows of one rank that may be on the page."""
        named = matching(self.name_key, "any" if has_search else None)
        ranked = self.ranks[rank].add_columns(literal(rank).label("rank")).where(*named)
        return self._keys.page(ranked, backwards=backwards, prefix=f"rank_{rank}_")

    @staticmethod
    def _may_hold(rank: int, request: PageRequest) -> bool:
        """Whether a rank doesn't lie wholly on the other side of the cursor."""
        here = rank if request.beyond is None else int(str(request.beyond[0]))
        return rank == here or (rank < here) == request.backwards


def _within(rank: int, request: PageRequest) -> PageRequest:
    """The page request within one rank."""
    if request.beyond is None or request.beyond[0] != rank:
        return PageRequest(request.size, request.backwards)
    return PageRequest(request.size, request.backwards, request.beyond[1:])


def _copied() -> ColumnElement[bool]:
    """A copy or export of the source flow that wasn't undone has gone to this flow."""
    return exists(
        select(literal(1)).where(
            FLOW_EXPORT.c.source_flow_id == SOURCE,
            FLOW_EXPORT.c.destination_workspace_id == DESTINATION,
            FLOW_EXPORT.c.destination_flow_id == FLOW.c.id,
            FLOW_EXPORT.c.undone_at.is_(None),
        )
    )


_THERE = select(*columns(FLOW, FlowView)).where(
    FLOW.c.workspace_id == DESTINATION, FLOW.c.id != SOURCE, is_member(DESTINATION)
)

OVERRIDE_CANDIDATES = RankedList(
    ranks=(
        _THERE.where(_copied()),
        _THERE.where(FLOW.c.name_key == NAME_KEY, ~_copied()),
        _THERE.where(FLOW.c.name_key != NAME_KEY, ~_copied()),
    ),
    name_key=FLOW.c.name_key,
    id=FLOW.c.id,
    view=maker(FlowView),
)
"""Flows that a flow could override: copies of it first, then those of its name, then the others."""

_TOPICS_THERE = select(*columns(TOPIC, TopicView)).where(TOPIC.c.workspace_id == DESTINATION, is_member(DESTINATION))

TOPIC_CANDIDATES = RankedList(
    ranks=(_TOPICS_THERE.where(TOPIC.c.name_key == NAME_KEY), _TOPICS_THERE.where(TOPIC.c.name_key != NAME_KEY)),
    name_key=TOPIC.c.name_key,
    id=TOPIC.c.id,
    view=maker(TopicView),
)
"""Topics that could take a topic's place: those of its name first. No topic has the name `""`."""

_SEES_DESTINATION = select(literal(1)).where(sees_workspace(DESTINATION))
_NAME_OF_SOURCE = select(FLOW.c.name).where(
    FLOW.c.id == SOURCE, is_member(FLOW.c.workspace_id), sees_workspace(DESTINATION)
)


async def read_name_of_source(connection: ReadConnection, viewer: str, flow_id: str, workspace_id: str) -> str | None:
    """The name of a flow for which candidates are looked for; None if the viewer can't see it, or the destination."""
    if not (is_id(Kind.FLOW, flow_id) and is_id(Kind.WORKSPACE, workspace_id)):
        return None
    row = await connection.row(_NAME_OF_SOURCE, {"viewer": viewer, "source": flow_id, "workspace": workspace_id})
    return None if row is None else str(row.name)


async def sees_destination(connection: ReadConnection, parameters: dict[str, str]) -> bool:
    """Whether the viewer sees the workspace in which candidates are looked for."""
    values = {name: parameters[name] for name in ("viewer", "workspace")}
    return await connection.row(_SEES_DESTINATION, values) is not None
