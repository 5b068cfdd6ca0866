"""Refusals and warnings that only writing flows knows: topics, credentials, drafts in the way, quotas, inputs."""

from typing import Self

import strawberry

from app.domain import input as input_rules
from app.domain import override, quota, references
from app.domain import topics as topic_rules
from app.domain.nouns import ReferenceKind
from app.graphql.context import Info, required
from app.graphql.describe import about, field, field_called
from app.graphql.errors.interfaces import (
    CopyFlowError,
    CreateFlowError,
    DiscardFlowDraftError,
    ExportFlowError,
    ExportFlowWarning,
    PublishFlowDraftError,
    RestoreFlowDraftError,
    RevertFlowError,
    UpdateFlowDraftError,
)
from app.graphql.types.bound import Topic, workspace_by_id
from app.graphql.types.flow import FlowDraft
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
        views = await info.context.loaders.topics.load_many(self.topic_ids)
        return [Topic.of(view) for view in views if view is not None]

    @classmethod
    def of(cls, refusal: topic_rules.MultipleTopicsNotCopied) -> Self:
        return cls(message=refusal.message, code=refusal.code, topic_ids=[topic.id for topic in refusal.topics])


@strawberry.type(description="The topic doesn't live in the workspace where it would be used.")
class TopicNotAccessible(ExportFlowError, CreateFlowError, UpdateFlowDraftError):
    step_id: str | None = about("The step that names the topic; null where it was given for the whole flow.")
    topic_id: strawberry.ID = about("The id that was given.")
    workspace_id: strawberry.Private[str]

    @field
    async def workspace(self, info: Info) -> Workspace:
        """The workspace that has no such topic."""
        return await workspace_by_id(info, self.workspace_id)

    @classmethod
    def of(cls, refusal: topic_rules.TopicNotAccessible) -> Self:
        return cls(
            message=refusal.message,
            code=refusal.code,
            step_id=refusal.step_id,
            topic_id=strawberry.ID(refusal.topic_id),
            workspace_id=refusal.workspace.id,
        )


@strawberry.type(description="A topic was given for a flow that has no pub/sub step.")
class FlowHasNoTopic(ExportFlowError):
    @classmethod
    def of(cls, refusal: topic_rules.FlowHasNoTopic) -> Self:
        return cls(message=refusal.message, code=refusal.code)


@strawberry.type(description="With the new topic the flow misses properties: check the mappings of its steps.")
class TopicSchemaMismatch(ExportFlowWarning):
    missing_properties: list[str] = about(
        "For publishing steps what the new topic requires and the old one doesn't declare; for subscribing steps what "
        "the old one requires and the new one doesn't declare. Sorted; top level only."
    )
    from_id: strawberry.Private[str]
    to_id: strawberry.Private[str]

    @field_called("from")
    async def from_(self, info: Info) -> Topic:
        """The topic that was replaced."""
        return Topic.of(await required(info.context.loaders.topics, self.from_id))

    @field
    async def to(self, info: Info) -> Topic:
        """The topic that took its place."""
        return Topic.of(await required(info.context.loaders.topics, self.to_id))

    @classmethod
    def of(cls, warning: topic_rules.TopicSchemaMismatch) -> Self:
        return cls(
            message=warning.message,
            missing_properties=list(warning.missing_properties),
            from_id=warning.from_topic.id,
            to_id=warning.to_topic.id,
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

    @field
    async def workspace(self, info: Info) -> Workspace:
        """The workspace where it can't be used."""
        return await workspace_by_id(info, self.workspace_id)

    @classmethod
    def of(cls, refusal: references.CredentialNotAccessible) -> Self:
        return cls(
            message=refusal.message,
            code=refusal.code,
            kind=refusal.kind,
            step_id=refusal.step_id,
            reference_id=strawberry.ID(refusal.reference_id),
            workspace_id=refusal.workspace.id,
        )


@strawberry.type(description="The flow to override has a draft already, and it was asked not to set it aside.")
class DraftAlreadyExists(ExportFlowError, RevertFlowError):
    draft_id: strawberry.Private[str]

    @field
    async def draft(self, info: Info) -> FlowDraft:
        """The draft that is there."""
        return FlowDraft.of(await required(info.context.loaders.drafts, self.draft_id))

    @classmethod
    def of(cls, refusal: override.DraftAlreadyExists) -> Self:
        return cls(message=refusal.message, code=refusal.code, draft_id=refusal.draft_id)


@strawberry.type(description="Source and destination are the same flow.")
class CannotOverrideItself(ExportFlowError):
    @classmethod
    def of(cls, refusal: override.CannotOverrideItself) -> Self:
        return cls(message=refusal.message, code=refusal.code)


@strawberry.type(description="The contract may not hold more flows in its production workspaces.")
class QuotaExceeded(CopyFlowError, ExportFlowError, CreateFlowError):
    limit: int = about("How many flows the contract may hold in its production workspaces.")
    used: int = about("How many it holds.")

    @classmethod
    def of(cls, refusal: quota.QuotaExceeded) -> Self:
        return cls(message=refusal.message, code=refusal.code, limit=refusal.limit, used=refusal.used)


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
):
    path: list[str] = about(
        "Where in the input: one element per field name or list index; long keys of a graph are cut."
    )

    @classmethod
    def of(cls, refusal: input_rules.InvalidInput) -> Self:
        return cls(message=refusal.message, code=refusal.code, path=list(refusal.path))
