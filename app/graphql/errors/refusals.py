"""Refusals that aren't only of exports: what can't be seen, found or done, drafts that have moved, flows that run, worlds.

Objects that a refusal refers to are loaded as the viewer sees them.
"""

import strawberry

from app.domain import access, draft, readiness, review, running, source, source_graph, undo, undo_release, world
from app.domain.world import sections
from app.execution.rows import relation, shows
from app.graphql.describe import about
from app.graphql.outcomes import Error
from app.graphql.types.flow import Flow, FlowDraft
from app.graphql.types.graphs import DraftBlocker
from app.graphql.types.records import ReleaseItem, ReleaseRequest
from app.graphql.types.resources import Contract, InaccessibleComponent, in_workspace
from app.graphql.types.workspace import Workspace


@shows(access.FlowNotFound, "There is no such flow, or you can't see it: the answer is the same.")
class FlowNotFound(Error):
    flow_id: strawberry.ID = about("The id that was given.")


@shows(access.WorkspaceNotFound, "There is no such workspace, or you can't see it: the answer is the same.")
class WorkspaceNotFound(Error):
    workspace_id: strawberry.ID = about("The id that was given.")


@shows(source.VersionNotFound, "The flow has no such version; or the published one was asked for and there is none.")
class VersionNotFound(Error):
    version_id: strawberry.ID | None = about("The id that was given; null where the published version was asked for.")


@shows(source.DraftNotFound, "A draft was asked for and there is none.")
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


@shows(access.ContractSuspended, "The contract is suspended: nothing can be written into its workspaces.")
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
    export_id: strawberry.ID = about("The id that was given.")


@shows(undo.CannotUndo, "Somebody has built on the result, or what was there before is no longer kept.")
class CannotUndo(Error):
    since: undo.ChangeSinceExport = about("The first change since.")


@shows(review.ReleaseNotFound, "There is no such release, or you can't see its workspace: the answer is the same.")
class ReleaseNotFound(Error):
    release_id: strawberry.ID = about("The id that was given.")


@shows(review.CannotReviewOwnRelease, "You requested the release yourself: somebody else has to review it.")
class CannotReviewOwnRelease(Error):
    pass


@shows(
    review.ReleaseIsClosed,
    "It was applied, rejected, withdrawn or undone; or, of `undoRelease`, was never applied.",
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


@shows(undo_release.CannotUndoRelease, "Flows were published again, reverted or deleted since.")
class CannotUndoRelease(Error):
    items: list[ReleaseItem] = about("Every item whose flow was.")


@shows(world.things.TenantNotFound, "There is no such tenant, or you don't provision it: the answer is the same.")
class TenantNotFound(Error):
    tenant_id: strawberry.ID = about("The id that was given; empty where none was.")


@shows(
    world.things.ThingInUse,
    "It can't be removed while something else rests on it: a workspace with flows, a contract with workspaces, a team with "
    "components, a component with credentials, a role that is held, a flow that runs.",
)
class ThingInUse(Error):
    section: sections.WorldSection = about("The section of what can't be removed.")
    key: str | None = about("The key of the object; null where it has none.")
    by: sections.WorldSection = about("The section of what rests on it.")
    count: int = about("How many of these there are.")


@shows(world.things.WorldPlanIsStale, "What would be done differs from the plan whose fingerprint was given.")
class WorldPlanIsStale(Error):
    pass
