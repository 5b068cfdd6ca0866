"""What can't be an idempotency key is refused by every mutation that takes one (P5), whatever else is wrong."""

from collections.abc import Callable
from typing import Any

import pytest

from app.domain.content import read_graph, topic_fields
from app.domain.edit import CreateWish, plan_create
from app.domain.errors import Refused
from app.domain.export import plan_copy, plan_export
from app.domain.export_batch import ExportsWish, plan_batch
from app.domain.facts import CopyWish, ExportFacts, ExportWish, Facts, IntoWorkspace
from app.domain.input import InvalidInput
from app.domain.publish import PublishWish, RevertWish, plan_publish, plan_revert
from tests.domain.builders import DEVELOPMENT, PRODUCTION, STANDARD, catalogue, flow, integrator, native, node
from tests.domain.lifecycle import facts, state_of

FLOW = flow(state_of(native(node("1")), state_id="version_1"), state_of(native(node("1"))))
CATALOGUE = catalogue(*STANDARD)


def create(key: str | None, *, is_seen: bool) -> Any:
    graph = native(node("1"))
    sent = read_graph(graph, topic_fields(CATALOGUE, DEVELOPMENT.contract.tenant_id))
    accesses: dict[str, Any] = {DEVELOPMENT.id: integrator(DEVELOPMENT)} if is_seen else {}
    known = Facts(accesses=accesses, catalogue=CATALOGUE, graph=sent)
    return plan_create(known, CreateWish(DEVELOPMENT.id, "Orders", graph, idempotency_key=key))


def copy(key: str | None, *, is_seen: bool) -> Any:
    known = ExportFacts(FLOW, FLOW.access, catalogue=CATALOGUE) if is_seen else ExportFacts(None, None)
    return plan_copy(known, CopyWish(FLOW.id, idempotency_key=key))


def export(key: str | None, *, is_seen: bool) -> Any:
    place = integrator(PRODUCTION)
    known = ExportFacts(FLOW, place, catalogue=CATALOGUE) if is_seen else ExportFacts(None, None)
    return plan_export(known, ExportWish(FLOW.id, IntoWorkspace(PRODUCTION.id), idempotency_key=key))


def publish(key: str | None, *, is_seen: bool) -> Any:
    return plan_publish(facts(FLOW if is_seen else None), PublishWish(FLOW.id, idempotency_key=key))


def revert(key: str | None, *, is_seen: bool) -> Any:
    known = facts(FLOW if is_seen else None, version=FLOW.published)
    return plan_revert(known, RevertWish(FLOW.id, "version_1", idempotency_key=key))


@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize("decide", [create, copy, export, publish, revert])
@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "The idempotency key has 0 characters; it needs 1 to 255."),
        ("k" * 256, "The idempotency key has 256 characters; at most 255 are allowed."),
        ("a\0b", "The idempotency key holds a NUL character, which can't be stored."),
    ],
)
def test_what_is_no_key_is_refused(decide: Callable[..., Any], key: str, says: str, *, is_seen: bool) -> None:
    refused = decide(key, is_seen=is_seen)
    assert isinstance(refused, Refused)
    assert [error for error in refused.errors if isinstance(error, InvalidInput)] == [
        InvalidInput(("idempotencyKey",), says)
    ]


@pytest.mark.parametrize("is_seen", [True, False])
@pytest.mark.parametrize("decide", [create, copy, export, publish, revert])
@pytest.mark.parametrize("key", ["k", "é" * 255, " "])
def test_a_key_changes_no_decision(decide: Callable[..., Any], key: str, *, is_seen: bool) -> None:
    assert decide(key, is_seen=is_seen) == decide(None, is_seen=is_seen)


def test_what_is_no_key_of_a_bulk_call_is_a_mistake_of_the_call() -> None:
    wishes = (ExportWish("flow_1", IntoWorkspace("workspace_1")),)
    _, decided = plan_batch(Facts(), ExportsWish(wishes, idempotency_key=""))
    assert [error.path for error in decided.errors] == [("idempotencyKey",)]
