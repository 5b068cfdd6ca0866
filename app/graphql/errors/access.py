"""Refusals of what can't be seen, found, done or used there: what most mutations know.

Each type is made of a refusal of the domain; what it refers to is loaded as the viewer sees it.
"""

from typing import Self

import strawberry

from app.domain import access, inaccessible, source
from app.execution.relations import one
from app.graphql.describe import about, field
from app.graphql.errors.interfaces import (
    CopyFlowError,
    CreateFlowError,
    DeleteFlowError,
    DiscardFlowDraftError,
    ExportFlowError,
    PublishFlowDraftError,
    RestoreFlowDraftError,
    RevertFlowError,
    StartFlowError,
    StopFlowError,
    UndoExportError,
    UpdateFlowDraftError,
    told,
)
from app.graphql.types.inaccessible import InaccessibleComponent
from app.graphql.types.people import Contract
from app.graphql.types.resources import in_workspace
from app.graphql.types.workspace import Workspace


@strawberry.type(description="There is no such flow, or you can't see it: the answer is the same.")
class FlowNotFound(
    CopyFlowError,
    ExportFlowError,
    UpdateFlowDraftError,
    PublishFlowDraftError,
    RevertFlowError,
    DiscardFlowDraftError,
    StartFlowError,
    StopFlowError,
    DeleteFlowError,
):
    flow_id: strawberry.ID = about("The id that was given.")

    @classmethod
    def of(cls, refusal: access.FlowNotFound) -> Self:
        return cls(**told(refusal), flow_id=strawberry.ID(refusal.flow_id))


@strawberry.type(description="There is no such workspace, or you can't see it: the answer is the same.")
class WorkspaceNotFound(ExportFlowError, CreateFlowError):
    workspace_id: strawberry.ID = about("The id that was given.")

    @classmethod
    def of(cls, refusal: access.WorkspaceNotFound) -> Self:
        return cls(**told(refusal), workspace_id=strawberry.ID(refusal.workspace_id))


@strawberry.type(description="The flow has no such version; or the published one was asked for and there is none.")
class VersionNotFound(CopyFlowError, ExportFlowError, RevertFlowError):
    version_id: strawberry.ID | None = about("The id that was given; null where the published version was asked for.")

    @classmethod
    def of(cls, refusal: source.VersionNotFound) -> Self:
        version_id = None if refusal.version_id is None else strawberry.ID(refusal.version_id)
        return cls(**told(refusal), version_id=version_id)


@strawberry.type(description="A draft was asked for and there is none.")
class DraftNotFound(
    CopyFlowError, ExportFlowError, PublishFlowDraftError, DiscardFlowDraftError, RestoreFlowDraftError
):
    draft_id: strawberry.ID | None = about("The id that was given, where one was.")

    @classmethod
    def of(cls, refusal: source.DraftNotFound) -> Self:
        draft_id = None if refusal.draft_id is None else strawberry.ID(refusal.draft_id)
        return cls(**told(refusal), draft_id=draft_id)


@strawberry.type(
    description="You lack a permission in a workspace. Each one that is missing there is an error of its own."
)
class InsufficientPermission(
    CopyFlowError,
    ExportFlowError,
    CreateFlowError,
    UpdateFlowDraftError,
    PublishFlowDraftError,
    RevertFlowError,
    DiscardFlowDraftError,
    RestoreFlowDraftError,
    UndoExportError,
    StartFlowError,
    StopFlowError,
    DeleteFlowError,
):
    permission: str = about("The permission that is missing, such as workspaces.flow.edit.")
    workspace_id: strawberry.Private[str]
    workspace: Workspace = in_workspace("Where it is missing.")

    @classmethod
    def of(cls, refusal: access.InsufficientPermission) -> Self:
        return cls(
            **told(refusal),
            permission=refusal.permission,
            workspace_id=refusal.workspace.id,
        )


@strawberry.type(description="The contract is suspended: nothing can be written into its workspaces.")
class ContractSuspended(
    CopyFlowError,
    ExportFlowError,
    CreateFlowError,
    UpdateFlowDraftError,
    PublishFlowDraftError,
    RevertFlowError,
    DiscardFlowDraftError,
    RestoreFlowDraftError,
    UndoExportError,
    StartFlowError,
    StopFlowError,
    DeleteFlowError,
):
    contract_id: strawberry.Private[str]
    contract: Contract = one(
        lambda loaders: loaders.contracts,
        lambda error: error.contract_id,
        "The contract that is suspended.",
    )

    @classmethod
    def of(cls, refusal: access.ContractSuspended) -> Self:
        return cls(**told(refusal), contract_id=refusal.contract.id)


@strawberry.type(description="The flow uses components that the destination can't use: all of them are listed.")
class ComponentNotAccessible(ExportFlowError):
    found: strawberry.Private[tuple[inaccessible.InaccessibleComponent, ...]]
    """Shared by the workspaces of a page."""

    @field
    def components(self) -> list[InaccessibleComponent]:
        """Each once, in the order of its first step."""
        return list(map(InaccessibleComponent.of, self.found))

    workspace_id: strawberry.Private[str]
    workspace: Workspace = in_workspace("The workspace that can't use them.")

    @classmethod
    def of(cls, refusal: inaccessible.ComponentNotAccessible) -> Self:
        workspace_id = refusal.workspace.id
        return cls(**told(refusal), found=refusal.components, workspace_id=workspace_id)
