"""Random histories of flows that are copied and exported to and fro: drift is what a simple model says (D1 to D4)."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from app.domain.drift import DriftStatus
from app.domain.edit import Saved
from app.domain.export import Exported
from app.domain.publish import Published, Reverted
from app.domain.undo import Undone
from app.storage.facts.mirrored_rules import read_drifts
from app.storage.pages.flow_filters import FlowFilter
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.paging import PageRequest
from app.storage.tables import FLOW
from tests.lifecycle.company import Company
from tests.lifecycle.racing import noted
from tests.lifecycle.stage import Stage
from tests.property_settings import EXAMPLES, bounded

NUMBERS = st.integers(0, 99)
NOTES = st.integers(1, 4)
"""Few enough that contents come again."""
WORKSPACES = st.sampled_from(["development", "production"])


@dataclass(frozen=True)
class Record:
    number: int
    source: str
    destination: str
    content: int


@dataclass(frozen=True)
class State:
    content: int
    descends_from: Record | None = None
    came_by: Record | None = None
    """The record whose draft it is."""


@dataclass
class Flow:
    versions: dict[str, State] = field(default_factory=dict)
    draft: State | None = None

    @property
    def published(self) -> State | None:
        return [*self.versions.values()][-1] if self.versions else None

    @property
    def shown(self) -> State | None:
        return self.published or self.draft


class Histories(RuleBasedStateMachine):
    here: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.here.cleared()
        self.flows: dict[str, Flow] = {}
        self.published: list[Record] = []
        """Records whose results were published."""
        self.made = 0
        self.last: tuple[str, str, State | None] | None = None
        """The export that can be undone: its record, its destination, and the draft that was there."""

    @property
    def company(self) -> Company:
        return self.here.company

    def wait(self, coroutine: Any) -> Any:
        return self.here.runner.run(coroutine)

    def flow(self, number: int) -> str:
        return [*self.flows][number % len(self.flows)]

    @initialize()
    def there_is_a_source_that_was_exported(self) -> None:
        created = self.wait(self.company.create("development", noted(1)))
        assert isinstance(created, Saved)
        self.flows[created.flow_id] = Flow(draft=State(1))
        self.publish(0)
        self.export(0, "production")
        self.publish(1)

    @rule(number=NUMBERS, workspace=WORKSPACES)
    def export(self, number: int, workspace: str) -> None:
        source = self.flow(number)
        if self.flows[source].shown is not None and len(self.flows) < 4:
            made = self.wait(self.company.export(source, to=workspace))
            self.note(source, made, Flow())

    @rule(number=NUMBERS)
    def copy(self, number: int) -> None:
        source = self.flow(number)
        if self.flows[source].shown is not None and len(self.flows) < 4:
            self.note(source, self.wait(self.company.copy(source)), Flow())

    @rule(number=NUMBERS, onto=NUMBERS)
    def export_onto_another(self, number: int, onto: int) -> None:
        source, destination = self.flow(number), self.flow(onto)
        if self.flows[source].shown is not None and source != destination:
            made = self.wait(self.company.export(source, onto=destination))
            self.note(source, made, self.flows[destination])

    @rule(number=NUMBERS)
    def export_back(self, number: int) -> None:
        shown = self.flows[self.flow(number)].shown
        origin = None if shown is None or shown.descends_from is None else shown.descends_from.source
        if origin in self.flows:
            made = self.wait(self.company.export(self.flow(number), onto=origin))
            self.note(self.flow(number), made, self.flows[origin])

    @rule(note=NOTES, back=st.booleans())
    def release_again(self, note: int, back: bool) -> None:
        """Over the flow that the first export made, or back."""
        source, destination = (1, 0) if back else (0, 1)
        if len(self.flows) > 1:
            self.edit(source, note)
            self.publish(source)
            self.export_onto_another(source, destination)
            self.publish(destination)

    @rule(number=NUMBERS, note=NOTES)
    def edit(self, number: int, note: int) -> None:
        flow = self.flows[self.flow(number)]
        base = flow.draft or flow.published
        if base is None:
            return
        self.wait(self.company.update(self.flow(number), graph=noted(note)))
        flow.draft = State(note, base.descends_from, None if flow.draft is None else flow.draft.came_by)
        self.last = None

    @rule(number=NUMBERS)
    def publish(self, number: int) -> None:
        flow = self.flows[self.flow(number)]
        if flow.draft is None:
            return
        outcome = self.wait(self.company.publish(self.flow(number)))
        assert isinstance(outcome, Published)
        flow.versions[outcome.version_id] = flow.draft
        if flow.draft.came_by is not None:
            self.published.append(flow.draft.came_by)
        flow.draft, self.last = None, None

    @rule(number=NUMBERS, note=NOTES)
    def fix(self, number: int, note: int) -> None:
        self.edit(number, note)
        self.publish(number)

    @rule(number=NUMBERS, version=NUMBERS, publish=st.booleans())
    def revert(self, number: int, version: int, publish: bool) -> None:
        flow = self.flows[self.flow(number)]
        if not flow.versions:
            return
        version_id = [*flow.versions][version % len(flow.versions)]
        outcome = self.wait(self.company.revert(self.flow(number), version_id, publish=publish))
        assert isinstance(outcome, Reverted)
        old = flow.versions[version_id]
        flow.draft = State(old.content, old.descends_from)
        if publish:
            flow.versions[str(outcome.version_id)], flow.draft = flow.draft, None
        self.last = None

    @rule()
    def undo(self) -> None:
        if self.last is None:
            return
        record, destination, before = self.last
        assert isinstance(self.wait(self.company.undo(record)), Undone)
        flow = self.flows[destination]
        if before is None and not flow.versions:
            del self.flows[destination]
        else:
            flow.draft = before
        self.last = None

    def note(self, source: str, made: Any, destination: Flow) -> None:
        assert isinstance(made, Exported)
        copied = self.flows[source].shown
        assert copied is not None
        self.made += 1
        record = Record(self.made, source, made.flow_id, copied.content)
        self.last = made.export_id, made.flow_id, destination.draft
        destination.draft = State(copied.content, record, record)
        self.flows[made.flow_id] = destination

    def expected(self, flow_id: str) -> str | None:
        shown = self.flows[flow_id].shown
        descent = None if shown is None else shown.descends_from
        source = None if descent is None else self.flows.get(descent.source)
        origin = None if source is None else source.shown
        if shown is None or descent is None or origin is None:
            return None
        ends = {flow_id, descent.source}
        between = [each for each in self.published if {each.source, each.destination} == ends]
        base = max(between, key=lambda each: each.number).content if between else None
        if origin.content == shown.content:
            return "IN_SYNC"
        if base is None:
            return None
        moved = shown.content != base, origin.content != base
        return {(False, True): "SOURCE_AHEAD", (True, False): "DESTINATION_AHEAD", (True, True): "DIVERGED"}[moved]

    @invariant()
    def every_drift_is_the_expected_one(self) -> None:
        answers = self.wait(answered(self.company, "ada"))
        assert answers == {flow_id: self.expected(flow_id) for flow_id in self.flows}

    def teardown(self) -> None:
        answers = self.wait(answered(self.company, "ada"))
        assert self.wait(answered(self.company, "olga")) == dict.fromkeys(self.flows)
        assert self.wait(filtered(self.company)) == {
            flow_id: status for flow_id, status in answers.items() if status is not None
        }


async def answered(company: Company, viewer: str) -> dict[str, str | None]:
    async with company.database.reading() as connection:
        ids = [row.id for row in await connection.rows(select(FLOW.c.id))]
        drifts = await read_drifts(connection, company[viewer], ids)
    return {flow_id: drifts[flow_id].status if flow_id in drifts else None for flow_id in ids}


async def filtered(company: Company) -> dict[str, str]:
    """What the filter finds of each status."""
    statuses: dict[str, str] = {}
    async with company.database.reading() as connection:
        for status in DriftStatus:
            wanted = ListRequest(ListName.FLOWS, flow_filter=FlowFilter(drift=status))
            for workspace in ("development", "production"):
                listing, values = wanted.listing(), wanted.values(company["ada"])
                [page] = await listing.pages(connection, [company[workspace]], PageRequest(50), values)
                [count] = await listing.counts(connection, [company[workspace]], values)
                assert count == len(page.elements)
                statuses |= {flow.id: status.value for _, flow in page.elements}
    return statuses


def test_drift_is_what_a_model_says_after_any_history(stage: Stage) -> None:
    class HistoriesHere(Histories):
        here = stage

    run_state_machine_as_test(
        HistoriesHere,
        settings=settings(
            bounded, max_examples=EXAMPLES * 2, stateful_step_count=30, suppress_health_check=list(HealthCheck)
        ),
    )
