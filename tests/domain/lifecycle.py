"""Asking the core what becomes of a draft, in a line."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from app.domain.choices import StepChoice
from app.domain.component import Catalogue, Component
from app.domain.content import read_graph, split_graph, topic_fields
from app.domain.draft import (
    DiscardPlan,
    DiscardRefusal,
    DiscardWish,
    ExistingDraft,
    RestorePlan,
    RestoreRefusal,
    plan_discard,
    plan_restore,
)
from app.domain.edit import KEEP, Keep, Saved, UpdatePlan, UpdateRefusal, UpdateWish, plan_update
from app.domain.errors import Refusal, Refused
from app.domain.facts import Facts
from app.domain.flow import Flow, FlowState, SavedState
from app.domain.graph import Json
from app.domain.model import ReferenceKind, Target
from app.domain.publish import (
    PublishPlan,
    PublishRefusal,
    PublishWish,
    RevertPlan,
    RevertRefusal,
    RevertWish,
    plan_publish,
    plan_revert,
)
from app.domain.running import DeletePlan, StatusPlan
from app.domain.undo import UndoPlan
from tests.domain.builders import DEVELOPMENT, STANDARD, catalogue, known

Plan = TypeVar("Plan", UpdatePlan, PublishPlan, RevertPlan, DiscardPlan, RestorePlan, StatusPlan, DeletePlan, UndoPlan)
Some = TypeVar("Some", bound=Refusal)


def facts(
    flow: Flow | None,
    *,
    version: SavedState | None = None,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
    graph: Json | Keep = KEEP,
) -> Facts:
    return Facts() if flow is None else facts_of(flow, version, catalogue(*components), known(*knowing), graph)


def facts_of(
    flow: Flow,
    version: SavedState | None,
    catalogue: Catalogue,
    targets: Mapping[str, Target],
    graph: Json | Keep = KEEP,
) -> Facts:
    """What a change rests on, the graph that was sent taken apart as it is on its way in."""
    base = flow.draft or flow.published
    fields = topic_fields(catalogue, flow.access.workspace.contract.tenant_id, None if base is None else base.state)
    sent = None if isinstance(graph, Keep) else read_graph(graph, fields)
    versions: dict[str, dict[str, SavedState]] = {} if version is None else {flow.id: {version.id: version}}
    return Facts({flow.id: flow}, versions, catalogue=catalogue, targets=targets, graph=sent)


def update(
    flow: Flow | None,
    *choices: StepChoice,
    expecting: int | None = None,
    name: str | None = None,
    description: str | Keep | None = KEEP,
    cron: str | Keep | None = KEEP,
    graph: Json | Keep = KEEP,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
) -> UpdatePlan | Saved | Refused[UpdateRefusal]:
    wish = UpdateWish(id_of(flow), expecting, name, description, cron, graph, choices)
    return plan_update(facts(flow, knowing=knowing, components=components, graph=graph), wish)


def choose(step_id: str, **choices: str | None) -> StepChoice:
    """What a step is to be bound to, by the kind's name: `choose("1", credential=LOGIN.id, agent=None)`."""
    return StepChoice(step_id, {ReferenceKind(kind.upper()): choice for kind, choice in choices.items()})


def publish(
    flow: Flow | None,
    *,
    expecting: int | None = None,
    start: bool = False,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
) -> PublishPlan | Refused[PublishRefusal]:
    return plan_publish(facts(flow, knowing=knowing, components=components), PublishWish(id_of(flow), expecting, start))


def revert(
    flow: Flow | None,
    version: SavedState | None,
    *,
    publish: bool = False,
    existing_draft: ExistingDraft = ExistingDraft.SET_ASIDE,
    knowing: Iterable[Target] = (),
    components: Iterable[Component] = STANDARD,
) -> RevertPlan | Refused[RevertRefusal]:
    wish = RevertWish(id_of(flow), "version_wanted" if version is None else version.id, publish, existing_draft)
    return plan_revert(facts(flow, version=version, knowing=knowing, components=components), wish)


def discard(
    flow: Flow | None, *, expecting: int | None = None, set_aside: bool = False
) -> DiscardPlan | Refused[DiscardRefusal]:
    return plan_discard(flow, DiscardWish(id_of(flow), expecting), has_drafts_set_aside=set_aside)


def restore(flow: Flow | None, draft: SavedState | None) -> RestorePlan | Refused[RestoreRefusal]:
    return plan_restore(flow, draft, "draft_wanted" if draft is None else draft.id)


def id_of(flow: Flow | None) -> str:
    return "flow_wanted" if flow is None else flow.id


def agreed(outcome: Plan | Saved | Refused[Some]) -> Plan:
    assert not isinstance(outcome, Refused | Saved), outcome
    return outcome


def reasons(outcome: Plan | Saved | Refused[Some]) -> tuple[Some, ...]:
    assert isinstance(outcome, Refused), outcome
    return outcome.errors


def codes(outcome: Plan | Saved | Refused[Some]) -> list[str]:
    return [error.code.value for error in reasons(outcome)]


def state_of(graph: Json, *, state_id: str = "draft_1", components: Iterable[Component] = STANDARD) -> SavedState:
    """A state of a flow of Development that holds this native graph."""
    sent = split_graph(graph, topic_fields(catalogue(*components), DEVELOPMENT.contract.tenant_id))
    return SavedState(state_id, FlowState("Orders", None, None, sent.hash, sent.graph))
