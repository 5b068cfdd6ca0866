"""Ranked lists: the flows that could be overridden and the topics that could be chosen, best match first.

Each rank is read off its own index range, and the page is put together from as many of each as it can hold, so that no
list is ever sorted as a whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Text, bindparam, exists, func, literal, select, union_all

from app.storage.database_connections import ReadConnection
from app.storage.paging import Order, Page, PageRequest, matching
from app.storage.reads.rows import FlowView, TopicView, columns, maker
from app.storage.tables import FLOW, FLOW_EXPORT, TOPIC
from app.storage.visibility import is_member

Match = TypeVar("Match")

SOURCE = bindparam("source", type_=Text)
WORKSPACE = bindparam("workspace", type_=Text)
NAME_KEY = bindparam("name_key", type_=Text)


class MatchReason(StrEnum):
    """Why a flow is a candidate for being overridden: the ranks of `OVERRIDE_CANDIDATES`, best first."""

    COPIED_FROM_THIS_FLOW = "COPIED_FROM_THIS_FLOW"
    SAME_NAME = "SAME_NAME"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class RankedList(Generic[Match]):
    """A list in ranks, each of them by name: an element is a view and the rank that it has."""

    ranks: tuple[Select[Any], ...]
    name_key: ColumnElement[str]
    id: ColumnElement[str]
    view: Callable[[Any], Match]

    async def page(
        self, connection: ReadConnection, request: PageRequest, parameters: dict[str, str], search: str | None
    ) -> Page[tuple[Match, int]]:
        """A page of the list, in one statement."""
        asked = [self._branch(rank, rows, request, search) for rank, rows in enumerate(self.ranks)]
        branches = [branch for branch in asked if branch is not None]
        if not branches:
            # The cursor was made up: no rank lies beyond it.
            return Page(has_next=request.backwards, has_previous=not request.backwards)
        ranked = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
        *_, rank, name, id_ = ranked.c
        order = Order((rank, name, id_))
        statement = order.page(select(ranked), PageRequest(request.size, request.backwards))
        rows = await connection.rows(statement, parameters)
        return order.cut(rows, request, lambda row: (self.view(row), row[-3]))

    async def count(self, connection: ReadConnection, parameters: dict[str, str], search: str | None) -> int:
        """How long the list is."""
        found = [rows.where(*matching(self.name_key, search)) for rows in self.ranks]
        statement = select(func.count()).select_from(union_all(*found).subquery())
        number: int = await connection.value(statement, parameters)
        return number

    def _branch(self, rank: int, rows: Select[Any], request: PageRequest, search: str | None) -> Select[Any] | None:
        """What the page may take of one rank; None where it lies wholly on the other side of the cursor."""
        keys = Order((self.name_key, self.id))
        inner = PageRequest(request.size, request.backwards)
        if request.beyond is not None:
            here, *key = request.beyond
            if rank != here and (rank < int(str(here))) != request.backwards:
                return None
            inner = PageRequest(request.size, request.backwards, tuple(key) if rank == here else None)
        ranked = rows.add_columns(literal(rank).label("rank")).where(*matching(self.name_key, search))
        return keys.page(ranked, inner)


def _copied() -> ColumnElement[bool]:
    """A copy or export of the source flow has gone to this flow."""
    return exists(
        select(literal(1)).where(
            FLOW_EXPORT.c.source_flow_id == SOURCE,
            FLOW_EXPORT.c.destination_workspace_id == WORKSPACE,
            FLOW_EXPORT.c.destination_flow_id == FLOW.c.id,
        )
    )


_THERE = select(*columns(FLOW, FlowView)).where(
    FLOW.c.workspace_id == WORKSPACE, FLOW.c.id != SOURCE, is_member(WORKSPACE)
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

_TOPICS_THERE = select(*columns(TOPIC, TopicView)).where(TOPIC.c.workspace_id == WORKSPACE, is_member(WORKSPACE))

TOPIC_CANDIDATES = RankedList(
    ranks=(_TOPICS_THERE.where(TOPIC.c.name_key == NAME_KEY), _TOPICS_THERE.where(TOPIC.c.name_key != NAME_KEY)),
    name_key=TOPIC.c.name_key,
    id=TOPIC.c.id,
    view=maker(TopicView),
)
"""Topics that could take a topic's place: those of its name first. No topic has the name `""`."""
