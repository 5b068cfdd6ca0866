"""Asking where two JSON values or graphs differ, in a line."""

from app.domain.diff import Comparison, FieldChange, Snapshot
from app.domain.graph import Json, canonical, content_hash, split, steps_of
from app.domain.matching import ComparisonLimit


def field_changes(before: Json, after: Json, limit: ComparisonLimit | None = None) -> tuple[FieldChange, ...]:
    return Comparison(limit or ComparisonLimit()).changes(before, after)


def changes(*entries: tuple[str, Json, Json]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(*entry) for entry in entries)


def snapshot(graph: Json) -> Snapshot:
    content, bindings = split(graph, lambda _: "topic")
    return Snapshot(content_hash(canonical(content)), steps_of(content), bindings, content)
