"""Warnings of copies and exports as they are stored with an idempotency key: ids, whose names are read anew for each answer (P5)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.domain.bindings import AgentNotCopied, ExportWarning
from app.domain.model import Target
from app.domain.step import Step
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch

StoredWarning = dict[str, Any]


def warning_to_json(warning: ExportWarning) -> StoredWarning:
    match warning:
        case MultipleTopicsNotCopied():
            return {"topics": [topic.id for topic in warning.topics]}
        case TopicSchemaMismatch():
            topics = {"from": warning.from_topic, "to": warning.to_topic}
            ids = {end: None if topic is None else topic.id for end, topic in topics.items()}
            return {**ids, "missing": warning.missing_properties}
        case AgentNotCopied():
            return {"agent": warning.agent_id, "steps": warning.steps}


def ids_of(warnings: Iterable[StoredWarning]) -> Iterator[str]:
    """Of the topics and agents that these name."""
    for warning in warnings:
        yield from warning.get("topics", ())
        yield from (warning[end] for end in ("from", "to", "agent") if end in warning)


def warning_from_json(warning: StoredWarning, visible: Mapping[str, Target], destination: str | None) -> ExportWarning:
    """The warning with the names of what the viewer can see; that of the destination is None where it isn't."""
    if "topics" in warning:
        return MultipleTopicsNotCopied(
            tuple(visible[each] for each in warning["topics"] if each in visible), refused=False
        )
    if "agent" in warning:
        steps = tuple(Step(*step) for step in warning["steps"])
        return AgentNotCopied(warning["agent"], visible.get(warning["agent"]), steps, destination)
    return TopicSchemaMismatch(visible.get(warning["from"]), visible.get(warning["to"]), tuple(warning["missing"]))
