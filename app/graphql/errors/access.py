"""Refusals of what can't be seen, found, done or used there: what most mutations know.

What a refusal refers to is loaded as the viewer sees it.
"""

import strawberry

from app.domain import access, inaccessible, source
from app.execution.relations import one
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.errors.interfaces import Error
from app.graphql.types.inaccessible import InaccessibleComponent
from app.graphql.types.people import Contract
from app.graphql.types.resources import in_workspace
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


@shows(access.ContractSuspended, "The contract is suspended: nothing can be written into its workspaces.")
class ContractSuspended(Error):
    contract: Contract = one("contracts", "contract.id", "The contract that is suspended.")


@shows(
    inaccessible.ComponentNotAccessible,
    "The flow uses components that the destination can't use: all of them are listed.",
)
class ComponentNotAccessible(Error):
    workspace: Workspace = in_workspace("The workspace that can't use them.", "workspace.id")
    components: list[InaccessibleComponent] = about("Each once, in the order of its first step.")
