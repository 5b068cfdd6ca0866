"""Undo after a copy or export gives what was there, byte for byte of every table but records and revisions (P6)."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.undo import ChangeSinceExport, Undone
from app.storage.connections.engine import engine_of
from tests.databases import run_sql
from tests.lifecycle.company import Company
from tests.lifecycle.holdings import Everything, everything_in
from tests.lifecycle.racing import (
    lawful,
    published,
)
from tests.lifecycle.records import KINDS, destination, exported, record_of
from tests.lifecycle.stage import Stage
from tests.property_settings import EXAMPLES, bounded

_WITHOUT_REVISIONS = text("""
    select 'flow', (to_jsonb(each) - 'draft_revision')::text from flow each
    union all select 'flow_draft', (to_jsonb(each) - 'revision')::text from flow_draft each
""")


async def but_for_records_and_revisions(company: Company) -> Everything:
    """Every row of every other table, byte for byte; of drafts and flows without the revision.

    Which components a flow named once, an index of the database's own, stays noted.
    """
    rows = await everything_in(company.database)
    async with engine_of(company.url).connect() as connection:
        counted = [(table, row) for table, row in await connection.execute(_WITHOUT_REVISIONS)]
    return sorted(
        [
            *(
                row
                for row in rows
                if row[0] not in {"flow", "flow_draft", "flow_export", "flow_component", "reference_report", "event"}
            ),
            *counted,
        ]
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_undo_after_export_gives_what_was_there(firm: Company, kind: str) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    before, revision = await but_for_records_and_revisions(firm), await revision_of(firm, onto)
    outcome = await exported(firm, source, to="production", onto=onto)
    undone = await firm.undo(outcome.export_id, by="ben")
    assert undone == Undone(
        outcome.export_id, outcome.flow_id, outcome.set_aside, outcome.flow_id if kind == "new" else None
    )
    assert await but_for_records_and_revisions(firm) == before
    await lawful(firm)
    assert (await record_of(firm, outcome.export_id))["undone_at"] == firm.now
    if onto is not None:
        # The export counts as one, and so does a draft that is restored (H1).
        assert await revision_of(firm, onto) == revision + (1 if outcome.set_aside is None else 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_that_does_not_say_what_was_there_deletes_no_flow_that_was_there(
    firm: Company, kind: str
) -> None:
    """But for when the flow was changed last, which only the record knows, the same comes back."""
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    before = without_times(await but_for_records_and_revisions(firm))
    outcome = await exported(firm, source, to="production", onto=onto)
    await run_sql(firm.url, "update flow_export set flow_before = null")
    undone = await firm.undo(outcome.export_id, by="ben")
    assert undone == Undone(
        outcome.export_id, outcome.flow_id, outcome.set_aside, outcome.flow_id if kind == "new" else None
    )
    assert without_times(await but_for_records_and_revisions(firm)) == before
    await lawful(firm)


def without_times(everything: Everything) -> Everything:
    return sorted(
        (table, re.sub(r'"updated_at": "[^"]*"', "", row) if table == "flow" else row) for table, row in everything
    )


async def revision_of(company: Company, flow: str | None) -> int:
    return 0 if flow is None else int((await lawful(company)).flows[flow]["draft_revision"])


async def test_undo_after_copy_gives_what_was_there(firm: Company) -> None:
    source, _ = await published(firm, 9)
    before = await but_for_records_and_revisions(firm)
    outcome = await firm.copy(source)
    assert isinstance(outcome, Exported)
    assert isinstance(await firm.undo(outcome.export_id), Undone)
    assert await but_for_records_and_revisions(firm) == before


@pytest.mark.parametrize("kind", KINDS)
async def test_exports_are_undone_one_after_the_other_the_last_first(firm: Company, kind: str) -> None:
    source, _ = await published(firm, 9)
    onto = await destination(firm, kind)
    states, outcomes = [await but_for_records_and_revisions(firm)], list[Exported]()
    for _ in range(3):
        outcomes.append(await exported(firm, source, to="production", onto=outcomes[0].flow_id if outcomes else onto))
        states.append(await but_for_records_and_revisions(firm))
    refused = await firm.undo(outcomes[0].export_id)
    assert isinstance(refused, Refused)
    assert [error.since for error in refused.errors] == [ChangeSinceExport.OVERRIDDEN_AGAIN]
    for each in reversed(outcomes):
        assert await but_for_records_and_revisions(firm) == states.pop()
        assert isinstance(await firm.undo(each.export_id), Undone)
    assert await but_for_records_and_revisions(firm) == states.pop()


async def test_a_start_or_stop_since_stays_told(firm: Company) -> None:
    source, _ = await published(firm, 9)
    onto, _ = await published(firm, 1, workspace="production")
    outcome = await exported(firm, source, onto=onto)
    await firm.start(onto)
    started = firm.now
    assert isinstance(await firm.undo(outcome.export_id), Undone)
    flow = (await lawful(firm)).flows[onto]
    assert (flow["status"], flow["updated_at"]) == ("ACTIVE", started)


STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3)), min_size=1, max_size=3)


def test_whatever_is_exported_to_whatever_undoing_it_all_gives_what_was_there(stage: Stage) -> None:
    """The last first: drafts, flows, versions and contents are as they were."""

    async def play(steps: list[tuple[str, int]]) -> None:
        firm = stage.company
        sources = [(await published(firm, note))[0] for note in (7, 8)]
        there = [await destination(firm, kind) for kind, _ in steps]
        before, outcomes = await but_for_records_and_revisions(firm), list[Exported]()
        for onto, (_, choice) in zip(there, steps, strict=True):
            source = sources[choice % 2]
            outcomes.append(await exported(firm, source, to="production", onto=onto))
            if choice > 1:
                outcomes.append(await exported(firm, sources[0], onto=outcomes[-1].flow_id))
        for each in reversed(outcomes):
            assert isinstance(await firm.undo(each.export_id), Undone)
        assert await but_for_records_and_revisions(firm) == before

    @settings(bounded, max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def run(steps: list[tuple[str, int]]) -> None:
        stage.runner.run(play(steps))

    run()
