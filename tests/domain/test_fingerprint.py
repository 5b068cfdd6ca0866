"""Fingerprints (P1, P7): each part that a plan rests on has a digest of its own, and what it doesn't rest on has none."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given

from app.domain.access import QuotaExceeded, WorkspaceAccess
from app.domain.choices import by_reference
from app.domain.component import Catalogue
from app.domain.draft import ExistingDraft
from app.domain.errors import Refused
from app.domain.export import ExportPlan, plan_export
from app.domain.facts import ExportFacts, ExportWish, IntoWorkspace, OntoFlow
from app.domain.fingerprint import PlanBasis, PlanIsStale, fingerprint_of
from app.domain.flow import Graph, SavedState, SourceWish, StateOfFlow
from app.domain.input import InvalidInput
from app.domain.model import ContractStatus, Target
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    LIVE_ORDERS,
    MAILER,
    ORDERS,
    PRODUCTION,
    SOUTHERN,
    STANDARD,
    TEAM,
    catalogue,
    component,
    contract,
    draft,
    flow,
    flow_there,
    guest,
    integrator,
    known,
    publishes,
    saying,
    sends,
    state,
    target,
    workspace,
)
from tests.domain.lifecycle import choose
from tests.domain.planning import codes, mappings_of, planned, refusals
from tests.domain.random_exports import Case, exports, exports_with_given_references
from tests.property_settings import bounded

LOGIN, LIVE_LOGIN = (target(CREDENTIAL, at.name, at, of=MAILER) for at in (DEVELOPMENT, PRODUCTION))
OTHER = target(AGENT, "Other", PRODUCTION)
SOURCE = flow(state(sends("1", credential=LOGIN.id), publishes("2", ORDERS)), draft(sends("1")))
OVER = flow_there(
    state(sends("1", credential=LIVE_LOGIN.id), state_id="version_2"), draft(sends("9"), state_id="draft_2")
)
WISH = ExportWish(SOURCE.id, OntoFlow(OVER.id))
FACTS = ExportFacts(
    SOURCE, OVER.access, OVER, catalogue=catalogue(*STANDARD), targets=known(LOGIN, LIVE_LOGIN, ORDERS, LIVE_ORDERS)
)
Change = Callable[[ExportFacts, ExportWish], tuple[ExportFacts, ExportWish]]


def now(change: Callable[[ExportFacts], ExportFacts]) -> Change:
    return lambda facts, wish: (change(facts), wish)


def asking(**changes: object) -> Change:
    return lambda facts, wish: (facts, replace(wish, **changes))  # type: ignore[arg-type]


def source(published: SavedState | None = SOURCE.published, saved: SavedState | None = SOURCE.draft) -> Change:
    return now(lambda facts: replace(facts, source=replace(SOURCE, published=published, draft=saved)))


def over(published: SavedState | None = OVER.published, saved: SavedState | None = OVER.draft) -> Change:
    return now(lambda facts: replace(facts, overridden=replace(OVER, published=published, draft=saved)))


def with_destination(access: WorkspaceAccess) -> Change:
    return now(lambda facts: replace(facts, destination=access, overridden=replace(OVER, access=access)))


def knowing(*targets: Target) -> Change:
    return now(lambda facts: replace(facts, targets=known(*targets)))


def components(found: Catalogue) -> Change:
    return now(lambda facts: replace(facts, catalogue=found))


PUBLISHED = SOURCE.published or state()
THERE = OVER.published or state()
SUSPENDED = replace(PRODUCTION, contract=replace(PRODUCTION.contract, status=ContractStatus.SUSPENDED))
B = PlanBasis
KNOWN = (LOGIN, LIVE_LOGIN, ORDERS, LIVE_ORDERS)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (source(), []),
        (source(saying(PUBLISHED, content_hash="another")), [B.SOURCE]),
        (source(saying(PUBLISHED, name="Another")), [B.SOURCE]),
        (source(saying(PUBLISHED, cron=None)), [B.SOURCE]),
        (source(replace(PUBLISHED, id="version_9")), [B.SOURCE]),
        (source(saying(PUBLISHED, graph=PUBLISHED.state.graph.bound(()))), [B.SOURCE, B.TOPICS, B.CREDENTIALS]),
        (source(None), [B.SOURCE, B.COMPONENTS, B.TOPICS, B.CREDENTIALS]),
        (source(saved=None), []),  # The published version is what is exported.
        (
            now(lambda facts: replace(facts, source=None)),
            [B.SOURCE, B.PERMISSIONS, B.COMPONENTS, B.TOPICS, B.CREDENTIALS],
        ),
        (over(saying(THERE, content_hash="another")), [B.DESTINATION]),
        (over(replace(THERE, id="version_9")), [B.DESTINATION]),
        (over(saved=None), [B.DRAFT]),
        (over(saved=draft(sends("9"), state_id="draft_2", revision=7)), [B.DRAFT]),
        (over(saved=draft(sends("9"), state_id="draft_3")), [B.DRAFT]),
        (with_destination(integrator(SUSPENDED)), [B.DESTINATION]),
        (with_destination(guest(PRODUCTION)), [B.PERMISSIONS]),
        (components(catalogue(*STANDARD[1:])), [B.COMPONENTS]),
        (components(catalogue(*STANDARD, component("acme/other"))), []),  # No step is of it.
        (components(catalogue(component("acme/mailer", TEAM, SOUTHERN), *STANDARD[1:])), [B.COMPONENTS]),
        (knowing(LIVE_LOGIN, ORDERS), [B.CREDENTIALS]),
        (knowing(LOGIN, LIVE_LOGIN), [B.TOPICS]),
        (knowing(LOGIN, LIVE_LOGIN, replace(ORDERS, schema="{}")), [B.TOPICS]),
        (knowing(*KNOWN, OTHER), []),  # Nothing names it.
        (asking(name="Another"), [B.INPUT]),
        (asking(topic_id=LIVE_ORDERS.id), [B.TOPICS, B.INPUT]),
        (asking(existing_draft=ExistingDraft.REFUSE), [B.INPUT]),
        (asking(mappings=tuple(mappings_of((LOGIN, LIVE_LOGIN)))), [B.INPUT]),
        (asking(mappings=tuple(mappings_of((ORDERS, LIVE_ORDERS)))), [B.TOPICS, B.INPUT]),
        (asking(shared_mappings=by_reference(mappings_of((LOGIN, LIVE_LOGIN)))), [B.INPUT]),
        (asking(shared_mappings=by_reference(mappings_of((OTHER, "agent_9")))), []),  # The flow doesn't use it.
        (asking(bindings=(choose("1", agent=OTHER.id),)), [B.CREDENTIALS, B.INPUT]),
        (asking(bindings=(choose("1", agent=None),)), [B.INPUT]),
        (asking(source=SourceWish(StateOfFlow.PUBLISHED_VERSION)), [B.INPUT]),
        (asking(source=SourceWish(StateOfFlow.DRAFT)), [B.SOURCE, B.COMPONENTS, B.TOPICS, B.CREDENTIALS, B.INPUT]),
    ],
)
def test_what_has_changed_since_a_plan_is_named_part_by_part(change: Change, changed: list[PlanBasis]) -> None:
    facts, wish = change(FACTS, WISH)
    outcome = plan_export(facts, replace(wish, fingerprint=fingerprint_of(FACTS, WISH)))
    stale = (
        [error for error in outcome.errors if isinstance(error, PlanIsStale)] if isinstance(outcome, Refused) else []
    )

    assert [basis for error in stale for basis in error.changed] == changed


def test_a_plan_that_is_stale_is_told_beside_every_other_reason() -> None:
    outcome = plan_export(FACTS, replace(WISH, name="\n", fingerprint=fingerprint_of(FACTS, WISH)))
    assert [error.code.value for error in refusals(outcome)] == ["INVALID_INPUT", "PLAN_IS_STALE"]


@pytest.mark.parametrize(
    "text", ["", "1", "nonsense", "\0", "2" + "0" * 128, "1" + "0" * 127, "1" + "g" * 128, "1" + "0" * 129]
)
def test_a_text_that_is_no_fingerprint_is_invalid(text: str) -> None:
    [refusal] = refusals(plan_export(FACTS, replace(WISH, fingerprint=text)))
    assert isinstance(refusal, InvalidInput)
    assert refusal.path == ("planFingerprint",)


def test_how_many_flows_a_contract_holds_matters_only_once_it_is_full() -> None:
    small = contract("Small Shop", quota=3)
    shop = workspace("Shop", small)
    wish = ExportWish(SOURCE.id, IntoWorkspace(shop.id))
    facts = replace(FACTS, overridden=None, destination=integrator(shop))
    seen = replace(wish, fingerprint=fingerprint_of(facts, wish))
    assert isinstance(plan_export(replace(facts, flows_used=2), seen), ExportPlan)
    full, stale = refusals(plan_export(replace(facts, flows_used=3), seen))
    assert (full, stale) == (QuotaExceeded(3, 3, small), PlanIsStale((B.DESTINATION,)))


@bounded
@given(exports() | exports_with_given_references())
def test_an_export_with_the_fingerprint_of_its_plan_is_that_plan(case: Case) -> None:
    """P1."""
    seen = replace(case.wish, fingerprint=fingerprint_of(case.facts, case.wish))
    assert plan_export(case.facts, seen) == plan_export(case.facts, case.wish)


@bounded
@given(exports(), exports())
def test_an_export_with_the_fingerprint_of_another_is_that_or_stale(case: Case, other: Case) -> None:
    """P1: nothing that isn't digested makes a difference."""
    seen = replace(other.wish, fingerprint=fingerprint_of(case.facts, case.wish))
    outcome = plan_export(other.facts, seen)
    stale = isinstance(outcome, Refused) and any(isinstance(error, PlanIsStale) for error in outcome.errors)
    if not stale:
        assert planned_or_refused(outcome) == planned_or_refused(plan_export(case.facts, case.wish))


def planned_or_refused(outcome: ExportPlan | Refused[object]) -> object:  # type: ignore[type-var]
    """What is planned, but for the steps of the states, which their contents tell; or the refusals."""
    if isinstance(outcome, Refused):
        return outcome.errors
    copied, over = outcome.copied, outcome.overridden
    source = copied.flow.access.workspace.id, copied.flow.id, copied.version_id, copied.copied_from
    state = replace(outcome.state, graph=Graph(bindings=outcome.state.graph.bindings))
    overridden = over and (over.id, over.draft_id, over.shows_draft, over.shows)
    return source, state, outcome.workspace_id, overridden, outcome.references, outcome.warnings


def test_a_plan_of_what_is_unknown_has_a_fingerprint_as_well() -> None:
    nothing = ExportFacts(None, None)
    assert fingerprint_of(nothing, WISH) != fingerprint_of(FACTS, WISH)
    assert planned(plan_export(FACTS, replace(WISH, fingerprint=fingerprint_of(FACTS, WISH)))).overridden == OVER


def test_a_mapping_of_what_has_gone_since_makes_a_plan_stale_also_where_no_step_uses_it() -> None:
    """P2, P7."""
    unused = target(CREDENTIAL, "Unused", DEVELOPMENT, of=MAILER)
    facts = replace(FACTS, targets=known(*KNOWN, unused))
    wish = replace(WISH, mappings=tuple(mappings_of((unused, LIVE_LOGIN))))
    assert planned(plan_export(facts, wish)).overridden == OVER
    later = plan_export(FACTS, replace(wish, fingerprint=fingerprint_of(facts, wish)))
    assert [error for error in refusals(later) if isinstance(error, PlanIsStale)] == [PlanIsStale((B.CREDENTIALS,))]
    assert codes(later) == ["INVALID_INPUT", "PLAN_IS_STALE"]
