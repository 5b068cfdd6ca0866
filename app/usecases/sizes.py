"""How large what is decided about is, as `offload` counts: in characters of graphs."""

from collections.abc import Sequence

from app.domain.source import Flow, State
from app.domain.step import Step

CHARACTERS_PER_STEP = 50
"""A step, a link, or what a step is bound to, has at least about so many in a graph."""


def size_of_steps(steps: Sequence[Step]) -> int:
    return CHARACTERS_PER_STEP * len(steps)


def size_of_states(*states: State | None) -> int:
    parts = sum(len(state.steps) + len(state.links) + len(state.bindings) for state in states if state is not None)
    return CHARACTERS_PER_STEP * parts


def size_of_flows(*flows: Flow | None) -> int:
    """Of all their states at hand."""
    return size_of_states(*(state for flow in flows if flow is not None for state in (flow.published, flow.draft)))
