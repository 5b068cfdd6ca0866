"""A component that the caller can't see is like one that doesn't exist, but for the names that it shadows (C0, C5)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, strategies

from app.domain.choices import StepChoice
from app.domain.component import (
    Catalogue,
    Component,
    ComponentAccess,
    InaccessibilityReason,
    why_unusable,
)
from app.domain.edit import (
    KEEP,
    CreatePlan,
    CreateWish,
    Keep,
    Saved,
    UpdatePlan,
    UpdateRefusal,
    UpdateWish,
    plan_update,
)
from app.domain.errors import Refused
from app.domain.export import ExportPlan, plan_copy, plan_export
from app.domain.facts import CopyWish, ExportFacts
from app.domain.flow import Flow, Graph
from app.domain.graph import Json
from app.domain.model import Contract, Workspace, WorkspaceType
from app.domain.publish import PublishWish, RevertWish, plan_publish, plan_revert
from app.domain.readiness import ComponentUnavailable, blockers
from app.domain.source_graph import InaccessibleComponent, SourceGraph
from tests.domain.builders import (
    CREDENTIAL,
    DEVELOPMENT,
    GLOBAL,
    HOME,
    OF_OVERSEAS,
    ORDERS,
    OVERSEAS,
    SOUTHERN,
    TEAM,
    TENANT,
    BoundStep,
    bindings,
    called,
    component,
    draft,
    flow,
    integrator,
    known,
    native,
    node,
    outline,
    saying,
    step,
    target,
)
from tests.domain.lifecycle import agreed, choose, codes, facts_of
from tests.domain.planning import create
from tests.domain.random_drafts import COMPONENTS, THINGS, Change, changes
from tests.domain.random_exports import COMPONENTS as OF_EXPORTS
from tests.domain.random_exports import Case, exports
from tests.domain.random_worlds import RandomWorld, step_lists, worlds
from tests.property_settings import bounded

UNKNOWN, OTHER_TENANT = InaccessibilityReason.UNKNOWN_COMPONENT, InaccessibilityReason.OTHER_TENANT
SEND = "acme/mailer:send"

SECRETIVE = component("south/queue", TEAM, SOUTHERN, needs=CREDENTIAL, pub_sub=True, topic_field="channel")
HIDDEN, ABSENT = Catalogue(invisible=[SECRETIVE]), Catalogue()
ITS_CREDENTIAL = target(CREDENTIAL, "Queue", DEVELOPMENT, of=SECRETIVE)


# What it shadows -----------------------------------------------------------------------------------------------------


def test_an_invisible_component_of_the_tenant_shadows_global_ones_of_its_name() -> None:
    theirs, shared = component("acme/mailer", TEAM, SOUTHERN, component_id="component_z"), component("acme/mailer")
    abroad = replace(shared, tenant_id=OVERSEAS.tenant_id)
    catalogue = Catalogue([abroad], invisible=[theirs])
    assert catalogue.resolve(SEND, HOME) is None
    assert catalogue.resolve(SEND, OVERSEAS.tenant_id) == abroad


@pytest.mark.parametrize("access", [TEAM, TENANT])
def test_a_flow_that_crosses_tenants_does_not_find_its_component_where_an_invisible_one_shadows_it(
    access: ComponentAccess,
) -> None:
    ours, theirs = component("acme/mailer", GLOBAL), component("acme/mailer", access, OVERSEAS, component_id="other")
    catalogue, steps = Catalogue([ours], invisible=[theirs]), outline(step("1", SEND))
    [refused] = SourceGraph(Graph(steps), catalogue, DEVELOPMENT).refused_by(OF_OVERSEAS)
    assert refused.components == (InaccessibleComponent("acme/mailer", ours, (called("1"),), OTHER_TENANT),)
    assert SourceGraph(Graph(steps), catalogue, DEVELOPMENT).usable_where().shadowing == frozenset({OVERSEAS.tenant_id})


def is_seen(component: Component, contracts: Iterable[Contract]) -> bool:
    """Whether a workspace of one of these contracts could use it."""
    places = [Workspace(DEVELOPMENT.id, "Any", WorkspaceType.LIMITED, contract) for contract in contracts]
    return any(why_unusable(component, place) is None for place in places)


def seen_from(contracts: Sequence[Contract], components: Iterable[Component]) -> Catalogue:
    """The components as somebody in these contracts sees them."""
    everything = [*components]
    visible = [each for each in everything if is_seen(each, contracts)]
    return Catalogue(visible, invisible=[each for each in everything if each not in visible])


@bounded
@given(worlds(), step_lists, strategies.integers(0, 11), strategies.integers(0, 11))
def test_an_export_is_refused_to_whoever_sees_little_exactly_if_it_is_to_whoever_sees_all(
    world: RandomWorld, steps: tuple[BoundStep, ...], here: int, there: int
) -> None:
    source, destination, everything = world.workspaces[here], world.workspaces[there], Catalogue(world.components)
    little = seen_from([source.contract, destination.contract], world.components)
    by_little, by_all = (
        SourceGraph(Graph(outline(*steps)), catalogue, source).refused_by(destination)
        for catalogue in (little, everything)
    )
    refused = [(each.name, each.steps) for error in by_all for each in error.components]
    assert [(each.name, each.steps) for error in by_little for each in error.components] == refused


# What is told of it --------------------------------------------------------------------------------------------------


@bounded
@given(worlds(), step_lists, strategies.integers(0, 11), strategies.sets(strategies.integers(0, 11), min_size=1))
def test_where_a_flow_may_go_is_as_without_components_whose_names_the_caller_does_not_see(
    world: RandomWorld, steps: tuple[BoundStep, ...], home: int, joined: set[int]
) -> None:
    source, contracts = world.workspaces[home], [world.workspaces[each].contract for each in (home, *joined)]
    names = {each.name for each in world.components if is_seen(each, contracts)}
    seen = seen_from(contracts, world.components)
    less = seen_from(contracts, [each for each in world.components if each.name in names])
    assert (
        SourceGraph(Graph(outline(*steps)), seen, source).usable_where()
        == SourceGraph(Graph(outline(*steps)), less, source).usable_where()
    )
    for place in world.workspaces:
        told, expected = (
            SourceGraph(Graph(outline(*steps)), catalogue, source).refused_by(place) for catalogue in (seen, less)
        )
        assert told == expected


def both(components: Iterable[Component], hidden: frozenset[str]) -> tuple[Catalogue, Catalogue]:
    """The catalogue of somebody who can't see the components of these names; and as if there were none."""
    visible = [each for each in components if str(each.name) not in hidden]
    return Catalogue(visible, invisible=[each for each in components if str(each.name) in hidden]), Catalogue(visible)


@bounded
@given(exports(), strategies.sets(strategies.sampled_from([str(each.name) for each in OF_EXPORTS]), min_size=1))
def test_exports_and_copies_are_decided_as_without_them(case: Case, hidden: set[str]) -> None:
    facts = [replace(case.facts, catalogue=catalogue) for catalogue in both(OF_EXPORTS, frozenset(hidden))]
    seen, less = (plan_export(each, case.wish) for each in facts)
    assert seen == less
    wish = CopyWish(case.wish.flow_id, None, case.wish.source)
    copied, expected = (plan_copy(each, wish) for each in facts)
    assert copied == expected


@bounded
@given(changes, strategies.sets(strategies.sampled_from([str(each.name) for each in COMPONENTS]), min_size=1))
def test_drafts_are_saved_published_reverted_and_judged_as_without_them(change: Change, hidden: set[str]) -> None:
    catalogues = both(COMPONENTS, frozenset(hidden))
    told, expected = (everything_about(change, catalogue) for catalogue in catalogues)
    assert told == expected


def everything_about(change: Change, catalogue: Catalogue) -> list[object]:
    its: Flow = change.flow
    state = its.draft or its.published
    assert state is not None
    graph = KEEP if change.graph is None else change.graph
    facts = facts_of(its, its.published, catalogue, THINGS, graph)
    made = CreateWish(its.access.workspace.id, "Made", native() if graph is KEEP else graph)
    return [
        plan_update(facts, UpdateWish(its.id, graph=graph, bindings=change.choices)),
        plan_publish(facts, PublishWish(its.id)),
        plan_revert(facts, RevertWish(its.id, state.id, publish=True)),
        create(its.access, made, components=catalogue, knowing=THINGS),
        blockers(state.state.graph, its.access.workspace, catalogue, THINGS),
    ]


# Where a flow uses it all the same -----------------------------------------------------------------------------------


def test_a_draft_misses_neither_credential_nor_topic_of_a_component_that_the_caller_can_not_see() -> None:
    found = blockers(draft(step("1", "south/queue:pub")).state.graph, DEVELOPMENT, HIDDEN, {})
    unknown = InaccessibleComponent("south/queue", None, (called("1"),), UNKNOWN)
    assert found == (ComponentUnavailable(called("1"), unknown, DEVELOPMENT),)


def test_a_sent_graph_keeps_in_its_content_what_would_name_a_topic() -> None:
    graph = native(node("1", "south/queue:pub", fields={"channel": "elsewhere"}))
    plan = create(integrator(DEVELOPMENT), CreateWish(DEVELOPMENT.id, "Made", graph), components=HIDDEN)
    assert isinstance(plan, CreatePlan)
    assert '"channel":"elsewhere"' in plan.content.canonical


def save(
    *choices: StepChoice, graph: Json | Keep = KEEP, name: str | None = None, catalogue: Catalogue = HIDDEN
) -> UpdatePlan | Saved | Refused[UpdateRefusal]:
    facts = facts_of(BEFORE, None, catalogue, known(ORDERS, ITS_CREDENTIAL), graph)
    return plan_update(facts, UpdateWish(BEFORE.id, name=name, graph=graph, bindings=choices))


BOUND = step("1", "south/queue:pub", credential=ITS_CREDENTIAL.id, topic=ORDERS.id)
ITS_BINDINGS = tuple(each._replace(topic_field="channel") for each in bindings(BOUND))
BEFORE = flow(None, saying(draft(BOUND), graph=Graph(outline(BOUND), ITS_BINDINGS)))


def test_what_its_steps_were_bound_to_stays_whatever_else_is_saved() -> None:
    sent_back = native(node("1", "south/queue:pub", credentials_id=ITS_CREDENTIAL.id, fields={"channel": ORDERS.id}))
    for graph in (KEEP, sent_back, native(node("1", "south/queue:sub"))):
        assert agreed(save(graph=graph, name="Saved")).state.graph.bindings == ITS_BINDINGS


def test_nothing_new_is_bound_to_its_steps() -> None:
    for catalogue in (HIDDEN, ABSENT):
        assert codes(save(choose("1", topic=ORDERS.id), catalogue=catalogue)) == ["INVALID_INPUT"]
        refused = codes(save(choose("1", credential=ITS_CREDENTIAL.id), catalogue=catalogue))
        assert refused == ["CREDENTIAL_NOT_ACCESSIBLE"]


def test_a_copy_by_whoever_can_not_see_it_is_exact_all_the_same() -> None:
    targets = known(ORDERS, ITS_CREDENTIAL)
    plan = plan_copy(ExportFacts(BEFORE, BEFORE.access, catalogue=HIDDEN, targets=targets), CopyWish(BEFORE.id))
    assert isinstance(plan, ExportPlan)
    assert plan.state.graph.bindings == ITS_BINDINGS
