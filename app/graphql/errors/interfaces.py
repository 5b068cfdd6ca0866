"""Interfaces of refusals, one for each mutation, so that clients can switch on all refusals of a mutation.

The unions of the domain decide which refusals an interface has (`members`); types of the schema only show them.
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
from app.domain.release import RequestRefusal
from app.domain.revert import RevertRefusal
from app.domain.review import ReviewRefusal, WithdrawRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.undo_release import UndoReleaseRefusal
from app.domain.world.things import WorldRefusal
from app.graphql.describe import about

strawberry.enum(ErrorCode, description="Why a call was refused. All reasons are reported together, in this order.")
"""The errors describe the values of the enumeration."""

INTERFACES: dict[type, list[type]] = {}
"""The interfaces of each refusal and warning of the domain."""

Interface = TypeVar("Interface", bound=type)


def members(union: object) -> Callable[[Interface], Interface]:
    """Declare an interface of the types that show the members of a union, with the docstring as its description."""

    def declare(interface: Interface) -> Interface:
        for member in get_args(union) or (union,):
            INTERFACES.setdefault(member, []).append(interface)
        return strawberry.interface(interface, description=inspect.getdoc(interface))

    return declare


@strawberry.interface(description="A refusal that you can act on. The refused call or item wrote nothing.")
class Error:
    message: str = about("The reason and what would help, for people to read.", of="full_message")
    code: ErrorCode = about("The kind of refusal, for programs to read.")
    path: list[str] = about(
        "The path of the part of the input that is refused, one element per field name or list index, such as `destination` and "
        "`workspaceId`; empty if no single part is refused. Long keys of a graph are cut."
    )


@members(CopyRefusal)
class CopyFlowError(Error):
    """A reason why `copyFlow` is refused."""


@members(BatchRefusal)
class ExportFlowError(Error):
    """A reason why `exportFlow` is refused."""


@members(CreateRefusal)
class CreateFlowError(Error):
    """A reason why `createFlow` is refused."""


@members(UpdateRefusal)
class UpdateFlowDraftError(Error):
    """A reason why `updateFlowDraft` is refused."""


@members(PublishRefusal)
class PublishFlowDraftError(Error):
    """A reason why `publishFlowDraft` is refused."""


@members(RevertRefusal)
class RevertFlowError(Error):
    """A reason why `revertFlow` is refused."""


@members(DiscardRefusal)
class DiscardFlowDraftError(Error):
    """A reason why `discardFlowDraft` is refused."""


@members(RestoreRefusal)
class RestoreFlowDraftError(Error):
    """A reason why `restoreFlowDraft` is refused."""


@members(CallRefusal)
class ExportFlowsError(Error):
    """A reason why a call of `exportFlows` is refused as a whole; its items have reasons of their own."""


@members(CallRefusal)
class PublishFlowDraftsError(Error):
    """A reason why a call of `publishFlowDrafts` is refused as a whole; its items have reasons of their own."""


@members(UndoRefusal)
class UndoExportError(Error):
    """A reason why `undoExport` is refused."""


@members(InvalidInput)
class UndoExportsError(Error):
    """A reason why a call of `undoExports` is refused as a whole; its items have reasons of their own."""


@members(StartRefusal)
class StartFlowError(Error):
    """A reason why `startFlow` is refused."""


@members(StopRefusal)
class StopFlowError(Error):
    """A reason why `stopFlow` is refused."""


@members(InvalidInput)
class StartFlowsError(Error):
    """A reason why a call of `startFlows` is refused as a whole; its items have reasons of their own."""


@members(InvalidInput)
class StopFlowsError(Error):
    """A reason why a call of `stopFlows` is refused as a whole; its items have reasons of their own."""


@members(DeleteRefusal)
class DeleteFlowError(Error):
    """A reason why `deleteFlow` is refused."""


@members(RequestRefusal)
class RequestReleaseError(Error):
    """A reason why `requestRelease` is refused."""


@members(ReviewRefusal)
class ReviewReleaseError(Error):
    """A reason why `reviewRelease` is refused."""


@members(WithdrawRefusal)
class WithdrawReleaseError(Error):
    """A reason why `withdrawRelease` is refused."""


@members(UndoReleaseRefusal)
class UndoReleaseError(Error):
    """A reason why `undoRelease` is refused."""


@members(WorldRefusal)
class ApplyWorldError(Error):
    """A reason why `applyWorld` is refused."""


@members(ExportWarning)
class ExportFlowWarning:
    """A warning about an export that succeeded."""

    message: str = about("The reason for the warning, and the remedy.")
