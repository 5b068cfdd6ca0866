"""What the rules say of a draft's life, in the terms of the model: what is refused, in codes, and what copies and saves come to."""

from collections.abc import Mapping

from tests.lifecycle.model import Draft, Flow, Model, State
from tests.lifecycle.small_graphs import THINGS, Bindings, Graph

MEMBERS: Mapping[str, tuple[str, ...]] = {
    "ada": ("development", "production", "kitchen"),
    "ben": ("development", "production"),
    "gus": ("development", "production", "kitchen"),
    "olga": (),
}
EDITORS = ("ada", "ben")

Choices = Mapping[str, str | None]
"""What steps are to be bound to; None clears."""

Sent = tuple[Graph, Bindings]
"""A graph, and what it names."""

Codes = set[str]
"""Of everything that a call is refused for; nothing: it goes through."""


def sees(by: str, flow: Flow | None) -> bool:
    return flow is not None and not flow.is_deleted and flow.workspace in MEMBERS[by]


def rights_missing(by: str) -> Codes:
    """Of somebody in a workspace that it sees."""
    return set() if by in EDITORS else {"INSUFFICIENT_PERMISSION"}


def stale(draft: Draft | None, expected: int | None) -> Codes:
    moved = expected is not None and (draft is None or draft.revision != expected)
    return {"STALE_DRAFT"} if moved else set()


def misplaced(bindings: Mapping[str, str | None], workspace: str) -> Codes:
    """What is named but lives elsewhere."""
    code = {"mail": "CREDENTIAL_NOT_ACCESSIBLE", "in": "TOPIC_NOT_ACCESSIBLE"}
    return {
        code[step] for step, thing in bindings.items() if thing is not None and thing not in THINGS[workspace][step]
    }


def update_refused(
    model: Model, flow: Flow, by: str, *, expected: int | None, graph: Sent | None, choices: Choices
) -> Codes:
    if not sees(by, flow):
        return {"FLOW_NOT_FOUND"}
    draft = model.draft_of(flow.id)
    base = draft.state if draft is not None else flow.published
    codes = rights_missing(by) | stale(draft, expected)
    if graph is None and base is None:
        return codes | {"INVALID_INPUT"}
    there = graph[0].ids if graph is not None else () if base is None else base.graph.ids
    unknown = {step for step in choices if step not in there}
    named = {**(graph[1] if graph is not None else {}), **{step: choices[step] for step in choices if step in there}}
    return codes | misplaced(named, flow.workspace) | ({"INVALID_INPUT"} if unknown else set())


def publish_refused(model: Model, flow: Flow, by: str, expected: int | None) -> Codes:
    codes = discard_refused(model, flow, by, expected)
    draft = model.draft_of(flow.id)
    not_ready = sees(by, flow) and draft is not None and not draft.state.is_ready
    return codes | ({"DRAFT_NOT_READY"} if not_ready else set())


def discard_refused(model: Model, flow: Flow, by: str, expected: int | None) -> Codes:
    if not sees(by, flow):
        return {"FLOW_NOT_FOUND"}
    draft = model.draft_of(flow.id)
    missing = {"DRAFT_NOT_FOUND"} if draft is None and expected is None else set()
    return missing | rights_missing(by) | stale(draft, expected)


def revert_refused(model: Model, flow: Flow, by: str, version_id: str, *, refuse: bool) -> Codes:
    """Whatever was published once is ready for ever here, since nothing that a step is bound to disappears."""
    if not sees(by, flow):
        return {"FLOW_NOT_FOUND"}
    missing = all(version.id != version_id for version in flow.versions)
    in_the_way = refuse and model.draft_of(flow.id) is not None
    return (
        ({"VERSION_NOT_FOUND"} if missing else set())
        | rights_missing(by)
        | ({"DRAFT_ALREADY_EXISTS"} if in_the_way else set())
    )


def start_refused(flow: Flow, by: str) -> Codes:
    """Whoever may edit may start and stop as well, of the people here."""
    if not sees(by, flow):
        return {"FLOW_NOT_FOUND"}
    return rights_missing(by) | (set() if flow.versions else {"FLOW_NOT_PUBLISHED"})


def stop_refused(flow: Flow, by: str) -> Codes:
    return rights_missing(by) if sees(by, flow) else {"FLOW_NOT_FOUND"}


def delete_refused(flow: Flow, by: str) -> Codes:
    return stop_refused(flow, by) | ({"FLOW_IS_ACTIVE"} if sees(by, flow) and flow.runs else set())


def restore_refused(model: Model, draft: Draft, by: str) -> Codes:
    if draft.fate not in {"ACTIVE", "SET_ASIDE"} or not sees(by, model.flows[draft.flow_id]):
        return {"DRAFT_NOT_FOUND"}
    return rights_missing(by) | ({"INVALID_INPUT"} if draft.fate == "ACTIVE" else set())


def chosen(model: Model, flow: Flow, source: str | None) -> State | str:
    """The state that is copied, or the code of the refusal; `source` is a state, the id of a version, or neither."""
    draft = model.draft_of(flow.id)
    if source == "DRAFT" or (source is None and flow.published is None):
        return "DRAFT_NOT_FOUND" if draft is None else draft.state
    named = [version.state for version in flow.versions if source == version.id]
    if source in {None, "PUBLISHED_VERSION"}:
        named = [] if flow.published is None else [flow.published]
    return named[0] if named else "VERSION_NOT_FOUND"


def copy_refused(model: Model, flow: Flow, by: str, source: str | None) -> Codes:
    if not sees(by, flow):
        return {"FLOW_NOT_FOUND"}
    state = chosen(model, flow, source)
    return rights_missing(by) | ({state} if isinstance(state, str) else set())


def export_refused(
    model: Model, flow: Flow, by: str, source: str | None, *, to: str | None, onto: Flow | None, refuse: bool
) -> Codes:
    """Into a workspace or onto a flow: exactly one of the two."""
    codes = copy_refused(model, flow, by, source)
    if onto is None:
        return codes | (rights_missing(by) if to in MEMBERS[by] else {"WORKSPACE_NOT_FOUND"})
    if not sees(by, onto):
        return codes | {"FLOW_NOT_FOUND"}
    in_the_way = refuse and model.draft_of(onto.id) is not None
    itself = onto.id == flow.id
    return (
        codes
        | rights_missing(by)
        | ({"DRAFT_ALREADY_EXISTS"} if in_the_way else set())
        | ({"CANNOT_OVERRIDE_ITSELF"} if itself else set())
    )


def bound_anew(state: State, *, inside: bool, overridden: tuple[State | None, ...] = ()) -> Bindings:
    """What the steps are bound to at the destination (X7, X7a); nothing that lives here lives there."""
    bindings = {}
    for step in state.graph.ids:
        own = state.bindings.get(step) if inside else None
        there = [other.bindings[step] for other in overridden if other is not None and step in other.bindings]
        found = own or next(iter(there), None)
        if found is not None:
            bindings[step] = found
    return bindings


def saved_bindings(base: State | None, graph: Sent | None, choices: Choices) -> Bindings:
    """What a draft is bound to after a save: as before, unless the graph or a choice names something else."""
    before = {} if base is None else dict(base.bindings)
    if graph is not None:
        before = {step: thing for step, thing in before.items() if step in graph[0].ids} | dict(graph[1])
    after = {**before, **choices}
    return {step: thing for step, thing in after.items() if thing is not None}
