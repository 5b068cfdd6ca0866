"""What is read with the elements of a page: what they refer to (eager loading)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, select, true


class Related(StrEnum):
    """What an element of a list may refer to: one thing, or none."""

    CONTRACT = "contract"
    CREATED_BY = "created_by"
    DRAFT = "draft"
    PUBLISHED_VERSION = "published_version"
    PUBLISHED_BY = "published_by"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Join:
    """How a thing is joined to the element that refers to it."""

    key: str
    """The column of the element that it is found by."""
    by: ColumnElement[Any]
    """What of the thing that is compared with; unique."""
    rows: Select[Any]
    """The columns of its view, the first of which is never null."""
    view: type[NamedTuple]


class Joined:
    """What is joined to the rows of a page, whose own columns are as many as `start` says."""

    def __init__(self, joins: Mapping[Related, Join], *, start: int) -> None:
        self._joins = joins
        self.starts: dict[Related, int] = {}
        """Where in a row the columns of each thing begin; they are null where there is nothing."""
        for related, join in joins.items():
            self.starts[related] = start
            start += len(join.view._fields)

    def __bool__(self) -> bool:
        return bool(self._joins)

    def to(self, rows: FromClause, page: FromClause, *, keys: int) -> Select[Any]:
        """The page, which is among the rows, with what its rows refer to before its last columns, the keys.

        Each thing is asked for in a subquery of its own that is limited to one row, so that the planner looks it up by
        its index, however many it believes there are.
        """
        columns: list[ColumnElement[Any]] = []
        for related, join in self._joins.items():
            found = join.rows.where(join.by == page.c[join.key]).limit(1).lateral(f"its_{related}")
            rows = rows.outerjoin(found, true())
            columns += found.c
        of_page = list(page.c)
        return select(*of_page[:-keys], *columns, *of_page[-keys:]).select_from(rows)

    def found(self, related: Related, rows: Sequence[Sequence[Any]], elements: Sequence[Any]) -> dict[Any, Any]:
        """What these elements refer to, by key, in the rows that they were made of; None for what isn't there."""
        join, start = self._joins[related], self.starts[related]
        end = start + len(join.view._fields)
        keys = [getattr(element, join.key) for element in elements]
        read = [None if row[start] is None else tuple.__new__(join.view, row[start:end]) for row in rows]
        return {key: each for key, each in zip(keys, read, strict=True) if key is not None}
