"""The topics of a flow that is exported (the table of topics, T1 to T4)."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from app.domain.component import Component, Step, read_command
from app.domain.errors import TOPIC, FlowRefusal, Refusal, counted, enumerated, named, not_here, printable
from app.domain.flow import Flow
from app.domain.model import ReferenceKind, Target, Workspace


@dataclass(frozen=True, slots=True)
class MultipleTopicsNotCopied(Refusal):
    """An error where one topic was given for several; a warning where the topics were cleared."""

    topics: tuple[Target, ...]
    refused: bool

    @property
    def message(self) -> str:
        if self.refused:
            return (
                f"The flow uses several topics ({enumerated(self.topics, named)}), which one topic can't replace. "
                "Map each of them instead, or export it without a topic and choose the topics in the draft."
            )
        what, verb = ("a topic", "was") if len(self.topics) == 1 else ("topics", "were")
        topics = counted("topic", self.topics, named).strip()
        return f"The {topics} of the flow {verb} not copied. Choose {what} of the destination in the draft."


@dataclass(frozen=True, slots=True)
class TopicNotAccessible(Refusal):
    topic_id: str
    workspace: Workspace
    step: Step | None = None
    """Set if the topic was named for a step."""
    target: Target | None = field(default=None, compare=False)
    """The target of this id, if the caller can see it."""
    mapped_from: str | None = None
    """The id of the topic that a mapping replaces."""
    replaced: Target | None = field(default=None, compare=False)
    """The topic that a mapping replaces, if the caller can see it."""

    @property
    def message(self) -> str:
        reason = not_here(ReferenceKind.TOPIC, self.topic_id, self.target, self.workspace)
        step = "" if self.step is None else f" for the step {self.step.label}"
        place = "" if self.replaced is None else f" for {named(self.replaced)}"
        return f"{reason} Choose a topic of {named(self.workspace)}{step}{place}."


@dataclass(frozen=True, slots=True)
class FlowHasNoTopic(FlowRefusal):
    @property
    def message(self) -> str:
        return (
            f"The flow {printable(self.flow_name)} has no pub/sub step, so it can't take a topic. Leave the topic out."
        )


@dataclass(frozen=True, slots=True)
class TopicSchemaMismatch:
    """A warning: with the new topic, properties are missing (T4). A topic is None where the caller can't see it."""

    from_topic: Target | None
    to_topic: Target | None
    missing_properties: tuple[str, ...]

    @property
    def message(self) -> str:
        is_or_are = "property is" if len(self.missing_properties) == 1 else "properties are"
        new = "another topic" if self.to_topic is None else f"the destination's topic {named(self.to_topic)}"
        old = "the source's" if self.from_topic is None else f"the source's {named(self.from_topic)}"
        return (
            f"With {new} instead of {old}, "
            f"{len(self.missing_properties)} {is_or_are} missing: {enumerated(self.missing_properties, printable)}. "
            "Check the mappings of the steps that use it."
        )


TopicUses = Mapping[Step, str | None]
"""The pub/sub steps of a flow, each with the topic that it uses, if any."""


def may_replace_topic(uses: TopicUses, visible_ids: Container[str]) -> bool:
    """Whether one topic can take the place of the flow's: it has pub/sub steps, which use no more than one."""
    return bool(uses) and len(distinct_topics(uses, visible_ids)) <= 1


def distinct_topics(uses: TopicUses, visible_ids: Container[str]) -> tuple[str, ...]:
    """The topics that are used, each once; a step without a topic, or with one that is gone, counts as none (T1, W7)."""
    topics = (topic_id for topic_id in uses.values() if topic_id is not None and topic_id in visible_ids)
    return tuple(dict.fromkeys(topics))


def topic_refused(
    topic_id: str | None,
    flow: Flow,
    uses: TopicUses,
    workspace: Workspace | None,
    targets: Mapping[str, Target],
) -> tuple[FlowHasNoTopic | MultipleTopicsNotCopied | TopicNotAccessible, ...]:
    """Refuse a topic for a flow without one, one topic for many, and a topic that lives elsewhere (the table).

    Without a workspace the destination isn't known. `targets` has the topics that the caller can see (A4, A5).
    """
    if topic_id is None:
        return ()
    if not uses:
        return (FlowHasNoTopic(flow.id, flow.name, path=TOPIC),)
    if not may_replace_topic(uses, targets):
        topics = tuple(targets[topic] for topic in distinct_topics(uses, targets))
        return (MultipleTopicsNotCopied(topics, refused=True, path=TOPIC),)
    topic = targets.get(topic_id)
    if workspace is None or (topic is not None and topic.lives_in(workspace, ReferenceKind.TOPIC)):
        return ()
    return (TopicNotAccessible(topic_id, workspace, target=topic, path=TOPIC),)


def is_pub_sub(component: Component | None) -> bool:
    """The mark alone counts."""
    return component is not None and component.pub_sub


def missing_with_each(
    steps: Iterable[Step], old: Target, candidates: Iterable[tuple[str, str | None]]
) -> list[tuple[str, ...]]:
    """The properties that these steps miss with each of several topics, by id and schema; sorted, top level only (T4).

    With the old topic itself they miss nothing. The steps and its schema are read once.
    """
    functions = _functions(steps)
    before = _read_schema(old.schema)
    return [() if id_ == old.id else _missing(functions, before, _read_schema(schema)) for id_, schema in candidates]


def schema_mismatches(replaced: Mapping[tuple[Target, Target], Sequence[Step]]) -> Iterator[TopicSchemaMismatch]:
    """One warning per pair of topics (T4), with the steps that use the second instead of the first.

    Each schema is read once, however many pairs it is in.
    """
    schemas = {topic.id: _read_schema(topic.schema) for topic in dict.fromkeys(chain.from_iterable(replaced))}
    for (old, new), steps in replaced.items():
        missing = _missing(_functions(steps), schemas[old.id], schemas[new.id])
        if missing:
            yield TopicSchemaMismatch(old, new, missing)


def _functions(steps: Iterable[Step]) -> frozenset[str]:
    return frozenset(read.function for step in steps if (read := read_command(step.command)) is not None)


@dataclass(frozen=True, slots=True)
class _Schema:
    declared: frozenset[str]
    required: frozenset[str]


def _missing(functions: Container[str], before: _Schema | None, after: _Schema | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    missing: set[str] = set()
    if "pub" in functions:
        missing |= after.required - before.declared
    if "sub" in functions:
        missing |= before.required - after.declared
    return tuple(sorted(missing))


def _read_schema(text: str | None) -> _Schema | None:
    """Read the top level of a topic's JSON schema; None if it isn't a readable schema object."""
    try:
        schema: Any = None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(schema, dict):
        return None
    properties, required = schema.get("properties"), schema.get("required")
    return _Schema(
        frozenset(properties) if isinstance(properties, dict) else frozenset(),
        frozenset(name for name in required if isinstance(name, str)) if isinstance(required, list) else frozenset(),
    )
