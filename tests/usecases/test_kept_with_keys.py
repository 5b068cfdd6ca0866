"""What is kept with a key can be read by the next release: calls are repeated across upgrades too (P5)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.component import Step
from app.domain.edit import Saved
from app.domain.export import Exported
from app.domain.flow import CopiedFrom
from app.domain.input import KeyedCall
from app.domain.model import DraftId, ExportId, FlowId, ReferenceKind, Target, UserId, VersionId, WorkspaceId
from app.domain.publish import Published, Reverted
from app.domain.references import ReferenceAction, ReferenceOutcome
from app.domain.release import ReleaseOutcome
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch
from app.storage.connections.connection import Row
from app.storage.facts.locks import StoredCall
from app.storage.reads.exports import exports_from_json
from app.storage.store import Store
from app.usecases.keyed_calls import outcomes_to_json, read_outcomes
from tests.usecases.company_database import NOW

KEPT = json.loads(Path(__file__).with_name("kept_with_keys.json").read_text(encoding="utf-8"))
"""As it was kept once. It is not to be changed but with a migration of what is kept."""

FLOW, DRAFT, VERSION = FlowId("flow_1"), DraftId("draft_1"), VersionId("version_1")
STORE = WorkspaceId("workspace_1")
ORDERS = Target("topic_1", ReferenceKind.TOPIC, STORE, "Orders", schema="{}")
OFFICE = Target("agent_1", ReferenceKind.AGENT, STORE, "Office")
STEP = Step(0, "1", "acme/code:run", "Run", shares_name=True)
REFERENCES = (
    ReferenceOutcome("1", ReferenceKind.TOPIC, ReferenceAction.REPLACED, ORDERS.id, "topic_2", "Run"),
    ReferenceOutcome("1", ReferenceKind.DATA_SAMPLES, ReferenceAction.CLEARED, None, None),
)
PLAIN = Exported(ExportId("export_1"), FLOW, DRAFT, None, CopiedFrom.DRAFT)
WITHOUT_TOPIC = replace(PLAIN, warnings=(MultipleTopicsNotCopied((ORDERS,), refused=False),))
EXPORTED = replace(
    PLAIN,
    references=REFERENCES,
    warnings=(
        *WITHOUT_TOPIC.warnings,
        TopicSchemaMismatch(ORDERS, ORDERS, ("id", "total")),
        AgentNotCopied(OFFICE.id, OFFICE, (STEP,), "Store"),
        AgentNotCopied("agent_2", None, (STEP, Step(1, "2", "acme/code:run")), "Store"),
    ),
)
ALL = {0: WITHOUT_TOPIC, 3: WITHOUT_TOPIC, 7: PLAIN}
OUTCOMES: dict[KeyedCall, Any] = {
    KeyedCall.COPY_FLOW: PLAIN,
    KeyedCall.EXPORT_FLOW: EXPORTED,
    KeyedCall.CREATE_FLOW: Saved(FLOW, DRAFT),
    KeyedCall.PUBLISH_FLOW_DRAFT: Published(FLOW, VERSION),
    KeyedCall.REQUEST_RELEASE: ReleaseOutcome("release_1"),
    KeyedCall.REVERT_FLOW: Reverted(FLOW, None, VERSION, DRAFT, REFERENCES),
}


class Remembering:
    """A store with one record, and all that its warnings name."""

    async def read_keyed_exports(self, groups: Sequence[dict[str, Any]]) -> dict[int, Exported]:
        ids = {"flow_id": FLOW, "draft_id": DRAFT, "set_aside": None}
        record = SimpleNamespace(**ids, copied_from="DRAFT", destination_name="Store", flow_name=None)
        return exports_from_json(
            groups, {"export_1": cast("Row", record)}, {target.id: target for target in (ORDERS, OFFICE)}
        )


REMEMBERING = cast("Store", Remembering())


def replay_of(outcome: Any) -> Any:
    """References are read with the record, where they are asked for."""
    read = {"references": ()} if isinstance(outcome, Exported) else {}
    return replace(outcome, replayed=True, **read)


@pytest.mark.parametrize("call", OUTCOMES)
async def test_what_was_kept_of_a_call_is_read_as_what_it_made(call: KeyedCall) -> None:
    stored = StoredCall(UserId("user_1"), call, "key", "hash", NOW, KEPT[call])
    assert await read_outcomes(REMEMBERING, stored) == {0: replay_of(OUTCOMES[call])}


@pytest.mark.parametrize("call", OUTCOMES)
def test_what_is_kept_of_a_call_is_what_was_kept_once(call: KeyedCall) -> None:
    assert json.loads(json.dumps(outcomes_to_json(call, {0: OUTCOMES[call]}))) == KEPT[call]


async def test_of_a_call_of_many_equal_warnings_are_kept_once() -> None:
    kept = KEPT[KeyedCall.EXPORT_FLOWS]
    assert json.loads(json.dumps(outcomes_to_json(KeyedCall.EXPORT_FLOWS, ALL))) == kept
    read = await REMEMBERING.read_keyed_exports(kept)
    assert read == {index: replay_of(each) for index, each in ALL.items()}


async def test_of_a_call_that_publishes_many_the_versions_are_kept_by_the_indexes_of_its_items() -> None:
    kept, call = KEPT[KeyedCall.PUBLISH_FLOW_DRAFTS], KeyedCall.PUBLISH_FLOW_DRAFTS
    published = {0: Published(FLOW, VERSION), 3: Published(FLOW, VERSION)}
    assert json.loads(json.dumps(outcomes_to_json(call, published))) == kept
    stored = StoredCall(UserId("user_1"), call, "key", "hash", NOW, kept)
    assert await read_outcomes(REMEMBERING, stored) == {index: replay_of(each) for index, each in published.items()}


def test_every_kind_of_call_is_pinned() -> None:
    assert set(KEPT) == set(KeyedCall)
