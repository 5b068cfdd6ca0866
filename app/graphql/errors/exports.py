"""Refusals and warnings that only writing flows knows: topics, credentials, drafts in the way, quotas, inputs."""

from asyncio import shield
from datetime import datetime
from typing import Self

import strawberry

from app.domain import bindings, export_batch, fingerprint, idempotency, override, quota, references
from app.domain import input as input_rules
from app.domain import topics as topic_rules
from app.domain.fingerprint import PlanBasis
from app.domain.model import ReferenceKind
from app.execution.relations import one
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.errors.interfaces import (
    CopyFlowError,
    CreateFlowError,
    DiscardFlowDraftError,
    ExportFlowError,
    ExportFlowsError,
    ExportFlowWarning,
    PublishFlowDraftError,
    RestoreFlowDraftError,
    RevertFlowError,
    UndoExportError,
    UpdateFlowDraftError,
    told,
)
from app.graphql.types.flow import Flow, FlowDraft
from app.graphql.types.resources import Agent, Topic, in_workspace
from app.graphql.types.workspace import Workspace


@strawberry.type(
    description="As an error: one topic was given for a flow that uses several. As a warning: the flow was exported "
    "without its topics."
)
class MultipleTopicsNotCopied(ExportFlowError, ExportFlowWarning):
    topic_ids: strawberry.Private[list[str]]

    @field
    async def topics(self, info: Info) -> list[Topic]:
        """The topics that the flow uses; as a warning those that were cleared."""
        views = await shield(info.context.loaders.topics.load_many(self.topic_ids))
        return [Topic.of(view) for view in views if view is not None]

    @classmethod
    def of(cls, refusal: topic_rules.MultipleTopicsNotCopied) -> Self:
        return cls(**told(refusal), topic_ids=[topic.id for topic in refusal.topics])


@strawberry.type(description="The topic doesn't live in the workspace where it would be used.")
class TopicNotAccessible(ExportFlowError, CreateFlowError, UpdateFlowDraftError):
    step_id: str | None = about("The step that names the topic; null where it was given for the whole flow.")
    topic_id: strawberry.ID = about("The id that was given.")
    workspace_id: strawberry.Private[str]
    workspace: Workspace = in_workspace("The workspace that has no such topic.")

    @classmethod
    def of(cls, refusal: topic_rules.TopicNotAccessible) -> Self:
        return cls(
            **told(refusal),
            step_id=None if refusal.step is None else refusal.step.id,
            topic_id=strawberry.ID(refusal.topic_id),
            workspace_id=refusal.workspace.id,
        )


@strawberry.type(description="A topic was given for a flow that has no pub/sub step.")
class FlowHasNoTopic(ExportFlowError):
    @classmethod
    def of(cls, refusal: topic_rules.FlowHasNoTopic) -> Self:
        return cls(**told(refusal))


@strawberry.type(
    description="Steps ran on an agent that the destination can't use, and nothing there takes its place: they would run "
    "without one. Nothing else tells, since no component demands an agent."
)
class AgentNotCopied(ExportFlowWarning):
    agent_id: strawberry.Private[str]
    agent: Agent | None = one(
        lambda loaders: loaders.agents,
        lambda warning: warning.agent_id,
        "The agent of the source; null if you can't see it.",
    )
    step_ids: list[str] = about("The steps that ran on it, in the order of the graph.")

    @classmethod
    def of(cls, warning: bindings.AgentNotCopied) -> Self:
        step_ids = [step.id for step in warning.steps]
        return cls(message=warning.message, agent_id=warning.agent_id, step_ids=step_ids)


@strawberry.type(description="With the new topic the flow misses properties: check the mappings of its steps.")
class TopicSchemaMismatch(ExportFlowWarning):
    missing_properties: list[str] = about(
        "For publishing steps what the new topic requires and the old one doesn't declare; for subscribing steps what "
        "the old one requires and the new one doesn't declare. Sorted; top level only."
    )
    from_id: strawberry.Private[str | None]
    to_id: strawberry.Private[str | None]
    from_: Topic | None = one(
        lambda loaders: loaders.topics,
        lambda warning: warning.from_id,
        "The topic that was replaced; null if it is gone or you can't see it.",
        name="from",
    )
    to: Topic | None = one(
        lambda loaders: loaders.topics,
        lambda warning: warning.to_id,
        "The topic that took its place; null if it is gone or you can't see it.",
    )

    @classmethod
    def of(cls, warning: topic_rules.TopicSchemaMismatch) -> Self:
        return cls(
            message=warning.message,
            missing_properties=list(warning.missing_properties),
            from_id=None if warning.from_topic is None else warning.from_topic.id,
            to_id=None if warning.to_topic is None else warning.to_topic.id,
        )


@strawberry.type(
    description="A credential, secret or agent that lives in another workspace, belongs to another component, or "
    "doesn't exist."
)
class CredentialNotAccessible(ExportFlowError, CreateFlowError, UpdateFlowDraftError):
    kind: ReferenceKind = about("Whether it is a credential, a secret or an agent.")
    step_id: str | None = about("The step that names it; null where no step does.")
    reference_id: strawberry.ID = about("The id that was given.")
    workspace_id: strawberry.Private[str]
    workspace: Workspace = in_workspace("The workspace where it can't be used.")

    @classmethod
    def of(cls, refusal: references.CredentialNotAccessible) -> Self:
        return cls(
            **told(refusal),
            kind=refusal.kind,
            step_id=None if refusal.step is None else refusal.step.id,
            reference_id=strawberry.ID(refusal.reference_id),
            workspace_id=refusal.workspace.id,
        )


@strawberry.type(description="The flow to override has a draft already, and it was asked not to set it aside.")
class DraftAlreadyExists(ExportFlowError, RevertFlowError):
    draft_id: strawberry.Private[str]
    draft: FlowDraft = one(lambda loaders: loaders.drafts, lambda error: error.draft_id, "The draft that is there.")

    @classmethod
    def of(cls, refusal: override.DraftAlreadyExists) -> Self:
        return cls(**told(refusal), draft_id=refusal.draft_id)


@strawberry.type(description="Source and destination are the same flow.")
class CannotOverrideItself(ExportFlowError):
    @classmethod
    def of(cls, refusal: override.CannotOverrideItself) -> Self:
        return cls(**told(refusal))


@strawberry.type(description="The contract may not hold more flows in its production workspaces.")
class QuotaExceeded(CopyFlowError, ExportFlowError, CreateFlowError):
    limit: int = about("How many flows the contract may hold in its production workspaces.")
    used: int = about("How many it holds.")

    @classmethod
    def of(cls, refusal: quota.QuotaExceeded) -> Self:
        return cls(**told(refusal), limit=refusal.limit, used=refusal.used)


@strawberry.type(description="The idempotency key was used for another input before.")
class IdempotencyKeyReused(
    CopyFlowError, ExportFlowError, CreateFlowError, PublishFlowDraftError, RevertFlowError, ExportFlowsError
):
    first_used_at: datetime = about("When it was used first.")

    @classmethod
    def of(cls, refusal: idempotency.IdempotencyKeyReused) -> Self:
        return cls(**told(refusal), first_used_at=refusal.first_used_at)


@strawberry.type(
    description="The plan whose fingerprint was given is no longer the one that would be carried out: look at a new one."
)
class PlanIsStale(ExportFlowError):
    changed: list[PlanBasis] = about("Every part that it rests on and that has changed since.")

    @classmethod
    def of(cls, refusal: fingerprint.PlanIsStale) -> Self:
        return cls(**told(refusal), changed=list(refusal.changed))


@strawberry.type(description="Several items of the call override the same flow.")
class DuplicateOverride(ExportFlowError):
    flow_id: strawberry.Private[str]
    item_indexes: list[int] = about("All items that override it, counted from 0.")
    flow: Flow = one(lambda loaders: loaders.flows, lambda error: error.flow_id, "The flow that they override.")

    @classmethod
    def of(cls, refusal: export_batch.DuplicateOverride) -> Self:
        return cls(**told(refusal), flow_id=refusal.flow_id, item_indexes=list(refusal.items))


@strawberry.type(description="The item is fine; another item of the call was refused, so nothing was written.")
class BatchNotApplied(ExportFlowError):
    refused_item_indexes: list[int] = about("The items that were refused, counted from 0.")

    @classmethod
    def of(cls, refusal: export_batch.BatchNotApplied) -> Self:
        return cls(**told(refusal), refused_item_indexes=list(refusal.refused_items))


@strawberry.type(description="A value of the input can't be used.")
class InvalidInput(
    CopyFlowError,
    ExportFlowError,
    CreateFlowError,
    UpdateFlowDraftError,
    PublishFlowDraftError,
    RevertFlowError,
    DiscardFlowDraftError,
    RestoreFlowDraftError,
    ExportFlowsError,
    UndoExportError,
):
    @classmethod
    def of(cls, refusal: input_rules.InvalidInput) -> Self:
        return cls(**told(refusal))
