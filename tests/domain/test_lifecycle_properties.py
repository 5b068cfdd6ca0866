"""What holds of every draft: nothing is lost, nothing comes in from elsewhere, and what stands in the way is said."""

import copy
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, reject

from app.domain.choices import StepChoice
from app.domain.component import Component, Step
from app.domain.edit import KEEP, Saved, UpdatePlan, UpdateRefusal
from app.domain.errors import Refused
from app.domain.flow import Graph, SavedState
from app.domain.graph import Bindings, Json, numbered, steps_of
from app.domain.input import InvalidInput
from app.domain.model import ReferenceKind
from app.domain.readiness import DraftNotReady, MissingCredential, MissingTopic, blockers
from app.domain.references import CredentialNotAccessible, ReferenceAction, ReferenceOutcome, by_position
from app.domain.topics import TopicNotAccessible
from tests.domain.builders import CREDENTIAL, DATA_SAMPLES, DEVELOPMENT, TOPIC, catalogue, flow, saying
from tests.domain.lifecycle import agreed, choose, publish, revert, state_of, update
from tests.domain.random_drafts import COMPONENTS, CRM, HERE, KEYS, PUB, THINGS, VAULT, Change, changes, graphs, states
from tests.property_settings import bounded

CATALOGUE = catalogue(*COMPONENTS)
LIVES_HERE = {(thing.kind, thing.id): thing for thing in HERE}
COMPONENT_OF = {"lab/crm": CRM, "lab/vault": VAULT}

Named = dict[tuple[int, ReferenceKind], Json]


def save(change: Change) -> UpdatePlan | Saved | Refused[UpdateRefusal]:
    graph = KEEP if change.graph is None else change.graph
    return update(
        change.flow, *change.choices, name="Saved", graph=graph, knowing=THINGS.values(), components=COMPONENTS
    )


def base(change: Change) -> SavedState:
    state = change.flow.draft or change.flow.published
    assert state is not None
    return state


def steps_after(change: Change) -> tuple[Step, ...]:
    return base(change).state.graph.steps if change.graph is None else steps_of(change.graph)


def named_by(change: Change) -> Named:
    """What the caller names, by the graph or else by choices, for which step and kind; null too."""
    named: Named = {}
    for position, node in enumerate([] if change.graph is None else change.graph["nodes"]):
        named |= {(position, kind): node[key] for kind, key in KEYS.items() if key in node}
        if "selected_data_samples" in node:
            named[position, DATA_SAMPLES] = node["selected_data_samples"]
        if node["command"] == PUB and "topic" in node.get("fields", {}):
            named[position, TOPIC] = node["fields"]["topic"]
    for choice in change.choices:
        first = next((step for step in steps_after(change) if step.id == choice.step_id), None)
        if first is not None:
            named |= {(first.position, kind): value for kind, value in choice.choices.items()}
    return named


def mistakes_of(change: Change) -> list[tuple[str, str, object]]:
    """What the rules say against a save: code, step, and the thing or the path; each once, in the order of the answer."""
    steps, named = steps_after(change), named_by(change)
    wanted = [
        (kind, steps[position], value)
        for position in range(len(steps))
        for kind in ReferenceKind
        if (value := named.get((position, kind))) is not None
    ]
    topics = [
        ("TOPIC_NOT_ACCESSIBLE", step.id, value)
        for kind, step, value in wanted
        if kind is TOPIC and (kind, value) not in LIVES_HERE
    ]
    others = [
        ("CREDENTIAL_NOT_ACCESSIBLE", step.id, (kind, value))
        for kind, step, value in wanted
        if kind in KEYS and not fits(kind, value, step)
    ]
    mistakes = [
        ("INVALID_INPUT", choice.step_id, ("bindings", str(index), field))
        for index, choice in enumerate(change.choices)
        for field in mistaken_fields(choice, change.choices[:index], steps)
    ]
    return [*dict.fromkeys((*topics, *others, *mistakes))]


def mistaken_fields(choice: StepChoice, before: Sequence[StepChoice], steps: tuple[Step, ...]) -> list[str]:
    step = next((step for step in steps if step.id == choice.step_id), None)
    if step is None:
        return ["stepId"]
    repeated = ["stepId"] if any(other.step_id == choice.step_id for other in before) else []
    return repeated + (["topicId"] if choice.choices.get(TOPIC) is not None and step.command != PUB else [])


def summary_of(error: UpdateRefusal) -> tuple[str, str | None, object]:
    match error:
        case TopicNotAccessible():
            return error.code.value, None if error.step is None else error.step.id, error.topic_id
        case CredentialNotAccessible():
            return error.code.value, None if error.step is None else error.step.id, (error.kind, error.reference_id)
        case InvalidInput():
            return error.code.value, None, error.path
        case _:
            return error.code.value, None, None


def fits(kind: ReferenceKind, value: Json, step: Step) -> bool:
    thing, component = LIVES_HERE.get((kind, value)), component_of(step)
    return thing is not None and (
        thing.component_id is None or (component is not None and thing.component_id == component.id)
    )


def component_of(step: Step) -> Component | None:
    return COMPONENT_OF.get(step.command.partition(":")[0])


def keyed(steps: tuple[Step, ...]) -> dict[str, Step]:
    return dict(zip(numbered(step.id for step in steps), steps, strict=True))


@bounded
@given(changes)
def test_a_save_is_planned_or_refused_for_exactly_what_was_named_wrongly(change: Change) -> None:
    outcome = save(change)
    found = outcome.errors if isinstance(outcome, Refused) else ()
    assert [summary_of(error) for error in found] == [
        (code, None if code == "INVALID_INPUT" else step_id, what) for code, step_id, what in mistakes_of(change)
    ]


@bounded
@given(changes)
def test_a_save_binds_as_named_and_loses_nothing_that_nobody_named(change: Change) -> None:
    fine = [choice for choice in change.choices if not mistakes_of(replace(change, choices=(choice,)))]
    change = replace(change, choices=tuple({choice.step_id: choice for choice in fine}.values()))
    outcome = save(change)
    if not isinstance(outcome, UpdatePlan):
        assert mistakes_of(change) != []
        reject()
    before, after, named = (
        by_position(base(change).state.graph.bindings),
        by_position(outcome.state.graph.bindings),
        named_by(change),
    )
    steps_before = keyed(base(change).state.graph.steps)
    for key, step in keyed(steps_after(change)).items():
        there = steps_before.get(key)
        same = there is not None and there.command.partition(":")[0] == step.command.partition(":")[0]
        for kind in ReferenceKind:
            had = None if there is None or there.position not in before else before[there.position].values.get(kind)
            has = None if step.position not in after else after[step.position].values.get(kind)
            if (step.position, kind) in named:
                assert has == named[step.position, kind]
            elif same or kind not in (CREDENTIAL, ReferenceKind.SECRET, TOPIC):
                assert has == had
            else:
                assert has is None


@bounded
@given(changes)
def test_saving_what_was_saved_changes_nothing_and_planning_changes_no_fact(change: Change) -> None:
    before = copy.deepcopy(change)
    outcome = save(replace(change, choices=()))
    assert change == before
    if not isinstance(outcome, UpdatePlan):
        reject()
    saved = saying(
        base(change),
        content_hash=outcome.state.content_hash,
        graph=Graph(steps_after(change), outcome.state.graph.bindings, base(change).state.graph.links),
    )
    again = agreed(
        update(
            flow(None, saved),
            name="Saved",
            graph=KEEP if change.graph is None else change.graph,
            knowing=THINGS.values(),
            components=COMPONENTS,
        )
    )
    assert (again.state.content_hash, again.state.graph.bindings) == (
        saved.state.content_hash,
        saved.state.graph.bindings,
    )
    assert (again.state.origin, again.state.revert_of) == (saved.state.origin, saved.state.revert_of)


@bounded
@given(states)
def test_a_revert_holds_no_reference_of_elsewhere_and_tells_of_every_one(version: SavedState) -> None:
    plan = agreed(revert(flow(states_own(version)), version, knowing=THINGS.values(), components=COMPONENTS))
    after = by_position(plan.state.graph.bindings)
    expected = []
    for step in version.state.graph.bindings:
        for kind in ReferenceKind:
            value, step_id = step.values.get(kind), version.state.graph.steps[step.position].id
            if kind is DATA_SAMPLES:
                expected += [ReferenceOutcome(step_id, kind, ReferenceAction.KEPT, None, None)] if value else []
            elif value is not None:
                stays = (kind, value) in LIVES_HERE
                action, now = (ReferenceAction.KEPT, value) if stays else (ReferenceAction.CLEARED, None)
                expected.append(ReferenceOutcome(step_id, kind, action, value, now))
                assert (after[step.position].reference(kind) if step.position in after else None) == now
    assert list(plan.references) == expected
    assert (plan.state.content_hash, plan.state.graph.steps) == (version.state.content_hash, version.state.graph.steps)
    assert kinds_of(plan.state.graph.bindings) <= LIVES_HERE.keys()


def states_own(version: SavedState) -> SavedState:
    return replace(version, id="version_now", state=replace(version.state, graph=version.state.graph.bound(())))


def kinds_of(bindings: Bindings) -> set[tuple[ReferenceKind, Json]]:
    return {
        (kind, value)
        for step in bindings
        for kind, value in step.values.items()
        if value is not None and kind is not DATA_SAMPLES
    }


@bounded
@given(graphs)
def test_a_draft_is_refused_for_exactly_its_blockers_and_binding_what_they_name_removes_them(graph: Json) -> None:
    state = state_of(graph, components=COMPONENTS)
    its_flow = flow(None, state)
    found = blockers(state.state.graph, DEVELOPMENT, CATALOGUE, THINGS)
    outcome = publish(its_flow, knowing=THINGS.values(), components=COMPONENTS)
    assert isinstance(outcome, Refused) is (found != ())
    if isinstance(outcome, Refused):
        assert outcome == Refused((DraftNotReady(its_flow.id, its_flow.name, found),))
    ids = [step.id for step in state.state.graph.steps]
    if len({*ids}) == len(ids):
        choices = [choice for blocker in found if (choice := answer_to(blocker)) is not None]
        plan = agreed(update(its_flow, *choices, name="Saved", knowing=THINGS.values(), components=COMPONENTS))
        left = blockers(
            state.state.graph.bound(plan.state.graph.bindings),
            DEVELOPMENT,
            CATALOGUE,
            THINGS,
        )
        assert left == tuple(blocker for blocker in found if answer_to(blocker) is None)


def answer_to(blocker: object) -> StepChoice | None:
    """The choice that a blocker asks for."""
    match blocker:
        case MissingTopic(step=step):
            return choose(step.id, topic="topic_one")
        case MissingCredential(step=step, component=component) if component == CRM:
            return choose(step.id, credential="credential_one")
        case MissingCredential(step=step):
            return choose(step.id, secret="secret_one")
        case _:
            return None
