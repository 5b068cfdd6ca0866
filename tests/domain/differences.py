"""Asking where two JSON values differ, in a line."""

from app.domain.diff import Comparison, FieldChange
from app.domain.graph import Json
from app.domain.matching import ComparisonLimit


def field_changes(before: Json, after: Json, limit: ComparisonLimit | None = None) -> tuple[FieldChange, ...]:
    return Comparison(limit or ComparisonLimit()).changes(before, after)
