"""What refusals have in common: one interface for each mutation, so that clients can switch on all that it may say."""

from typing import Any

import strawberry

from app.domain.error_code import ErrorCode
from app.domain.errors import Refusal
from app.graphql.describe import about

strawberry.enum(ErrorCode, description="Why a call was refused. All reasons are reported together, in this order.")
"""Its values are described by the errors that have them: `table.py`."""


@strawberry.interface(description="A refusal that you can act on. Nothing was written.")
class Error:
    message: str = about("What stands in the way and what would help, for people to read.")
    code: ErrorCode = about("What kind of refusal it is, for programs to read.")
    path: list[str] = about(
        "The part of the input that it is about, one element per field name or list index, such as `destination` and "
        "`workspaceId`; empty where it is about no one part. Long keys of a graph are cut."
    )


def told(refusal: Refusal) -> dict[str, Any]:
    """The fields that every error has."""
    return {"message": refusal.full_message, "code": refusal.code, "path": list(refusal.path)}


@strawberry.interface(description="What copyFlow may be refused for.")
class CopyFlowError(Error):
    pass


@strawberry.interface(description="What exportFlow may be refused for.")
class ExportFlowError(Error):
    pass


@strawberry.interface(description="What createFlow may be refused for.")
class CreateFlowError(Error):
    pass


@strawberry.interface(description="What updateFlowDraft may be refused for.")
class UpdateFlowDraftError(Error):
    pass


@strawberry.interface(description="What publishFlowDraft may be refused for.")
class PublishFlowDraftError(Error):
    pass


@strawberry.interface(description="What revertFlow may be refused for.")
class RevertFlowError(Error):
    pass


@strawberry.interface(description="What discardFlowDraft may be refused for.")
class DiscardFlowDraftError(Error):
    pass


@strawberry.interface(description="What restoreFlowDraft may be refused for.")
class RestoreFlowDraftError(Error):
    pass


@strawberry.interface(description="What a call of exportFlows as a whole may be refused for; its items have their own.")
class ExportFlowsError(Error):
    pass


@strawberry.interface(description="What undoExport may be refused for.")
class UndoExportError(Error):
    pass


@strawberry.interface(description="What startFlow may be refused for.")
class StartFlowError(Error):
    pass


@strawberry.interface(description="What stopFlow may be refused for.")
class StopFlowError(Error):
    pass


@strawberry.interface(description="What deleteFlow may be refused for.")
class DeleteFlowError(Error):
    pass


@strawberry.interface(description="Something to know although the export went through.")
class ExportFlowWarning:
    message: str = about("What to know, and what to do about it.")
