"""Compare drafts and versions: many comparisons take as many statements as one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson
from cachetools import LRUCache

from app.domain.diff import Changed, FieldChange, GraphDiff, Snapshot, compare
from app.domain.flow import FlowState
from app.domain.graph import Json
from app.domain.matching import ComparisonLimit
from app.domain.model import UserId
from app.offload import interruptible, offload
from app.storage.connections.connection import ReadConnection
from app.storage.connections.database import Database
from app.storage.reads.graphs import read_contents
from app.storage.reads.states_by_id import StateView, read_states

Pair = tuple[str, str]
"""The ids of two drafts or versions, the older one first."""

StatePair = tuple[FlowState, FlowState]
"""The older one first."""

CACHED = 2
"""How many contents are cached parsed: pairs that follow each other in a history share one."""


async def compare_states(
    database: Database, actor: UserId, pairs: Sequence[Pair], comparison_limit: ComparisonLimit
) -> list[GraphDiff | None]:
    """Compare the states of each pair; None unless the caller sees both and they belong to one flow.

    Content is read only where the hashes differ. Different values stay JSON text, which takes the least memory.
    """
    async with database.reading() as connection:
        states = await read_states(connection, actor, sorted({one for pair in pairs for one in pair}))
        found = [_of_one_flow(states.get(older), states.get(newer)) for older, newer in pairs]
        contents = await _read_contents(connection, found)
    return await _compared(found, contents, comparison_limit)


async def compare_found(
    database: Database, pairs: Sequence[StatePair], comparison_limit: ComparisonLimit
) -> list[GraphDiff | None]:
    """Compare states that were read already, such as those of plans."""
    async with database.reading() as connection:
        contents = await _read_contents(connection, pairs)
    return await _compared(pairs, contents, comparison_limit)


def _of_one_flow(older: StateView | None, newer: StateView | None) -> StatePair | None:
    if older is None or newer is None or older.flow_id != newer.flow_id:
        return None
    return older.state, newer.state


async def _read_contents(connection: ReadConnection, pairs: Sequence[StatePair | None]) -> Mapping[str, str]:
    different = [pair for pair in pairs if pair is not None and pair[0].content_hash != pair[1].content_hash]
    hashes = sorted({state.content_hash for pair in different for state in pair})
    return await read_contents(connection, hashes) if hashes else {}


async def _compared(
    pairs: Sequence[StatePair | None], contents: Mapping[str, str], comparison_limit: ComparisonLimit
) -> list[GraphDiff | None]:
    comparisons = _Comparisons(contents, comparison_limit)
    size = sum(len(contents.get(state.content_hash, "")) for pair in pairs for state in pair or ())
    return await offload(size, lambda: [comparisons.compared(pair) for pair in interruptible(pairs)])


class _Comparisons:
    """Comparisons of one request, which share what they may take."""

    def __init__(self, contents: Mapping[str, str], limit: ComparisonLimit) -> None:
        self._contents = contents
        self._limit = limit
        self._parsed: LRUCache[str, Json] = LRUCache(CACHED)

    def compared(self, pair: StatePair | None) -> GraphDiff | None:
        if pair is None:
            return None
        older, newer = pair
        found = compare(self._snapshot(older), self._snapshot(newer), self._limit)
        steps, links = tuple(map(_as_text, found.changed_steps)), tuple(map(_as_text, found.changed_links))
        return replace(
            found, changed_steps=steps, changed_links=links, fields=tuple(map(_change_as_text, found.fields))
        )

    def _snapshot(self, state: FlowState) -> Snapshot:
        return Snapshot(
            state.content_hash,
            state.steps,
            state.bindings,
            self._content(state.content_hash),
            state.texts,
        )

    def _content(self, content_hash: str) -> Json:
        if content_hash in self._contents and content_hash not in self._parsed:
            self._parsed[content_hash] = orjson.loads(self._contents[content_hash])
        return self._parsed.get(content_hash)


def _as_text(changed: Changed) -> Changed:
    return Changed(changed.id, tuple(map(_change_as_text, changed.fields)))


def _change_as_text(change: FieldChange) -> FieldChange:
    return FieldChange(change.path, _value_as_text(change.before), _value_as_text(change.after))


def _value_as_text(value: Json) -> Json:
    """As text: what `dumps` returns takes 4 KB however short it is."""
    return orjson.Fragment(orjson.dumps(value).decode()) if isinstance(value, dict | list) else value
