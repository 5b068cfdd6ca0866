"""How large what is decided about is, as `offload` counts: in characters of graphs."""

from collections.abc import Sequence

from app.domain.draft import DraftFacts
from app.domain.export_facts import GatheredFacts
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.step import Step

CHARACTERS_PER_STEP = 50
"""A step, a link, or what a step is bound to, has at least about so many in a graph."""


def size_of_steps(steps: Sequence[Step]) -> int:
    return CHARACTERS_PER_STEP * len(steps)


def size_of_states(*states: FlowState) -> int:
    parts = sum(len(state.steps) + len(state.links) + len(state.bindings) for state in states)
    return CHARACTERS_PER_STEP * parts


def size_of_flows(*flows: Flow | None) -> int:
    """Of all their states at hand."""
    saved = (saved for flow in flows if flow is not None for saved in (flow.published, flow.draft))
    return size_of_states(*(each.state for each in saved if each is not None))


def size_of_draft(facts: DraftFacts | None) -> int:
    return 0 if facts is None else size_of_flows(facts.flow) + size_of_version(facts.named_version)


CHARACTERS_PER_EXPORT = 500
"""Deciding about an export takes a while, however small the flow."""


def size_of_exports(facts: GatheredFacts, number: int = 1) -> int:
    """Of everything that so many copies and exports look at."""
    graphs = size_of_flows(*facts.flows.values()) + sum(map(size_of_version, facts.versions.values()))
    return graphs + CHARACTERS_PER_EXPORT * number


def size_of_version(version: SavedState | None) -> int:
    return 0 if version is None else size_of_states(version.state)
