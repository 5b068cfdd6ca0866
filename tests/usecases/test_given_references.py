"""Mappings and bindings in a call (P2, T3, X7c): what they leave in the database, and that refusals leave nothing."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.choices import StepChoice
from app.domain.facts import ExportWish
from app.domain.model import ReferenceKind
from app.usecases.copy_and_export import export_flow
from tests.domain.planning import mappings_of
from tests.usecases.company_database import CompanyDatabase, errors_of, exported
from tests.usecases.rows import bound

TOPIC, CREDENTIAL, SECRET, AGENT = (
    ReferenceKind.TOPIC,
    ReferenceKind.CREDENTIAL,
    ReferenceKind.SECRET,
    ReferenceKind.AGENT,
)
Wish = Callable[[CompanyDatabase], ExportWish]


def mapping(*pairs: tuple[str, str], flow: str = "orders", topic: str | None = None) -> Wish:
    """An export to production with mappings of what has these keys."""
    return lambda world: replace(
        world.export_wish(flow, to="production", topic=topic),
        mappings=tuple(mappings_of(*((world[old], world[new]) for old, new in pairs))),
    )


def choosing(*chosen: tuple[str, ReferenceKind, str]) -> Wish:
    """An export to production with bindings, each of a step to what has this key."""
    return lambda world: replace(
        world.export_wish("orders", to="production"),
        bindings=tuple(StepChoice(step, {kind: world[key]}) for step, kind, key in chosen),
    )


async def test_many_topics_are_all_mapped_in_one_call_and_none_is_told_as_not_copied(world: CompanyDatabase) -> None:
    """T3."""
    wish = mapping(("dev-orders", "live-orders"), ("dev-items", "live-items"), flow="two-topics")(world)
    outcome = exported(await export_flow(world.work.of(world.user("ada")), wish))
    orders, items = world["live-orders"], world["live-items"]
    assert json.loads((await world.draft(outcome.flow_id))["bindings"]) == [
        bound(0, topic=orders),
        bound(1, topic=items),
        bound(2, topic=orders),
    ]
    assert [type(warning).__name__ for warning in outcome.warnings] == ["TopicSchemaMismatch"]


async def test_an_agent_that_is_mapped_is_no_warning(world: CompanyDatabase) -> None:
    """X7c."""
    outcome = exported(await export_flow(world.work.of(world.user("ada")), mapping(("dev-agent", "live-agent"))(world)))
    assert outcome.warnings == ()
    assert json.loads((await world.draft(outcome.flow_id))["bindings"]) == [bound(1, agent=world["live-agent"])]


INVALID, TOPIC_ELSEWHERE, ELSEWHERE = "INVALID_INPUT", "TOPIC_NOT_ACCESSIBLE", "CREDENTIAL_NOT_ACCESSIBLE"


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (mapping(("dev-orders", "live-mail")), [(INVALID, "mappings/0/toId")]),
        (mapping(("dev-mail", "live-mail"), ("dev-mail", "draft-mail")), [(INVALID, "mappings/1/fromId")]),
        (mapping(("dev-orders", "live-items"), topic="live-orders"), [(INVALID, "topicId")]),
        (
            mapping(("dev-mail", "dev-mail"), ("dev-agent", "agent_gone"), ("dev-orders", "dev-items")),
            [(TOPIC_ELSEWHERE, "mappings/2/toId"), (ELSEWHERE, "mappings/0/toId"), (ELSEWHERE, "mappings/1/toId")],
        ),
        (
            mapping(("dev-agent", "agent_gone"), ("dev-mail", "dev-mail")),
            [(ELSEWHERE, "mappings/1/toId"), (ELSEWHERE, "mappings/0/toId")],
        ),
        (choosing(("mail", AGENT, "dev-agent")), [(ELSEWHERE, "bindings/0/agentId")]),
        (choosing(("mail", SECRET, "live-erp")), [(ELSEWHERE, "bindings/0/secretId")]),
        (choosing(("in", TOPIC, "dev-items")), [(TOPIC_ELSEWHERE, "bindings/0/topicId")]),
        (choosing(("mail", TOPIC, "live-orders")), [(INVALID, "bindings/0/topicId")]),
        (choosing(("nowhere", CREDENTIAL, "live-mail")), [(INVALID, "bindings/0/stepId")]),
        (choosing(("mail", CREDENTIAL, "live-mail"), ("mail", AGENT, "live-agent")), [(INVALID, "bindings/1/stepId")]),
        (
            lambda world: replace(world.export_wish("orders", to="production"), fingerprint="no plan"),
            [(INVALID, "planFingerprint")],
        ),
    ],
)
async def test_what_is_given_and_can_not_be_used_is_refused_at_its_place_and_nothing_is_written(
    untouched: CompanyDatabase, wish: Wish, expected: list[tuple[str, str]]
) -> None:
    """P2: with all its mistakes at once."""
    before = await untouched.contents()
    errors = errors_of(await export_flow(untouched.work.of(untouched.user("ada")), wish(untouched)))
    assert [(error.code.value, "/".join(error.path)) for error in errors] == expected
    assert await untouched.contents() == before
