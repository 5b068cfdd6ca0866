"""What refusals have in common: one interface for each mutation, so that clients can switch on all that it may say.

Which refusals an interface has, the unions of the domain say (`members`): the types only say what they show.
"""

from collections.abc import Callable
from typing import TypeVar, get_args

import strawberry

from app.domain.bindings import ExportWarning
from app.domain.create import CreateRefusal
from app.domain.discard import DiscardRefusal
from app.domain.errors import ErrorCode
from app.domain.export import CopyRefusal
from app.domain.export_batch import BatchRefusal, CallRefusal
from app.domain.publish import PublishRefusal
from app.domain.restore import RestoreRefusal
from app.domain.revert import RevertRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.update import UpdateRefusal
from app.domain.world.things import WorldRefusal
from app.graphql.describe import about

strawberry.enum(ErrorCode, description="Why a call was refused. All reasons are reported together, in this order.")
"""Its values are described by the errors that have them."""

INTERFACES: dict[type, list[type]] = {}
"""By the refusals and warnings of the domain: the interfaces that have them as members."""

Interface = TypeVar("Interface", bound=type)


def members(union: object, description: str) -> Callable[[Interface], Interface]:
    """An interface of what shows the members of a union of the domain."""

    def declare(interface: Interface) -> Interface:
        for member in get_args(union):
            INTERFACES.setdefault(member, []).append(interface)
        return strawberry.interface(interface, description=description)

    return declare


@strawberry.interface(description="A refusal that you can act on. Nothing was written.")
class Error:
    message: str = about("What stands in the way and what would help, for people to read.", of="full_message")
    code: ErrorCode = about("What kind of refusal it is, for programs to read.")
    path: list[str] = about(
        "The part of the input that it is about, one element per field name or list index, such as `destination` and "
        "`workspaceId`; empty where it is about no one part. Long keys of a graph are cut."
    )


@members(CopyRefusal, "What copyFlow may be refused for.")
class CopyFlowError(Error):
    pass


@members(BatchRefusal, "What exportFlow may be refused for.")
class ExportFlowError(Error):
    pass


@members(CreateRefusal, "What createFlow may be refused for.")
class CreateFlowError(Error):
    pass


@members(UpdateRefusal, "What updateFlowDraft may be refused for.")
class UpdateFlowDraftError(Error):
    pass


@members(PublishRefusal, "What publishFlowDraft may be refused for.")
class PublishFlowDraftError(Error):
    pass


@members(RevertRefusal, "What revertFlow may be refused for.")
class RevertFlowError(Error):
    pass


@members(DiscardRefusal, "What discardFlowDraft may be refused for.")
class DiscardFlowDraftError(Error):
    pass


@members(RestoreRefusal, "What restoreFlowDraft may be refused for.")
class RestoreFlowDraftError(Error):
    pass


@members(CallRefusal, "What a call of exportFlows as a whole may be refused for; its items have their own.")
class ExportFlowsError(Error):
    pass


@members(UndoRefusal, "What undoExport may be refused for.")
class UndoExportError(Error):
    pass


@members(StartRefusal, "What startFlow may be refused for.")
class StartFlowError(Error):
    pass


@members(StopRefusal, "What stopFlow may be refused for.")
class StopFlowError(Error):
    pass


@members(DeleteRefusal, "What deleteFlow may be refused for.")
class DeleteFlowError(Error):
    pass


@members(WorldRefusal, "What applyWorld may be refused for.")
class ApplyWorldError(Error):
    pass


@members(ExportWarning, "Something to know although the export went through.")
class ExportFlowWarning:
    message: str = about("What to know, and what to do about it.")
