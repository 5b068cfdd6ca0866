"""What changed between two states of a flow: steps, links and bindings, in entries that are useful to read.

A text that changed in one place is one entry, and a list that grew by one element is one entry. Steps and links are
matched by their ids; paths are JSON Pointers (RFC 6901) into the step or link.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.domain.component import Step
from app.domain.graph import Bindings, Json, StepBindings, canonical, link_ids, numbered
from app.domain.nouns import ReferenceKind
from app.domain.references import by_position


@dataclass(frozen=True, slots=True)
class FieldChange:
    """None stands for a value that isn't there, and for null."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Changed:
    """A step or a link, by its id, that both states have."""

    id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class BindingChange:
    step_id: str
    kind: ReferenceKind
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """From the older state to the newer one."""

    identical: bool
    """In content and bindings."""
    added_steps: tuple[str, ...] = ()
    removed_steps: tuple[str, ...] = ()
    changed_steps: tuple[Changed, ...] = ()
    added_links: tuple[str, ...] = ()
    removed_links: tuple[str, ...] = ()
    changed_links: tuple[Changed, ...] = ()
    bindings: tuple[BindingChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a flow, as comparing needs it."""

    content_hash: str
    steps: tuple[Step, ...]
    bindings: Bindings
    content: Json = None
    """Needed only where the other state has another hash."""


def compare(older: Snapshot, newer: Snapshot) -> GraphDiff:
    """What changed from one state to the other. Equal content isn't looked into."""
    bindings = tuple(_binding_changes(older, newer))
    if older.content_hash == newer.content_hash:
        return GraphDiff(identical=not bindings, bindings=bindings)
    before, after = _steps(older.content), _steps(newer.content)
    links_before, links_after = _links(older.content), _links(newer.content)
    comparison = _Comparison()
    return GraphDiff(
        identical=False,
        added_steps=tuple(key for key in after if key not in before),
        removed_steps=tuple(key for key in before if key not in after),
        changed_steps=tuple(comparison.changed(before, after)),
        added_links=tuple(key for key in links_after if key not in links_before),
        removed_links=tuple(key for key in links_before if key not in links_after),
        changed_links=tuple(comparison.changed(links_before, links_after)),
        bindings=bindings,
    )


def field_changes(before: Json, after: Json) -> tuple[FieldChange, ...]:
    """Where two JSON values differ, each place once, with its JSON Pointer."""
    return _Comparison().changes(before, after)


LONGEST_MATCHED = 1000
"""Where longer lists differ between their common ends, they are compared element by element."""

MOST_MATCHED = 5 * LONGEST_MATCHED**2
"""So are all lists of two states once this many pairs of elements were looked at, so that no graph takes minutes."""


class _Comparison:
    """Of two values, or of all steps and links of two states, which share what may be spent on matching lists."""

    def __init__(self) -> None:
        self._pairs_left = MOST_MATCHED

    def changed(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Changed]:
        for key, value in after.items():
            if key in before:
                fields = self.changes(before[key], value)
                if fields:
                    yield Changed(key, fields)

    def changes(self, before: Json, after: Json) -> tuple[FieldChange, ...]:
        return tuple(self._changes("", before, after))

    def _changes(self, path: str, before: Json, after: Json) -> Iterator[FieldChange]:
        if isinstance(before, dict) and isinstance(after, dict):
            for key in dict.fromkeys((*before, *after)):
                pointer = f"{path}/{_escaped(key)}"
                if key in before and key in after:
                    yield from self._changes(pointer, before[key], after[key])
                else:
                    yield FieldChange(pointer, before.get(key), after.get(key))
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._changes_of_list(path, before, after)
        elif canonical(before) != canonical(after):
            yield FieldChange(path, before, after)

    def _changes_of_list(self, path: str, before: list[Json], after: list[Json]) -> Iterator[FieldChange]:
        """What came to a list has the index that it has now, what went the index that it had."""
        for i1, i2, j1, j2 in self._unequal([canonical(one) for one in before], [canonical(one) for one in after]):
            pairs = min(i2 - i1, j2 - j1)
            for offset in range(pairs):
                yield from self._changes(f"{path}/{j1 + offset}", before[i1 + offset], after[j1 + offset])
            yield from (FieldChange(f"{path}/{index}", before[index], None) for index in range(i1 + pairs, i2))
            yield from (FieldChange(f"{path}/{index}", None, after[index]) for index in range(j1 + pairs, j2))

    def _unequal(self, before: list[str], after: list[str]) -> Iterator[tuple[int, int, int, int]]:
        """The stretches in which two lists differ: from where to where in the one, and in the other.

        Common ends are set apart first: among elements that are alike, the longest match needn't be the plainest.
        """
        shorter = min(len(before), len(after))
        start = next((index for index in range(shorter) if before[index] != after[index]), shorter)
        rest = shorter - start
        end = next((index for index in range(rest) if before[-1 - index] != after[-1 - index]), rest)
        old, new = before[start : len(before) - end], after[start : len(after) - end]
        pairs = len(old) * len(new)
        if pairs > min(LONGEST_MATCHED**2, self._pairs_left):
            yield start, len(before) - end, start, len(after) - end
            return
        self._pairs_left -= pairs
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                yield start + i1, start + i2, start + j1, start + j2


def _binding_changes(older: Snapshot, newer: Snapshot) -> Iterator[BindingChange]:
    """In the order of the newer steps, those that are gone last."""
    before, after = _bound_by_id(older), _bound_by_id(newer)
    for key in dict.fromkeys((*after, *before)):
        for kind in ReferenceKind:
            was, now = before.get(key, {}).get(kind), after.get(key, {}).get(kind)
            if canonical(was) != canonical(now):
                samples = kind is ReferenceKind.DATA_SAMPLES
                yield BindingChange(key, kind, None if samples else was, None if samples else now)


def _bound_by_id(state: Snapshot) -> dict[str, Mapping[ReferenceKind, Json]]:
    bound = by_position(state.bindings)
    keys = numbered(step.id for step in state.steps)
    return {
        key: bound.get(step.position, StepBindings(step.position)).values
        for key, step in zip(keys, state.steps, strict=True)
    }


def _steps(content: Json) -> dict[str, Json]:
    nodes = content["nodes"]
    return dict(zip(numbered(node["id"] for node in nodes), nodes, strict=True))


def _links(content: Json) -> dict[str, Json]:
    return dict(zip(link_ids(content["edges"]), content["edges"], strict=True))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
