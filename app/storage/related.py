"""Eager loading: what the elements of a page refer to is read in the statement of the page."""

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
    """The columns of its view."""
    view: type[NamedTuple]

    def read(self, row: Sequence[Any]) -> tuple[Any, ...] | None:
        """The thing in its columns; None if they are those of nothing."""
        return None if row[0] is None else tuple.__new__(self.view, row)


Joins = Mapping[Related, Join]
NO_JOINS: Joins = {}
Keyed = tuple[Any, Any]
"""Something with its key in a list."""
Found = dict[Related, dict[Any, Any]]
"""What was found by which key; None for what isn't there."""


def joined(rows: FromClause, page: FromClause, joins: Joins, *, keys: int) -> Select[Any]:
    """The page, which is among the rows, with what its rows refer to before its last columns, the keys.

    Each thing is asked for in a subquery of its own that is limited to one row, so that the planner looks it up by its
    index, however many it believes there are.
    """
    columns: list[ColumnElement[Any]] = []
    for related, join in joins.items():
        found = join.rows.where(join.by == page.c[join.key]).limit(1).lateral(f"its_{related}")
        rows = rows.outerjoin(found, true())
        columns += found.c
    of_page = list(page.c)
    return select(*of_page[:-keys], *columns, *of_page[-keys:]).select_from(rows)


def found_in(rows: Sequence[Keyed], elements: Sequence[Keyed], joins: Joins, *, start: int) -> Found:
    """What these elements refer to, in the rows that they were made of, whose columns for that begin at `start`."""
    found: Found = {}
    for related, join in joins.items():
        end = start + len(join.view._fields)
        keys = [getattr(element, join.key) for _, element in elements]
        read = [join.read(row[start:end]) for _, row in rows]
        found[related] = dict(zip(keys, read, strict=True))
        found[related].pop(None, None)
        start = end
    return found
