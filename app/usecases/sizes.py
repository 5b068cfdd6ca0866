"""How large what is decided about is, as `offload` counts: in characters of graphs."""

from app.domain.draft import DraftFacts
from app.domain.export_facts import GatheredFacts
from app.domain.flow import Flow, FlowState, Graph, SavedState


def size_of_graphs(*graphs: Graph) -> int:
    """Each counts once, however many states have it."""
    return sum(graph.size for graph in {id(graph): graph for graph in graphs}.values())


def size_of_states(*states: FlowState) -> int:
    return size_of_graphs(*(state.graph for state in states))


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
    flows = (saved for flow in facts.flows.values() for saved in (flow.published, flow.draft) if saved is not None)
    return (
        size_of_states(*(saved.state for saved in (*flows, *facts.versions.values()))) + CHARACTERS_PER_EXPORT * number
    )


def size_of_version(version: SavedState | None) -> int:
    return 0 if version is None else size_of_states(version.state)
