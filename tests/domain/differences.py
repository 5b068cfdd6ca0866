"""Asking where two JSON values or graphs differ, in a line."""

from dataclasses import dataclass

from app.domain import diff
from app.domain.component import Step
from app.domain.diff import Comparison, FieldChange, GraphDiff
from app.domain.flow import FlowState, Graph
from app.domain.graph import Bindings, Json, canonical, content_hash, split, steps_of
from app.domain.matching import ComparisonLimit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a flow with its content."""

    content_hash: str
    steps: tuple[Step, ...]
    bindings: Bindings
    content: Json = None
    texts: tuple[str, str | None, str | None] = ("Orders", None, None)

    @property
    def state(self) -> FlowState:
        return FlowState(*self.texts, self.content_hash, Graph(self.steps, self.bindings))


def compare(older: Snapshot, newer: Snapshot, limit: ComparisonLimit | None = None) -> GraphDiff:
    contents = {state.content_hash: state.content for state in (older, newer)}
    return diff.compare(older.state, newer.state, contents.__getitem__, limit)


def field_changes(before: Json, after: Json, limit: ComparisonLimit | None = None) -> tuple[FieldChange, ...]:
    return Comparison(limit or ComparisonLimit()).changes(before, after)


def changes(*entries: tuple[str, Json, Json]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(*entry) for entry in entries)


def snapshot(graph: Json) -> Snapshot:
    content, bindings = split(graph, lambda _: "topic")
    return Snapshot(content_hash(canonical(content)), steps_of(content), bindings, content)
