"""Outcomes that are kept with their keys can be read by the next release: calls are repeated across upgrades too (P5)."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.bindings import AgentNotCopied
from app.domain.idempotency import KeyedCall
from app.domain.model import (
    Contract,
    ContractId,
    ContractStatus,
    DraftId,
    ExportId,
    FlowId,
    ReferenceKind,
    Target,
    TenantId,
    VersionId,
    Workspace,
    WorkspaceId,
    WorkspaceType,
)
from app.domain.references import ReferenceAction, ReferenceOutcome
from app.domain.source import CopiedFrom
from app.domain.step import Step
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch
from app.usecases.do_once import ADAPTERS
from app.usecases.results import Created, Exported, Published, Reverted

STORED = json.loads(Path(__file__).with_name("stored_outcomes.json").read_text(encoding="utf-8"))
"""As they were kept once. They are not to be changed but with a migration of what is kept."""

FLOW, DRAFT, VERSION = FlowId("flow_1"), DraftId("draft_1"), VersionId("version_1")
RETAIL = Contract(
    ContractId("contract_1"), "Retail", ContractStatus.ACTIVE, TenantId("tenant_1"), component_whitelist=False
)
STORE = Workspace(WorkspaceId("workspace_1"), "Store", WorkspaceType.FULL, RETAIL)
ORDERS = Target("topic_1", ReferenceKind.TOPIC, STORE.id, "Orders", schema="{}")
OFFICE = Target("agent_1", ReferenceKind.AGENT, STORE.id, "Office")
STEP = Step(0, "1", "acme/code:run", "Run", shares_name=True)
REFERENCES = (
    ReferenceOutcome("1", ReferenceKind.TOPIC, ReferenceAction.REPLACED, ORDERS.id, "topic_2", "Run"),
    ReferenceOutcome("1", ReferenceKind.DATA_SAMPLES, ReferenceAction.CLEARED, None, None),
)
PLAIN = Exported(FLOW, DRAFT, None, CopiedFrom.DRAFT, (), (), ExportId("export_1"))
EXPORTED = Exported(
    FLOW,
    DRAFT,
    DraftId("draft_2"),
    CopiedFrom.PUBLISHED_VERSION,
    REFERENCES,
    (
        MultipleTopicsNotCopied((ORDERS,), refused=False),
        TopicSchemaMismatch(ORDERS, ORDERS, ("id", "total")),
        AgentNotCopied(OFFICE.id, OFFICE, (STEP,), STORE),
        AgentNotCopied("agent_2", None, (STEP, Step(1, "2", "acme/code:run")), STORE),
    ),
    ExportId("export_1"),
)
OUTCOMES: dict[KeyedCall, Any] = {
    KeyedCall.COPY_FLOW: PLAIN,
    KeyedCall.EXPORT_FLOW: EXPORTED,
    KeyedCall.EXPORT_FLOWS: {0: EXPORTED, 7: PLAIN},
    KeyedCall.CREATE_FLOW: Created(FLOW, DRAFT),
    KeyedCall.PUBLISH_FLOW_DRAFT: Published(FLOW, VERSION),
    KeyedCall.REVERT_FLOW: Reverted(FLOW, None, VERSION, DRAFT, REFERENCES),
}


@pytest.mark.parametrize("call", KeyedCall)
def test_an_outcome_that_was_kept_is_read_as_what_it_was(call: KeyedCall) -> None:
    assert ADAPTERS[call].validate_json(json.dumps(STORED[call])) == OUTCOMES[call]


@pytest.mark.parametrize("call", KeyedCall)
def test_what_is_kept_is_read_as_what_was_answered(call: KeyedCall) -> None:
    assert ADAPTERS[call].validate_json(ADAPTERS[call].dump_json(OUTCOMES[call])) == OUTCOMES[call]
