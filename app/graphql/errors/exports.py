"""Refusals and warnings that only writing flows knows: topics, credentials, drafts in the way, quotas, inputs."""

from asyncio import shield
from datetime import datetime

import strawberry
from strawberry import Parent

from app.domain import access, batch, bindings, draft, drift, export_batch, fingerprint, model, references
from app.domain import input as input_rules
from app.domain import topics as topic_rules
from app.execution.rows import relation, shows
from app.graphql.context import Info
from app.graphql.describe import about, field
from app.graphql.outcomes import Error, ExportFlowWarning
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.resources import Agent, Topic, in_workspace
from app.graphql.types.workspace import Workspace
from app.storage.reads.rows import TopicView


async def topics_of(refusal: Parent[topic_rules.MultipleTopicsNotCopied], info: Info) -> list[TopicView]:
    """The topics that the flow uses; as a warning those that were cleared."""
    views = await shield(info.context.loaders.topics.load_many(topic.id for topic in refusal.topics))
    return [view for view in views if view is not None]


@shows(
    topic_rules.MultipleTopicsNotCopied,
    "As an error: one topic was given for a flow that uses several. As a warning: the flow was exported "
    "without its topics.",
)
class MultipleTopicsNotCopied(Error):
    topics: list[Topic] = field(topics_of)


@shows(topic_rules.TopicNotAccessible, "The topic doesn't live in the workspace where it would be used.")
class TopicNotAccessible(Error):
    step_id: str | None = about("The step that names the topic; null where it was given for the whole flow.", "step.id")
    topic_id: strawberry.ID = about("The id that was given.")
    workspace: Workspace = in_workspace("The workspace that has no such topic.", "workspace.id")


@shows(topic_rules.FlowHasNoTopic, "A topic was given for a flow that has no pub/sub step.")
class FlowHasNoTopic(Error):
    pass


@shows(
    topic_rules.TopicSchemaMismatch, "With the new topic the flow misses properties: check the mappings of its steps."
)
class TopicSchemaMismatch(ExportFlowWarning):
    missing_properties: list[str] = about(
        "For publishing steps what the new topic requires and the old one doesn't declare; for subscribing steps what "
        "the old one requires and the new one doesn't declare. Sorted; top level only."
    )
    from_: Topic | None = relation(
        "topics", "from_topic.id", "The topic that was replaced; null if it is gone or you can't see it."
    )
    to: Topic | None = relation(
        "topics", "to_topic.id", "The topic that took its place; null if it is gone or you can't see it."
    )


@shows(
    bindings.AgentNotCopied,
    "Steps ran on an agent that the destination can't use, and nothing there takes its place: they would run "
    "without one. Nothing else tells, since no component demands an agent.",
)
class AgentNotCopied(ExportFlowWarning):
    agent: Agent | None = relation("agents", "agent_id", "The agent of the source; null if you can't see it.")
    step_ids: list[str] = about("The steps that ran on it, in the order of the graph.")


@shows(
    references.CredentialNotAccessible,
    "A credential, secret or agent that lives in another workspace, belongs to another component, or doesn't exist.",
)
class CredentialNotAccessible(Error):
    kind: model.ReferenceKind = about("Whether it is a credential, a secret or an agent.")
    step_id: str | None = about("The step that names it; null where no step does.", "step.id")
    reference_id: strawberry.ID = about("The id that was given.")
    workspace: Workspace = in_workspace("The workspace where it can't be used.", "workspace.id")


@shows(draft.DraftAlreadyExists, "The flow to override has a draft already, and it was asked not to set it aside.")
class DraftAlreadyExists(Error):
    draft: FlowDraft = relation("drafts", "draft_id", "The draft that is there.")


@shows(
    drift.DestinationWasChanged,
    "The overridden flow was changed at the destination since it got its content from this flow: published, the export "
    "undoes that. An error where the call asked to be refused.",
)
class DestinationWasChanged(Error):
    flow: Flow | None = relation("flows", "flow_id", "The flow that was changed; null if it is gone.")
    version: FlowVersion | None = relation("versions", "version_id", "The version that would be undone.")


@shows(draft.CannotOverrideItself, "Source and destination are the same flow.")
class CannotOverrideItself(Error):
    pass


@shows(access.QuotaExceeded, "The contract may not hold more flows in its production workspaces.")
class QuotaExceeded(Error):
    limit: int = about("How many flows the contract may hold in its production workspaces.")
    used: int = about("How many it holds.")


@shows(input_rules.IdempotencyKeyReused, "The idempotency key was used for another input before.")
class IdempotencyKeyReused(Error):
    first_used_at: datetime = about("When it was used first.")


@shows(
    fingerprint.PlanIsStale,
    "The plan whose fingerprint was given is no longer the one that would be carried out: look at a new one.",
)
class PlanIsStale(Error):
    changed: list[fingerprint.PlanBasis] = about("Every part that it rests on and that has changed since.")


@shows(export_batch.DuplicateOverride, "Several items of the call override the same flow.")
class DuplicateOverride(Error):
    item_indexes: list[int] = about("All items that override it, counted from 0.", "items")
    flow: Flow = relation("flows", "flow_id", "The flow that they override.")


@shows(batch.BatchNotApplied, "The item is fine; another item of the call was refused, so nothing was written.")
class BatchNotApplied(Error):
    refused_item_indexes: list[int] = about("The items that were refused, counted from 0.", "refused_items")


@shows(input_rules.InvalidInput, "A value of the input can't be used.")
class InvalidInput(Error):
    pass
