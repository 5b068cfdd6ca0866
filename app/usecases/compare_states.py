"""What changed between drafts and versions: many comparisons at once, in as many statements as for one."""

from collections.abc import Sequence

import orjson

from app.domain.diff import GraphDiff, Snapshot, compare
from app.domain.graph import Json
from app.domain.nouns import UserId
from app.storage.engine import Database
from app.storage.reads.graphs import read_contents
from app.storage.reads.states import StateView, read_states

Pair = tuple[str, str]
"""The ids of two drafts or versions, the older one first."""


async def compare_states(database: Database, actor: UserId, pairs: Sequence[Pair]) -> list[GraphDiff | None]:
    """What changed from the first to the second of each pair; None unless the caller sees both and one flow has them.

    Content is read only where the hashes differ.
    """
    async with database.reading() as connection:
        states = await read_states(connection, actor, sorted({one for pair in pairs for one in pair}))
        found = [(states.get(older), states.get(newer)) for older, newer in pairs]
        differing = {view.state.content_hash for pair in found if _differ(*pair) for view in pair if view is not None}
        contents = await read_contents(connection, sorted(differing)) if differing else {}
    read = {content_hash: orjson.loads(text) for content_hash, text in contents.items()}
    return [_compared(older, newer, read) for older, newer in found]


def _differ(older: StateView | None, newer: StateView | None) -> bool:
    return older is not None and newer is not None and older.state.content_hash != newer.state.content_hash


def _compared(older: StateView | None, newer: StateView | None, contents: dict[str, Json]) -> GraphDiff | None:
    if older is None or newer is None or older.flow_id != newer.flow_id:
        return None
    return compare(_snapshot(older, contents), _snapshot(newer, contents))


def _snapshot(view: StateView, contents: dict[str, Json]) -> Snapshot:
    state = view.state
    return Snapshot(state.content_hash, state.steps, state.bindings, contents.get(state.content_hash))
