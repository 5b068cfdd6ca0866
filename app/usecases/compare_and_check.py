"""Compare drafts and versions, and check whether they can be published: many take as many statements as one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import orjson

from app.domain.component import Catalogue
from app.domain.diff import Changed, FieldChange, GraphDiff, compare
from app.domain.flow import CopiedState, FlowState, SourceWish, size_of_graphs
from app.domain.graph import Json
from app.domain.matching import ComparisonLimit
from app.domain.model import Target, UserId
from app.domain.readiness import Blocker, blockers
from app.offload import interruptible, offload
from app.storage.connections.database import Database
from app.storage.facts.gather import read_catalogue, read_targets
from app.storage.reads.graphs import StateView, read_chosen, read_contents, read_states

Pair = tuple[str, str]
"""The ids of two drafts or versions, the older one first."""

StateWish = tuple[str, SourceWish]
"""A flow, by its id, and which of its states."""

StatePair = tuple[FlowState, FlowState]
"""The older one first."""

CACHED = 2
"""How many contents are cached parsed: pairs that follow each other in a history share one."""


async def compare_states(
    database: Database, actor: UserId, pairs: Sequence[Pair], comparison_limit: ComparisonLimit
) -> list[GraphDiff | None]:
    """Compare the states of each pair; None unless the caller sees both and they belong to one flow."""
    async with database.reading() as connection:
        states = await read_states(connection, actor, sorted({one for pair in pairs for one in pair}))
    of_pairs = [_of_one_flow(states.get(older), states.get(newer)) for older, newer in pairs]
    return await compare_found(database, of_pairs, comparison_limit)


async def compare_flows(
    database: Database, actor: UserId, older: StateWish, newer: StateWish, comparison_limit: ComparisonLimit
) -> GraphDiff | None:
    """Compare states of two flows; None where the caller can't see both, or a flow has no such state."""
    async with database.reading() as connection:
        flows = [await read_chosen(connection, actor, *wish) for wish in (older, newer)]
    states = [flow.copied.state for flow in flows if flow is not None and isinstance(flow.copied, CopiedState)]
    if len(states) < len(flows):
        return None
    [before, after] = states
    return (await compare_found(database, [(before, after)], comparison_limit))[0]


async def compare_found(
    database: Database, pairs: Sequence[StatePair | None], comparison_limit: ComparisonLimit
) -> list[GraphDiff | None]:
    """Compare states that were read already, such as those of plans. The pairs share what one request may take.

    Content is read only where the hashes differ. Different values stay JSON text, which takes the least memory.
    """
    different = [pair for pair in pairs if pair is not None and pair[0].content_hash != pair[1].content_hash]
    contents: Mapping[str, str] = {}
    if different:
        async with database.reading() as connection:
            contents = await read_contents(connection, sorted({one.content_hash for pair in different for one in pair}))

    @lru_cache(maxsize=CACHED)
    def content_of(content_hash: str) -> Json:
        return orjson.loads(contents[content_hash])

    def compared(pair: StatePair | None) -> GraphDiff | None:
        return None if pair is None else _with_texts(compare(*pair, content_of, comparison_limit))

    size = sum(len(contents.get(state.content_hash, "")) for pair in pairs for state in pair or ())
    return await offload(size, lambda: [compared(pair) for pair in interruptible(pairs)])


def _of_one_flow(older: StateView | None, newer: StateView | None) -> StatePair | None:
    if older is None or newer is None or older.flow_id != newer.flow_id:
        return None
    return older.state, newer.state


def _with_texts(diff: GraphDiff) -> GraphDiff:
    """Write the lists and objects of changes as JSON text."""
    steps, links = (
        tuple(Changed(change.id, _as_texts(change.fields)) for change in changes)
        for changes in (diff.changed_steps, diff.changed_links)
    )
    return replace(diff, changed_steps=steps, changed_links=links, fields=_as_texts(diff.fields))


def _as_texts(changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(change.path, _as_text(change.before), _as_text(change.after)) for change in changes)


def _as_text(value: Json) -> Json:
    """A list or an object as text: what `dumps` returns takes 4 KB however short it is."""
    return orjson.Fragment(orjson.dumps(value).decode()) if isinstance(value, dict | list) else value


async def check_readiness(
    database: Database, actor: UserId, state_ids: Sequence[str]
) -> dict[str, tuple[Blocker, ...]]:
    """Find the blockers of each draft or version (H3, N4). Every step counts as an object of the operation."""
    async with database.reading() as connection:
        states = await read_states(connection, actor, state_ids, counts_steps=True)
        used = {step.command for view in states.values() for step in view.state.graph.steps}
        catalogue = await read_catalogue(connection, actor, used)
        bound = {reference for view in states.values() for reference in view.state.graph.references}
        targets = await read_targets(connection, actor, bound)
    size = size_of_graphs(*(view.state.graph for view in states.values()))
    return await offload(size, _blockers, states, catalogue, targets)


def _blockers(
    states: Mapping[str, StateView], catalogue: Catalogue, targets: Mapping[str, Target]
) -> dict[str, tuple[Blocker, ...]]:
    return {
        state_id: blockers(view.state.graph, view.access.workspace, catalogue, targets)
        for state_id, view in interruptible(states.items())
    }
