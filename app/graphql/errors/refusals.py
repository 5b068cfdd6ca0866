"""Refusals and warnings of the domain, as types of the schema. Objects that a refusal refers to are loaded as the viewer sees them."""

from datetime import datetime

import strawberry

from app.domain import (
    access,
    batch,
    bindings,
    draft,
    drift,
    export_batch,
    fingerprint,
    model,
    readiness,
    references,
    review,
    running,
    source_graph,
    undo,
    world,
)
from app.domain import flow as flow_rules
from app.domain import input as input_rules
from app.domain import topics as topic_rules
from app.execution.rows import relation, shows
from app.graphql.context import Info
from app.graphql.describe import about, shown_as
from app.graphql.outcomes import Error, ExportFlowWarning
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.graphs import DraftBlocker
from app.graphql.types.records import ReleaseItem, ReleaseRequest
from app.graphql.types.resources import Agent, Contract, InaccessibleComponent, Topic, in_workspace
from app.graphql.types.workspace import Workspace
from app.storage.reads.rows import TopicView


@shows(access.FlowNotFound, "There is no such flow, or you can't see it: the answer is the same.")
class FlowNotFound(Error):
    flow_id: strawberry.ID = about("The id that was given.", "id")


@shows(access.WorkspaceNotFound, "There is no such workspace, or you can't see it: the answer is the same.")
class WorkspaceNotFound(Error):
    workspace_id: strawberry.ID = about("The id that was given.", "id")


@shows(
    flow_rules.VersionNotFound, "The flow has no such version; or the published one was asked for and there is none."
)
class VersionNotFound(Error):
    version_id: strawberry.ID | None = about("The id that was given; null where the published version was asked for.")


@shows(flow_rules.DraftNotFound, "A draft was asked for and there is none.")
class DraftNotFound(Error):
    draft_id: strawberry.ID | None = about("The id that was given, where one was.")


@shows(
    access.InsufficientPermission,
    "You lack a permission in a workspace. Each one that is missing there is an error of its own.",
)
class InsufficientPermission(Error):
    permission: str = about("The permission that is missing, such as workspaces.flow.edit.")
    workspace: Workspace = in_workspace("Where it is missing.", "workspace.id")


@shows(
    access.ApprovalRequired,
    "The workspace is reviewed, and you may not publish in it alone: request a release. "
    '`Workspace.members(holding: "workspaces.flow.review")` tells who may approve.',
)
class ApprovalRequired(Error):
    workspace: Workspace = in_workspace("The workspace that is reviewed.", "workspace.id")


@shows(access.ContractSuspended, "The contract is suspended: nothing can be changed or started in its workspaces.")
class ContractSuspended(Error):
    contract: Contract = relation("contracts", "contract.id", "The contract that is suspended.")


@shows(
    source_graph.ComponentNotAccessible,
    "The flow uses components that the destination can't use: all of them are listed.",
)
class ComponentNotAccessible(Error):
    workspace: Workspace = in_workspace("The workspace that can't use them.", "workspace.id")
    components: list[InaccessibleComponent] = about("Each once, in the order of its first step.")


@shows(draft.StaleDraft, "The draft was changed since the revision that the change is based on, or is gone.")
class StaleDraft(Error):
    current_draft: FlowDraft | None = relation(
        "drafts", "draft_id", "The draft as it is now; null when it was published or discarded meanwhile."
    )


@shows(readiness.DraftNotReady, "The draft can't be published yet; or, of a version that is restored, not any more.")
class DraftNotReady(Error):
    blockers: list[DraftBlocker] = about("The reasons that keep it from being published, as in `FlowDraft.readiness`.")
    flow: Flow | None = relation("flows", "flow_id", "The flow that it is about.")


@shows(running.FlowIsActive, "The flow runs: stop it first.")
class FlowIsActive(Error):
    pass


@shows(running.FlowIsSuspended, "The platform suspended the flow; only the platform lifts that.")
class FlowIsSuspended(Error):
    flow: Flow | None = relation("flows", "flow_id", "The flow that it is about.")


@shows(running.FlowNotPublished, "The flow has no published version that could be started.")
class FlowNotPublished(Error):
    pass


@shows(undo.ExportNotFound, "There is no such record, or you can't see where the flow went: the answer is the same.")
class ExportNotFound(Error):
    export_id: strawberry.ID = about("The id that was given.", "id")


@shows(undo.CannotUndo, "Somebody has built on the result, or what was there before is no longer kept.")
class CannotUndo(Error):
    since: undo.ChangeSinceExport = about("The first change since.")


@shows(review.ReleaseNotFound, "There is no such release, or you can't see its workspace: the answer is the same.")
class ReleaseNotFound(Error):
    release_id: strawberry.ID = about("The id that was given.", "id")


@shows(review.CannotReviewOwnRelease, "You requested the release yourself: somebody else has to review it.")
class CannotReviewOwnRelease(Error):
    pass


@shows(
    review.ReleaseIsClosed, "It was applied, rejected, withdrawn or undone; or, of `undoRelease`, was never applied."
)
class ReleaseIsClosed(Error):
    request: ReleaseRequest = relation("releases", "release_id", "The release as it is now.")


@shows(
    review.ReleaseIsStale,
    "Items have moved since they were requested: nothing was published, and the request stays open. Look again, withdraw "
    "it and request the release anew.",
)
class ReleaseIsStale(Error):
    items: list[ReleaseItem] = about("Every item that has moved, with what moved.")


@shows(review.CannotUndoRelease, "Flows were published again, reverted or deleted since, or used before what is gone.")
class CannotUndoRelease(Error):
    items: list[ReleaseItem] = about("Every item that it is about.")


@shows(world.things.TenantNotFound, "There is no such tenant, or you don't provision it: the answer is the same.")
class TenantNotFound(Error):
    tenant_id: strawberry.ID = about("The id that was given; empty where none was.", "id")


@shows(
    world.things.ThingInUse,
    "It can't be removed while something else rests on it: a workspace with flows, a contract with workspaces, a team with "
    "components, a component with credentials, a role that is held, a flow that runs.",
)
class ThingInUse(Error):
    section: world.sections.WorldSection = about("The section of what can't be removed.")
    key: str | None = about("The key of the object; null where it has none.")
    by: world.sections.WorldSection = about("The section of what rests on it.")
    count: int = about("How many of these there are.")


@shows(world.things.WorldPlanIsStale, "What would be done differs from the plan whose fingerprint was given.")
class WorldPlanIsStale(Error):
    pass


@shows(
    topic_rules.MultipleTopicsNotCopied,
    "As an error: one topic was given for a flow that uses several. As a warning: the flow was exported "
    "without its topics.",
)
class MultipleTopicsNotCopied(Error):
    @shown_as(list[Topic])
    @staticmethod
    async def topics(refusal: strawberry.Parent[topic_rules.MultipleTopicsNotCopied], info: Info) -> list[TopicView]:
        """The topics that the flow uses; as a warning those that were cleared."""
        views = await info.context.loaders.topics.load_many(topic.id for topic in refusal.topics)
        return [view for view in views if view is not None]


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
