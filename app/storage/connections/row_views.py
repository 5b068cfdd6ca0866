"""Views of rows: named tuples that are made of the columns of a row, and where their values stand in it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

from app.execution.rows import Layout

Element = TypeVar("Element")
View = TypeVar("View", bound=NamedTuple)


def layout_of(view: type[NamedTuple], start: int = 0) -> dict[Any, Any]:
    """The layout of a view whose columns begin at an index of the row."""
    return {name: start + index for index, name in enumerate(view._fields)}


class RowViews(NamedTuple, Generic[Element]):
    """How views are made of the rows of a statement."""

    make: Callable[[Any], Element]
    """Makes the view of a row."""
    layout: Layout
    """The places of the view's values in the row."""


def views_of(view: type[View], start: int = 0) -> RowViews[View]:
    """Views whose columns begin at an index of the row."""
    layout, make = layout_of(view, start), partial(tuple.__new__, view)
    end = start + len(layout)
    return RowViews(lambda row: make(row[start:end]), layout)
