"""Asking where two JSON values differ, in a line."""

from app.domain.diff import Comparison, FieldChange
from app.domain.graph import Json
from app.domain.matching import ComparisonBudget


def field_changes(before: Json, after: Json, budget: ComparisonBudget | None = None) -> tuple[FieldChange, ...]:
    return Comparison(budget or ComparisonBudget()).changes(before, after)
