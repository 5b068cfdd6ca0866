"""What refusals have in common: one interface for each mutation, so that clients can switch on all that it may say.

Which refusals an interface has, the unions of the domain say (`members`): the types only say what they show.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar, get_args

import strawberry

from app.domain.batch import CallRefusal
from app.domain.bindings import ExportWarning
from app.domain.draft import DiscardRefusal, RestoreRefusal
from app.domain.edit import CreateRefusal, UpdateRefusal
from app.domain.errors import ErrorCode
from app.domain.export import CopyRefusal
from app.domain.export_batch import BatchRefusal
from app.domain.input import InvalidInput
from app.domain.publish import PublishRefusal
from app.domain.revert import RevertRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.world.things import WorldRefusal
from app.graphql.describe import about

strawberry.enum(ErrorCode, description="Why a call was refused. All reasons are reported together, in this order.")
"""Its values are described by the errors that have them."""

INTERFACES: dict[type, list[type]] = {}
"""By the refusals and warnings of the domain: the interfaces that have them as members."""

Interface = TypeVar("Interface", bound=type)


def members(union: object) -> Callable[[Interface], Interface]:
    """An interface of what shows a refusal of the domain, or the members of a union; its docstring is the description."""

    def declare(interface: Interface) -> Interface:
        for member in get_args(union) or (union,):
            INTERFACES.setdefault(member, []).append(interface)
        return strawberry.interface(interface, description=inspect.getdoc(interface))

    return declare


@strawberry.interface(description="A refusal that you can act on. Nothing was written.")
class Error:
    message: str = about("What stands in the way and what would help, for people to read.", of="full_message")
    code: ErrorCode = about("What kind of refusal it is, for programs to read.")
    path: list[str] = about(
        "The part of the input that it is about, one element per field name or list index, such as `destination` and "
        "`workspaceId`; empty where it is about no one part. Long keys of a graph are cut."
    )


@members(CopyRefusal)
class CopyFlowError(Error):
    """What copyFlow may be refused for."""


@members(BatchRefusal)
class ExportFlowError(Error):
    """What exportFlow may be refused for."""


@members(CreateRefusal)
class CreateFlowError(Error):
    """What createFlow may be refused for."""


@members(UpdateRefusal)
class UpdateFlowDraftError(Error):
    """What updateFlowDraft may be refused for."""


@members(PublishRefusal)
class PublishFlowDraftError(Error):
    """What publishFlowDraft may be refused for."""


@members(RevertRefusal)
class RevertFlowError(Error):
    """What revertFlow may be refused for."""


@members(DiscardRefusal)
class DiscardFlowDraftError(Error):
    """What discardFlowDraft may be refused for."""


@members(RestoreRefusal)
class RestoreFlowDraftError(Error):
    """What restoreFlowDraft may be refused for."""


@members(CallRefusal)
class ExportFlowsError(Error):
    """What a call of exportFlows as a whole may be refused for; its items have their own."""


@members(CallRefusal)
class PublishFlowDraftsError(Error):
    """What a call of publishFlowDrafts as a whole may be refused for; its items have their own."""


@members(UndoRefusal)
class UndoExportError(Error):
    """What undoExport may be refused for."""


@members(StartRefusal)
class StartFlowError(Error):
    """What startFlow may be refused for."""


@members(StopRefusal)
class StopFlowError(Error):
    """What stopFlow may be refused for."""


@members(InvalidInput)
class StartFlowsError(Error):
    """What a call of startFlows as a whole may be refused for; its items have their own."""


@members(InvalidInput)
class StopFlowsError(Error):
    """What a call of stopFlows as a whole may be refused for; its items have their own."""


@members(DeleteRefusal)
class DeleteFlowError(Error):
    """What deleteFlow may be refused for."""


@members(WorldRefusal)
class ApplyWorldError(Error):
    """What applyWorld may be refused for."""


@members(ExportWarning)
class ExportFlowWarning:
    """Something to know although the export went through."""

    message: str = about("What to know, and what to do about it.")
