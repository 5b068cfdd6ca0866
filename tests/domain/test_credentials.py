"""The rank of the credentials and secrets that a step could use at a destination, with its reason."""

import pytest

from app.domain.flow import CopiedFrom, CopiedState
from app.domain.model import Target
from app.domain.references import CredentialMatch, StepInNeed, ranked, steps_in_need
from tests.domain.builders import (
    CREDENTIAL,
    DEVELOPMENT,
    PRODUCTION,
    SECRET,
    BoundStep,
    catalogue,
    component,
    flow,
    flow_there,
    known,
    state,
    step,
    target,
)

SAME_CREDENTIAL, CHOSEN_BEFORE, SAME_NAME, ONLY_ONE, OTHER = CredentialMatch
CRM, ERP = component("lab/crm", needs=CREDENTIAL), component("lab/erp", needs=SECRET)
CATALOGUE = catalogue(CRM, ERP, component("lab/code"))
OWN = target(CREDENTIAL, "Mail", DEVELOPMENT, of=CRM)
NAMESAKE = Target("credential_there", CREDENTIAL, PRODUCTION.id, "MAIL", CRM.id)
ASIDE, BOOKS = target(CREDENTIAL, "Aside", PRODUCTION, of=CRM), target(CREDENTIAL, "Books", PRODUCTION, of=CRM)


def needs(*steps: BoundStep, exported: tuple[BoundStep, ...] = ()) -> list[StepInNeed]:
    saved = state(*steps)
    copied = CopiedState(flow(saved), saved.state, CopiedFrom.PUBLISHED_VERSION)
    return steps_in_need(copied, PRODUCTION, CATALOGUE, known(OWN, ASIDE, BOOKS), [flow_there(state(*exported))])


def test_the_steps_whose_component_needs_something_are_asked_for_with_what_they_use() -> None:
    steps = (
        step("1", "lab/code:run", credential=OWN.id),
        step("2", "lab/crm:get", credential=OWN.id).named("Read"),
        step("3", "lab/crm:get"),
        step("4", "lab/crm:get", credential="credential_gone", secret=OWN.id),
        step("5", "lab/erp:get", credential=OWN.id),
        step("6", "nobody/knows:it", credential=OWN.id),
    )
    assert [(each.step_id, each.step_name, each.component, each.kind, each.own) for each in needs(*steps)] == [
        ("2", "Read", CRM, CREDENTIAL, OWN),
        ("3", None, CRM, CREDENTIAL, None),
        ("4", None, CRM, CREDENTIAL, None),
        ("5", None, ERP, SECRET, None),
    ]


def test_the_same_step_of_a_flow_that_was_exported_tells_what_was_chosen_before() -> None:
    there = (step("1", "lab/crm:get", credential=BOOKS.id), step("2", "lab/crm:get", credential="credential_gone"))
    steps = [step(number, "lab/crm:get") for number in "123"]
    assert [each.chosen_before for each in needs(*steps, exported=there)] == [{BOOKS.id}, frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("own", "chosen", "candidates", "number", "expected"),
    [
        (None, None, [], 0, []),
        (None, None, [BOOKS, ASIDE], 2, [(ASIDE, OTHER), (BOOKS, OTHER)]),
        (None, None, [BOOKS], 1, [(BOOKS, ONLY_ONE)]),
        (None, None, [BOOKS], 2, [(BOOKS, OTHER)]),  # one of two that a search left
        (OWN, None, [BOOKS, NAMESAKE], 2, [(NAMESAKE, SAME_NAME), (BOOKS, OTHER)]),
        (OWN, None, [NAMESAKE], 1, [(NAMESAKE, SAME_NAME)]),
        (OWN, BOOKS, [NAMESAKE, ASIDE, BOOKS], 3, [(BOOKS, CHOSEN_BEFORE), (NAMESAKE, SAME_NAME), (ASIDE, OTHER)]),
        (OWN, BOOKS, [BOOKS, OWN], 2, [(OWN, SAME_CREDENTIAL), (BOOKS, CHOSEN_BEFORE)]),
        (OWN, OWN, [NAMESAKE, OWN], 2, [(OWN, SAME_CREDENTIAL), (NAMESAKE, SAME_NAME)]),
    ],
)
def test_the_best_match_comes_first_then_the_name(
    own: Target | None,
    chosen: Target | None,
    candidates: list[Target],
    number: int,
    expected: list[tuple[Target, CredentialMatch]],
) -> None:
    before = frozenset[str]() if chosen is None else frozenset({chosen.id})
    in_need = StepInNeed("1", None, CRM, CREDENTIAL, PRODUCTION.id, own, before)
    assert ranked(in_need, candidates, number) == expected


def test_equal_names_are_in_the_order_of_their_ids() -> None:
    alike = [Target(f"credential_{number}", CREDENTIAL, PRODUCTION.id, "Mail", CRM.id) for number in (2, 1, 3)]
    in_need = StepInNeed("1", None, CRM, CREDENTIAL, PRODUCTION.id, None, frozenset())
    assert [each.id for each, _ in ranked(in_need, alike, 3)] == ["credential_1", "credential_2", "credential_3"]
