"""Compares two states of a flow: steps, links, bindings and the rest, in entries that are useful to read.

A text that changed in one place is one entry, and a list that grew by one element is one entry. Steps and links are
matched by their ids; paths are JSON Pointers (RFC 6901) into the step or link.
"""

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from app.domain.flow import TEXTS, FlowState, texts_of
from app.domain.graph import NOTHING, Json, canonical, link_ids, numbered
from app.domain.matching import BYTES_PER_STEP, ELEMENTS_PER_STEP, ComparisonLimit, Stretch, unequal
from app.domain.model import ReferenceKind


@dataclass(frozen=True, slots=True)
class FieldChange:
    """None stands for a missing value, and for null."""

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
    step_name: str | None = None
    """As the newer state has it, or the older one where the step is gone."""


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """From the older state to the newer one."""

    identical: bool
    """In content, bindings, name, description and schedule."""
    added_steps: tuple[str, ...] = ()
    removed_steps: tuple[str, ...] = ()
    changed_steps: tuple[Changed, ...] = ()
    added_links: tuple[str, ...] = ()
    removed_links: tuple[str, ...] = ()
    changed_links: tuple[Changed, ...] = ()
    bindings: tuple[BindingChange, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    """Changes of name, description and schedule, of the order of steps and links, and of the rest of the graph."""
    same_content: bool = False
    """Whether the states differ at most in bindings, name, description and schedule."""


def compare(
    older: FlowState, newer: FlowState, content_of: Callable[[str], Json], limit: ComparisonLimit | None = None
) -> GraphDiff:
    """Compare two states, of one flow or of two. `content_of` reads the content of a hash, where the two differ in it.

    Comparisons that share a limit take together what one may take; the effort is linear in the rest.
    """
    bindings, fields = tuple(_binding_changes(older, newer)), tuple(_shown_changes(older, newer))
    if older.content_hash == newer.content_hash:
        return GraphDiff(identical=not (bindings or fields), bindings=bindings, fields=fields, same_content=True)
    old, new = content_of(older.content_hash), content_of(newer.content_hash)
    before, after, links_before, links_after = _steps(old), _steps(new), _links(old), _links(new)
    comparison = Comparison(limit or ComparisonLimit())
    return GraphDiff(
        identical=False,
        added_steps=tuple(key for key in after if key not in before),
        removed_steps=tuple(key for key in before if key not in after),
        changed_steps=tuple(comparison.changed(before, after)),
        added_links=tuple(key for key in links_after if key not in links_before),
        removed_links=tuple(key for key in links_before if key not in links_after),
        changed_links=tuple(comparison.changed(links_before, links_after)),
        bindings=bindings,
        fields=(
            *fields,
            *_order_changes("/nodes", before, after),
            *_order_changes("/edges", links_before, links_after),
            *comparison.changed_keys(_rest(old), _rest(new)),
        ),
    )


ENTRY = 50
CONTAINER = 5
"""A change counts as so many characters beside those of its path, and a list or object that is looked into as so many."""

_At = tuple["_At", str | int] | None
"""The place of a value: its parent and its own key. Only changes get a path, since paths of all values take long."""


class Comparison:
    """Compares two values, or all steps and links of two states, whose objects have their keys in canonical order.

    Parts of lists that the limit leaves unmatched are compared element by element. Once the limit is spent, a step or
    link that changed is one change, with an empty path.
    """

    def __init__(self, limit: ComparisonLimit) -> None:
        self._limit = limit
        self._found: list[FieldChange] = []

    def changed(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Changed]:
        for key, value in after.items():
            if key in before and _exactly(before[key]) != _exactly(value):
                yield Changed(key, self.changes(before[key], value))

    def changed_keys(self, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
        """The differences of two objects, key by key; once the limit is spent, a key that changed is one change."""
        for changed in self.changed(before, after):
            for change in changed.fields:
                yield FieldChange(_pointer((None, changed.id)) + change.path, change.before, change.after)
        for key in sorted(before.keys() ^ after.keys()):
            yield FieldChange(_pointer((None, key)), before.get(key), after.get(key))

    def changes(self, before: Json, after: Json) -> tuple[FieldChange, ...]:
        """The differences of two JSON values, each place once, with its JSON Pointer."""
        self._found = []
        if not self._is_spent():
            self._compare(None, before, after)
        if self._is_spent():
            return (FieldChange("", before, after),)
        return tuple(self._found)

    def _is_spent(self) -> bool:
        return self._limit.characters < 0

    def _compare(self, at: _At, before: Json, after: Json) -> None:
        if isinstance(before, dict) and isinstance(after, dict):
            self._limit.characters -= CONTAINER
            self._compare_objects(at, before, after)
        elif isinstance(before, list) and isinstance(after, list):
            self._limit.characters -= CONTAINER
            for stretch in self._unequal(before, after):
                self._compare_stretch(at, before, after, stretch)
        elif _exactly(before) != _exactly(after):
            self._tell(at, before, after)

    def _compare_objects(self, at: _At, before: dict[str, Json], after: dict[str, Json]) -> None:
        for key in dict.fromkeys((*before, *after)):
            if self._is_spent():
                return
            if key in before and key in after:
                self._compare((at, key), before[key], after[key])
            else:
                self._tell((at, key), before.get(key), after.get(key))

    def _compare_stretch(self, at: _At, before: list[Json], after: list[Json], stretch: Stretch) -> None:
        """An element that was added has its new index, one that was removed its old one."""
        i1, i2, j1, j2 = stretch
        pairs = min(i2 - i1, j2 - j1)
        for offset in range(max(i2 - i1, j2 - j1)):
            if self._is_spent():
                return
            i, j = i1 + offset, j1 + offset
            if offset < pairs:
                self._compare((at, j), before[i], after[j])
            elif i < i2:
                self._tell((at, i), before[i], None)
            else:
                self._tell((at, j), None, after[j])

    def _unequal(self, before: list[Json], after: list[Json]) -> Iterable[Stretch]:
        if self._limit.steps <= 0:
            return [(0, len(before), 0, len(after))]
        old, new = list(map(_exactly, before)), list(map(_exactly, after))
        size = sum(map(len, old)) + sum(map(len, new))
        self._limit.steps -= (len(old) + len(new)) // ELEMENTS_PER_STEP + size // BYTES_PER_STEP
        return unequal(old, new, self._limit)

    def _tell(self, at: _At, before: Json, after: Json) -> None:
        path = _pointer(at)
        self._limit.characters -= len(path) + ENTRY
        self._found.append(FieldChange(path, before, after))


def _pointer(at: _At) -> str:
    keys = []
    while at is not None:
        at, key = at
        keys.append("/" + str(key).replace("~", "~0").replace("/", "~1"))
    return "".join(reversed(keys))


def _exactly(value: Json) -> bytes:
    """Equal for what is the same JSON with keys in one order, and for nothing else.

    The format of marshal tells all types of JSON apart and is made fast at any depth; its version 2 has no references.
    """
    return marshal.dumps(value, 2)


def _shown_changes(older: FlowState, newer: FlowState) -> Iterator[FieldChange]:
    """The changes of name, description and schedule."""
    for name, before, after in zip(TEXTS, texts_of(older), texts_of(newer), strict=True):
        if before != after:
            yield FieldChange(f"/{name}", before, after)


def _order_changes(path: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[FieldChange]:
    """One change, with their ids, where the steps or links that both states have stand in another order."""
    was, now = [key for key in before if key in after], [key for key in after if key in before]
    if was != now:
        yield FieldChange(path, was, now)


def _binding_changes(older: FlowState, newer: FlowState) -> Iterator[BindingChange]:
    """The changes in the order of the newer steps; steps that are gone come last."""
    before, after = _bound_by_id(older), _bound_by_id(newer)
    for key in dict.fromkeys((*after, *before)):
        (old_name, old), (new_name, new) = before.get(key, _NO_STEP), after.get(key, _NO_STEP)
        if old == new and all(isinstance(value, str | None) for value in new.values()):
            # Other values need not be the same where they are equal: `1` is no `1.0`.
            continue
        name = new_name if key in after else old_name
        for kind in ReferenceKind:
            was, now = old.get(kind), new.get(kind)
            if canonical(was) != canonical(now):
                yield BindingChange(key, kind, _id_of(kind, was), _id_of(kind, now), name)


def _id_of(kind: ReferenceKind, value: Json) -> str | None:
    return value if isinstance(value, str) and kind is not ReferenceKind.DATA_SAMPLES else None


_BoundStep = tuple[str | None, Mapping[ReferenceKind, Json]]
"""The name of a step, and what it is bound to."""
_NO_STEP: _BoundStep = None, NOTHING


def _bound_by_id(state: FlowState) -> dict[str, _BoundStep]:
    values = {bound.position: bound.values for bound in state.graph.bindings}
    steps = state.graph.steps
    keys = numbered(step.id for step in steps)
    return {key: (step.name, values.get(step.position, NOTHING)) for key, step in zip(keys, steps, strict=True)}


def _rest(content: Json) -> dict[str, Json]:
    """The parts of a graph beside steps and links, such as `nodes_config` and `variables`."""
    return {key: value for key, value in content.items() if key not in {"nodes", "edges"}}


def _steps(content: Json) -> dict[str, Json]:
    nodes = content["nodes"]
    return dict(zip(numbered(node["id"] for node in nodes), nodes, strict=True))


def _links(content: Json) -> dict[str, Json]:
    return dict(zip(link_ids(content["edges"]), content["edges"], strict=True))
