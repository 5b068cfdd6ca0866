"""Copies and exports that are undone in one call (B2): as one by one, the latest first."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.batch import MOST_ITEMS, Batch, BatchMode
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.undo import CannotUndo, ChangeSinceExport, Undone
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.holdings import everything_in
from tests.lifecycle.racing import lawful, noted, published, reverted, saved
from tests.lifecycle.records import KINDS, destination, exported, record_of
from tests.lifecycle.stage import Stage
from tests.lifecycle.test_undo import but_for_records_and_revisions, revision_of
from tests.property_settings import EXAMPLES, bounded

ATOMIC, BEST_EFFORT = BatchMode.ATOMIC, BatchMode.BEST_EFFORT
NOT_APPLIED = {"BATCH_NOT_APPLIED"}


def codes(batch: Batch[Any, Any]) -> list[set[str]]:
    return [codes_of(result) for result in batch.results]


async def exported_onto(company: Company, source: str, onto: str | None, number: int) -> list[Exported]:
    """So many exports onto one flow, which the first makes where there is none."""
    made: list[Exported] = []
    for _ in range(number):
        made.append(await exported(company, source, to="production", onto=made[0].flow_id if made else onto))
    return made


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_two_exports_onto_one_flow_undone_together_leave_the_first_draft_active(
    firm: Company, order: tuple[int, int]
) -> None:
    onto, (source, _) = await destination(firm, "with a draft"), await published(firm, 9)
    assert onto is not None
    first_draft = (await lawful(firm)).active_of(onto)
    assert first_draft is not None
    made = await exported_onto(firm, source, onto, 2)
    ids = [made[number].export_id for number in order]
    batch = await firm.undo_all(*ids)
    [first, second] = batch.results
    assert isinstance(first, Undone)
    assert first == Undone(made[order[0]].export_id, made[0].flow_id, first.restored_draft, None)
    assert second == Undone(made[order[1]].export_id, made[0].flow_id, first.restored_draft, None)
    assert first.restored_draft == first_draft["id"]
    # Each export counts as one, and so does each draft that is restored (H1).
    revision = first_draft["revision"] + 4
    assert (await lawful(firm)).drafts_of(onto) == [{**first_draft, "revision": revision}]
    assert await revision_of(firm, onto) == revision
    assert {(await record_of(firm, export_id))["undone_at"] for export_id in ids} == {firm.now}


@pytest.mark.parametrize("kind", KINDS)
async def test_undoing_all_exports_onto_a_flow_gives_what_was_there(firm: Company, kind: str) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    before = await but_for_records_and_revisions(firm)
    made = await exported_onto(firm, source, onto, 3)
    batch = await firm.undo_all(*(made[number].export_id for number in (1, 2, 0)))
    flow, gone = made[0].flow_id, made[0].flow_id if kind == "new" else None
    assert [(each.flow_id, each.deleted_flow_id) for each in batch.results if isinstance(each, Undone)] == [
        (flow, gone)
    ] * 3
    assert await but_for_records_and_revisions(firm) == before
    await lawful(firm)


async def forty(company: Company) -> list[Exported]:
    """New flows, each by an export of its own."""
    source, _ = await published(company, 9)
    return [await exported(company, source, to="production") for _ in range(40)]


@pytest.mark.parametrize("mode", BatchMode)
async def test_of_forty_exports_one_was_built_on(firm: Company, mode: BatchMode) -> None:
    made = await forty(firm)
    await saved(firm, made[7].flow_id, 5)
    before = await everything_in(firm.database)
    batch = await firm.undo_all(*(each.export_id for each in made), mode=mode)
    others = [NOT_APPLIED if mode is ATOMIC else set()] * 39
    assert codes(batch) == [*others[:7], {"CANNOT_UNDO"}, *others[7:]]
    refused = batch.results[7]
    assert isinstance(refused, Refused)
    [error] = refused.errors
    assert isinstance(error, CannotUndo)
    assert (error.since, error.path) == (ChangeSinceExport.EDITED, ("exportIds", "7"))
    if mode is ATOMIC:
        assert await everything_in(firm.database) == before
    else:
        flows = (await lawful(firm)).flows
        assert [each.flow_id in flows for each in made] == [False] * 7 + [True] + [False] * 32


@pytest.mark.parametrize("mode", BatchMode)
async def test_an_earlier_export_needs_the_later_one(firm: Company, mode: BatchMode) -> None:
    """Alone the earlier one is refused; so it is where the later one is, since somebody has built on that."""
    source, _ = await published(firm, 9)
    onto = await destination(firm, "with a draft")
    earlier, later = [each.export_id for each in await exported_onto(firm, source, onto, 2)]
    before = await everything_in(firm.database)
    assert codes(await firm.undo_all(earlier, mode=mode)) == [{"CANNOT_UNDO"}]
    assert await everything_in(firm.database) == before
    await saved(firm, onto or "", 5)
    before = await everything_in(firm.database)
    batch = await firm.undo_all(later, earlier, mode=mode)
    reasons = [error for result in batch.results if isinstance(result, Refused) for error in result.errors]
    assert [error.since for error in reasons if isinstance(error, CannotUndo)] == [
        ChangeSinceExport.EDITED,
        ChangeSinceExport.OVERRIDDEN_AGAIN,
    ]
    assert await everything_in(firm.database) == before


async def test_each_item_is_refused_as_a_single_call_is(firm: Company) -> None:
    """Gus is a guest; Olga sees nothing; a record is undone once."""
    source, _ = await published(firm, 9)
    first, second = [(await exported(firm, source, to="production")).export_id for _ in range(2)]
    assert codes(await firm.undo_all(first)) == [set()]
    before = await everything_in(firm.database)
    for by, of_second in (("gus", {"INSUFFICIENT_PERMISSION"}), ("olga", {"EXPORT_NOT_FOUND"})):
        batch = await firm.undo_all(first, second, "export_01jgfjjz00fye93kdnsdh9qt8v", "no id", by=by)
        assert codes(batch)[1:] == [of_second, {"EXPORT_NOT_FOUND"}, {"EXPORT_NOT_FOUND"}]
        assert codes(batch)[0] == codes_of(await firm.undo(first, by=by))
    twice = await firm.undo_all(second, second)
    assert codes(twice) == [NOT_APPLIED, {"INVALID_INPUT"}]
    assert await everything_in(firm.database) == before
    assert codes(await firm.undo_all(second, first, second, mode=BEST_EFFORT)) == [
        set(),
        {"CANNOT_UNDO"},
        {"INVALID_INPUT"},
    ]


@pytest.mark.parametrize("number", [0, MOST_ITEMS + 1])
async def test_a_call_has_one_to_a_thousand_records(shared_firm: Company, number: int) -> None:
    before = await everything_in(shared_firm.database)
    batch = await shared_firm.undo_all(*["export"] * number)
    assert batch.results == ()
    assert [(error.code.value, error.path) for error in batch.errors] == [("INVALID_INPUT", ("exportIds",))]
    assert await everything_in(shared_firm.database) == before


@pytest.mark.parametrize("seed", range(6))
async def test_calls_that_undo_overlapping_exports_in_opposite_orders_undo_each_once(firm: Company, seed: int) -> None:
    """Some of the flows go, others stay, with a chain of exports onto each."""
    chance = Random(seed)  # noqa: S311 - the same calls at every run
    source, _ = await published(firm, 9)
    chains = [
        [each.export_id for each in await exported_onto(firm, source, await destination(firm, kind), 2)]
        for kind in ("new", "with a draft", "new", "published", "new", "with a draft")
    ]
    sets = [[export_id for chain in chance.sample(chains, 4) for export_id in chain] for _ in range(4)]
    calls = [firm.undo_all(*chance.sample(ids, len(ids)), mode=BEST_EFFORT) for ids in sets]
    batches = await asyncio.gather(*calls)
    undone = Counter(result.export_id for batch in batches for result in batch.results if isinstance(result, Undone))
    assert undone == Counter({export_id for ids in sets for export_id in ids})
    await lawful(firm)


STEPS = ("export", "export", "export", "start", "stop", "save", "restore", "revert", "publish")


@dataclass
class Life:
    """One flow, whose exports are undone; and a twin of it has the same life."""

    company: Company
    source: str
    flow: str
    exports: list[str] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    names: dict[str, int] = field(default_factory=dict)
    """Drafts, by the order in which they were made."""

    async def live(self, step: str) -> None:
        company = self.company
        if step == "export":
            self.exports.append((await exported(company, self.source, onto=self.flow)).export_id)
        elif step == "save":
            await company.update(self.flow, graph=noted(5), name=f"Name {len(self.times)}")
        elif step == "restore":
            aside = [each["id"] for each in (await lawful(company)).drafts_of(self.flow) if each["set_aside_at"]]
            if aside:
                await company.restore(aside[-1])
        elif step == "revert":
            versions = (await lawful(company)).versions_of(self.flow)
            if versions:
                await reverted(company, self.flow, versions[0]["id"])
        else:
            changes: dict[str, Callable[[str], Awaitable[object]]] = {
                "start": company.start,
                "stop": company.stop,
                "publish": company.publish,
            }
            await changes[step](self.flow)
        self.times.append(company.now)
        for draft in (await lawful(company)).drafts_of(self.flow):
            self.names.setdefault(draft["id"], len(self.names))

    async def rows(self) -> list[object]:
        """The flow, its drafts and its records, in terms that the twin has as well."""
        held = await lawful(self.company)
        flow = held.flows.get(self.flow)
        records = [await record_of(self.company, export_id) for export_id in self.exports]
        shown = None if flow is None else [flow[each] for each in ("name", "name_key", "description", "cron", "status")]
        return [
            shown,
            flow and (flow["draft_revision"], self._time_of(flow["updated_at"])),
            [
                (
                    self.names[each["id"]],
                    each["revision"],
                    each["set_aside_at"] is None,
                    self._time_of(each["updated_at"]),
                )
                for each in held.drafts_of(self.flow)
            ],
            [
                (each["first_change"], self._time_of(each["first_changed_at"]), each["undone_at"] is None)
                for each in records
            ],
        ]

    def _time_of(self, at: datetime | None) -> int | None:
        """Between which steps it was."""
        return None if at is None else sum(at > time for time in self.times)


async def begun(company: Company, kind: str) -> Life:
    source, _ = await published(company, 9)
    onto = await destination(company, kind)
    if onto is not None:
        return Life(company, source, onto)
    first = await exported(company, source, to="production")
    return Life(company, source, first.flow_id, [first.export_id])


def test_undoing_some_exports_together_gives_what_undoing_them_one_by_one_gives(stage: Stage) -> None:
    """The latest first; where one of them is refused, an atomic call does nothing at all."""

    async def play(kind: str, steps: list[str], chosen: list[bool], seed: int) -> None:
        firm = stage.company
        together, single = [await begun(firm, kind) for _ in range(2)]
        for step in steps:
            await together.live(step)
            await single.live(step)
        assert await together.rows() == await single.rows()
        places = [place for place, _ in enumerate(together.exports) if chosen[place % len(chosen)]]
        one_by_one = {place: codes_of(await firm.undo(single.exports[place])) for place in reversed(places)}
        Random(seed).shuffle(places)  # noqa: S311 - the same order at every run
        ids = [together.exports[place] for place in places]
        expected = [one_by_one[place] for place in places]
        if any(expected):
            before = await everything_in(firm.database)
            assert codes(await firm.undo_all(*ids)) == [each or NOT_APPLIED for each in expected]
            assert await everything_in(firm.database) == before
        if ids:
            mode = BEST_EFFORT if any(expected) else ATOMIC
            assert codes(await firm.undo_all(*ids, mode=mode)) == expected
        assert await together.rows() == await single.rows()

    @settings(bounded, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(KINDS),
        st.lists(st.sampled_from(STEPS), min_size=1, max_size=6),
        st.lists(st.booleans(), min_size=1, max_size=4).filter(any),
        st.integers(0, 5),
    )
    def run(kind: str, steps: list[str], chosen: list[bool], seed: int) -> None:
        stage.runner.run(play(kind, steps, chosen, seed))

    run()
