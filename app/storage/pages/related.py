"""Eager loading: related rows that are read with the elements of a page, if an operation selects them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, cast, null, select, true

from app.execution.rows import Columns, Layout
from app.storage.connections.connection import layout_of
from app.storage.facts.visibility import VIEWER
from app.storage.reads.by_id import CONTRACTS
from app.storage.reads.rows import ContractView, DraftView, UserView, VersionView, columns
from app.storage.tables import CONTRACT, CONTRACT_ACCESS, FLOW_DRAFT, FLOW_VERSION, USER


class Related(Enum):
    """Relations of list elements to one row or none. Members aren't texts, since a text would name a column."""

    CONTRACT = "contract"
    CREATED_BY = "created_by"
    DRAFT = "draft"
    PUBLISHED_VERSION = "published_version"
    PUBLISHED_BY = "published_by"
    AUTHOR = "author"

    # Identity is enough, as for comparing: Enum computes its hash in Python at every look-up.
    __hash__ = object.__hash__


FEW_COLUMNS = 4
"""A related row of so few columns is read whole: other fields of the operation may refer to the same row."""


@dataclass(frozen=True, slots=True)
class Join:
    """The join of an element to a related row."""

    key: str
    """The element's column that names the related row."""
    by: ColumnElement[Any]
    """The unique column of the related row that `key` is compared with."""
    rows: Select[Any]
    """The columns of the view, the first of which is never null."""
    view: type[NamedTuple]

    is_whole: bool = True
    """All columns of the view are read, so that a loader can answer with it."""

    def reading(self, columns: Columns) -> "Join":
        """The join with only these columns of the related row, besides the first, where it has many."""
        if columns is None or len(self.view._fields) <= FEW_COLUMNS:
            return self
        rows = reading_only(self.rows, layout_of(self.view), columns | {self.view._fields[0]})
        return replace(self, rows=rows, is_whole=False)


def _user_by(key: str) -> Join:
    return Join(key, USER.c.id, select(*columns(USER, UserView)), UserView)


JOINS = {
    Related.CONTRACT: Join(
        "contract_id",
        CONTRACT.c.id,
        CONTRACTS.where(CONTRACT_ACCESS.c.user_id == VIEWER),
        ContractView,
    ),
    Related.CREATED_BY: _user_by("created_by"),
    Related.DRAFT: Join(
        "id",
        FLOW_DRAFT.c.flow_id,
        select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_(None)),
        DraftView,
    ),
    Related.PUBLISHED_VERSION: Join(
        "published_version_id", FLOW_VERSION.c.id, select(*columns(FLOW_VERSION, VersionView)), VersionView
    ),
    Related.PUBLISHED_BY: _user_by("published_by"),
    Related.AUTHOR: _user_by("author_id"),
}
"""A viewer of a flow sees its draft, its versions and their authors (A4)."""


def reading_only(rows: Select[Any], layout: Layout, columns: Columns) -> Select[Any]:
    """The rows with null in place of the columns that aren't read, so that the indexes of the others stay."""
    if columns is None:
        return rows
    unread = {index for name, index in _indexes(layout) if name not in columns}
    selected = [
        cast(null(), column.type).label(column.name) if index in unread else column
        for index, column in enumerate(rows.selected_columns)
    ]
    return rows.with_only_columns(*selected, maintain_column_froms=True)


def _indexes(layout: Layout) -> Iterator[tuple[str, int]]:
    """The names of columns and their indexes, those of objects in the row too."""
    for name, part in layout.items():
        if isinstance(part, int):
            yield name, part
        else:
            yield from _indexes(part)


class Joined:
    """The related rows that are joined to the rows of a page; `start` is the number of the page's own columns."""

    def __init__(self, joins: Mapping[Related, Join], *, start: int) -> None:
        self._joins = joins
        self.layouts: dict[Related, Layout] = {}
        """By relation; the columns are null without a related row."""
        self.whole = [related for related, join in joins.items() if join.is_whole]
        for related, join in joins.items():
            self.layouts[related] = layout_of(join.view, start)
            start += len(join.view._fields)

    def to(self, rows: FromClause, page: FromClause, *, keys: int) -> Select[Any]:
        """The page, which is among the rows, with what its rows refer to before its last columns, the keys.

        Each thing is asked for in a subquery of its own that is limited to one row, so that the planner looks it up by
        its index, however many it believes there are.
        """
        columns: list[ColumnElement[Any]] = []
        for related, join in self._joins.items():
            one_related = join.rows.where(join.by == page.c[join.key]).limit(1).lateral(f"its_{related.value}")
            rows = rows.outerjoin(one_related, true())
            columns += one_related.c
        of_page = list(page.c)
        return select(*of_page[:-keys], *columns, *of_page[-keys:]).select_from(rows)

    def related_rows(self, related: Related, rows: Sequence[Sequence[Any]], elements: Sequence[Any]) -> dict[Any, Any]:
        """The rows that the elements refer to, by key; None for a row that doesn't exist."""
        join, [start, *_] = self._joins[related], self.layouts[related].values()
        end = start + len(join.view._fields)
        keys = [getattr(element, join.key) for element in elements]
        views = [None if row[start] is None else tuple.__new__(join.view, row[start:end]) for row in rows]
        return {key: view for key, view in zip(keys, views, strict=True) if key is not None}


NOTHING_JOINED = Joined({}, start=0)
