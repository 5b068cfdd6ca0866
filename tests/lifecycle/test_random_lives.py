"""Random lives of drafts: whatever is done in whatever order, by whomever, the database is what the model says.

After every step: at most one active draft; version numbers without gaps; versions and contents never change; no
binding of another workspace; revisions grow by one; what was acknowledged is there; a refusal changed nothing; every
draft that ever was is published, active, set aside, or was discarded by somebody's word.
"""

from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.lifecycle.model import Draft, Flow
from tests.lifecycle.small_graphs import CODE, IN, MAIL, THINGS, Bindings, Graph
from tests.lifecycle.stage import Stage
from tests.property_settings import EXAMPLES, bounded

STEPS = 22
FEW_FLOWS = 2
"""So many are never deleted, so that there is something to do."""
WORKSPACES = st.sampled_from(["development", "development", "production", "production", "kitchen"])
NUMBERS = st.integers(0, 99)
CALLERS = st.sampled_from(["ada", "ada", "ada", "ben", "ada", "ben", "gus", "ada", "olga"])
EXPECTED = st.sampled_from([None, "right", None, "right", "stale"])
SOURCES = st.sampled_from([None, None, None, "DRAFT", "PUBLISHED_VERSION", "a version"])
GRAPHS = st.builds(
    Graph,
    st.lists(st.sampled_from([CODE, MAIL, IN]), min_size=1, max_size=3, unique=True).flatmap(
        lambda kinds: st.tuples(*(st.tuples(st.just(kind), st.integers(0, 2)) for kind in kinds))
    ),
    st.sampled_from([True, True, True, False]),
)
"""Few enough that contents come again."""
SAID = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["Orders", "Orders II"]),
        "description": st.sampled_from([None, "What it does"]),
        "cron": st.sampled_from([None, "0 4 * * *"]),
    },
)


class Lives(RuleBasedStateMachine):
    """Every rule does one thing to some flow; whether it is allowed is the model's business."""

    here: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.acting = self.here.cleared()

    @initialize(graph=GRAPHS, number=NUMBERS)
    def three_flows_are_there(self, graph: Graph, number: int) -> None:
        """Two that were published, one of which is being edited; one that never was, with a draft set aside."""
        acting, simple = self.acting, Graph(((CODE, 0), (MAIL, 0)))
        for workspace, mail in (("development", "dev-mail"), ("production", "live-mail")):
            acting.create(workspace, simple, {MAIL: mail}, f"First of {workspace}", by="ada")
            acting.publish(acting.model.living()[-1], by="ada")
        first, second = acting.model.living()
        acting.update(second, by="ada", graph=(graph, {}))
        acting.create("production", graph, some_bindings(graph, "production", number), "Third", by="ben")
        third = acting.model.living()[-1]
        acting.update(third, by="ben", said={"description": "To come", "cron": "0 4 * * *"})
        acting.override(first, third, None, by="ada", refuse=False)

    @rule(workspace=WORKSPACES, graph=GRAPHS, number=NUMBERS, by=CALLERS)
    def create(self, workspace: str, graph: Graph, number: int, by: str) -> None:
        bindings = some_bindings(graph, workspace, number)
        self.acting.create(workspace, graph, bindings, f"Made {number}", by=by)

    @rule(number=NUMBERS, source=SOURCES, by=CALLERS)
    def copy(self, number: int, source: str | None, by: str) -> None:
        flow = self.some_flow(number)
        self.acting.copy(flow, self.some_source(flow, source, number), by=by)

    @rule(number=NUMBERS, workspace=WORKSPACES, source=SOURCES, by=CALLERS)
    def export(self, number: int, workspace: str, source: str | None, by: str) -> None:
        flow = self.some_flow(number)
        self.acting.export(flow, workspace, self.some_source(flow, source, number), by=by)

    @rule(number=NUMBERS, onto=NUMBERS, source=SOURCES, by=CALLERS, refuse=st.booleans())
    def override(self, number: int, onto: int, source: str | None, by: str, refuse: bool) -> None:
        flow = self.some_flow(number)
        chosen = self.some_source(flow, source, number)
        self.acting.override(flow, self.some_flow(onto), chosen, by=by, refuse=refuse)

    @rule(number=NUMBERS, graph=GRAPHS, named=NUMBERS, by=CALLERS, expected=EXPECTED)
    def save_graph(self, number: int, graph: Graph, named: int, by: str, expected: str | None) -> None:
        flow = self.some_flow(number)
        sent = (graph, some_bindings(graph, flow.workspace, named))
        self.acting.update(flow, by=by, expected=self.revision(flow, expected), graph=sent)

    @rule(number=NUMBERS, by=CALLERS, expected=EXPECTED, said=SAID.filter(bool))
    def save_words(self, number: int, by: str, expected: str | None, said: dict[str, str | None]) -> None:
        flow = self.some_edited_flow(number)
        self.acting.update(flow, by=by, expected=self.revision(flow, expected), said=said)

    @rule(number=NUMBERS, step=st.sampled_from([MAIL, MAIL, IN]), chosen=NUMBERS, by=CALLERS, expected=EXPECTED)
    def bind(self, number: int, step: str, chosen: int, by: str, expected: str | None) -> None:
        flow = self.some_edited_flow(number)
        choices = {step: some_thing(step, flow.workspace, chosen)}
        self.acting.update(flow, by=by, expected=self.revision(flow, expected), choices=choices)

    @rule(number=NUMBERS, by=CALLERS, expected=EXPECTED, start=st.booleans())
    def publish(self, number: int, by: str, expected: str | None, start: bool) -> None:
        flow = self.some_edited_flow(number)
        self.acting.publish(flow, by=by, expected=self.revision(flow, expected), start=start)

    @rule(number=NUMBERS, by=CALLERS, wanted=st.sampled_from(["start", "stop", "stop and delete", "delete"]))
    def run_or_remove(self, number: int, by: str, wanted: str) -> None:
        flow = self.some_published_flow(number)
        if wanted == "start":
            self.acting.start(flow, by=by)
        if wanted.startswith("stop"):
            self.acting.stop(flow, by=by)
        if wanted.endswith("delete") and len(self.acting.model.living()) > FEW_FLOWS:
            self.acting.delete(flow, by=by)

    @rule(number=NUMBERS, version=NUMBERS, by=CALLERS, publish=st.booleans(), refuse=st.booleans())
    def revert(self, number: int, version: int, by: str, publish: bool, refuse: bool) -> None:
        flow = self.some_published_flow(number)
        source = self.some_source(flow, "a version", version) or ""
        self.acting.revert(flow, source, by=by, publish=publish, refuse=refuse)

    @rule(number=NUMBERS, by=CALLERS, expected=EXPECTED)
    def discard(self, number: int, by: str, expected: str | None) -> None:
        flow = self.some_edited_flow(number)
        self.acting.discard(flow, by=by, expected=self.revision(flow, expected))

    @rule(number=NUMBERS, by=CALLERS)
    def restore_and_discard(self, number: int, by: str) -> None:
        """Two clicks that often follow each other, where drafts get few."""
        self.restore(number, by)
        self.acting.discard(self.some_edited_flow(number), by=by)

    @rule(number=NUMBERS, by=CALLERS)
    def restore(self, number: int, by: str) -> None:
        """One that was set aside, if there is any; else any that ever was."""
        drafts = list(self.acting.model.drafts.values())
        aside = [draft for draft in drafts if draft.fate == "SET_ASIDE"]
        candidates: list[Draft] = aside if aside and number % 6 != 5 else drafts
        self.acting.restore(candidates[number % len(candidates)], by=by)

    def some_flow(self, number: int) -> Flow:
        """Seldom one that is deleted."""
        living, flows = self.acting.model.living(), list(self.acting.model.flows.values())
        candidates = living if living and number % 10 != 9 else flows
        return candidates[number % len(candidates)]

    def some_edited_flow(self, number: int) -> Flow:
        """Seldom one without a draft."""
        edited = [flow for flow in self.acting.model.living() if self.acting.model.draft_of(flow.id) is not None]
        return edited[number % len(edited)] if edited and number % 5 != 4 else self.some_flow(number)

    def some_published_flow(self, number: int) -> Flow:
        """Seldom one that never was."""
        published = [flow for flow in self.acting.model.living() if flow.versions]
        return published[number % len(published)] if published and number % 5 != 4 else self.some_flow(number)

    def some_source(self, flow: Flow, wanted: str | None, number: int) -> str | None:
        """Where a version is wanted: one of the flow, or seldom of some other."""
        if wanted != "a version":
            return wanted
        own = flow.versions if number % 7 != 6 else []
        versions = own or [version for other in self.acting.model.flows.values() for version in other.versions]
        return versions[number % len(versions)].id

    def revision(self, flow: Flow, expected: str | None) -> int | None:
        if expected is None:
            return None
        draft = self.acting.model.draft_of(flow.id)
        right = flow.revision if draft is None else draft.revision
        return right if expected == "right" else right - 1


def some_thing(step: str, workspace: str, number: int) -> str | None:
    """Something of the workspace for such a step, seldom something of another one, or nothing."""
    home = workspace if number % 6 != 5 else {"development": "production"}.get(workspace, "development")
    return [*THINGS[home][step], None][number % (len(THINGS[home][step]) + 1)]


def some_bindings(graph: Graph, workspace: str, number: int) -> Bindings:
    found = {step: some_thing(step, workspace, number) for step in graph.ids if step != CODE}
    return {step: thing for step, thing in found.items() if thing is not None}


def test_whatever_is_done_in_whatever_order_no_draft_is_lost_and_every_law_holds(stage: Stage) -> None:
    class LivesHere(Lives):
        here = stage

    run_state_machine_as_test(
        LivesHere,
        settings=settings(
            bounded, max_examples=EXAMPLES // 2, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck)
        ),
    )
