"""From a refusal of the domain to the error of a mutation; the type checker keeps every list complete."""

from typing import assert_never

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.bindings import ExportWarning
from app.domain.component import ComponentNotAccessible
from app.domain.create import CreateRefusal
from app.domain.draft import StaleDraft
from app.domain.export import CopyRefusal, ExportRefusal
from app.domain.input import InvalidInput
from app.domain.override import CannotOverrideItself, DraftAlreadyExists
from app.domain.publish import PublishRefusal
from app.domain.quota import QuotaExceeded
from app.domain.readiness import DraftNotReady
from app.domain.references import CredentialNotAccessible
from app.domain.revert import RevertRefusal
from app.domain.set_aside import DiscardRefusal, RestoreRefusal
from app.domain.source import DraftNotFound, VersionNotFound
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from app.domain.update import UpdateRefusal
from app.graphql.errors import access, drafts, exports, interfaces


def export_flow_error(refusal: ExportRefusal) -> interfaces.ExportFlowError:
    match refusal:
        case WorkspaceNotFound():
            return access.WorkspaceNotFound.of(refusal)
        case ComponentNotAccessible():
            return access.ComponentNotAccessible.of(refusal)
        case MultipleTopicsNotCopied():
            return exports.MultipleTopicsNotCopied.of(refusal)
        case TopicNotAccessible():
            return exports.TopicNotAccessible.of(refusal)
        case FlowHasNoTopic():
            return exports.FlowHasNoTopic.of(refusal)
        case CredentialNotAccessible():
            return exports.CredentialNotAccessible.of(refusal)
        case DraftAlreadyExists():
            return exports.DraftAlreadyExists.of(refusal)
        case CannotOverrideItself():
            return exports.CannotOverrideItself.of(refusal)
        case _:
            return _source_error(refusal)


def copy_flow_error(refusal: CopyRefusal) -> interfaces.CopyFlowError:
    return _source_error(refusal)


def create_flow_error(refusal: CreateRefusal) -> interfaces.CreateFlowError:
    match refusal:
        case WorkspaceNotFound():
            return access.WorkspaceNotFound.of(refusal)
        case TopicNotAccessible():
            return exports.TopicNotAccessible.of(refusal)
        case CredentialNotAccessible():
            return exports.CredentialNotAccessible.of(refusal)
        case _:
            return _new_flow_error(refusal)


def export_flow_warning(warning: ExportWarning) -> interfaces.ExportFlowWarning:
    match warning:
        case MultipleTopicsNotCopied():
            return exports.MultipleTopicsNotCopied.of(warning)
        case TopicSchemaMismatch():
            return exports.TopicSchemaMismatch.of(warning)
        case _:
            assert_never(warning)


def update_flow_draft_error(refusal: UpdateRefusal) -> interfaces.UpdateFlowDraftError:
    match refusal:
        case FlowNotFound():
            return access.FlowNotFound.of(refusal)
        case TopicNotAccessible():
            return exports.TopicNotAccessible.of(refusal)
        case CredentialNotAccessible():
            return exports.CredentialNotAccessible.of(refusal)
        case StaleDraft():
            return drafts.StaleDraft.of(refusal)
        case _:
            return _change_error(refusal)


def publish_flow_draft_error(refusal: PublishRefusal) -> interfaces.PublishFlowDraftError:
    return drafts.DraftNotReady.of(refusal) if isinstance(refusal, DraftNotReady) else _draft_error(refusal)


def discard_flow_draft_error(refusal: DiscardRefusal) -> interfaces.DiscardFlowDraftError:
    return _draft_error(refusal)


def revert_flow_error(refusal: RevertRefusal) -> interfaces.RevertFlowError:
    match refusal:
        case FlowNotFound():
            return access.FlowNotFound.of(refusal)
        case VersionNotFound():
            return access.VersionNotFound.of(refusal)
        case DraftAlreadyExists():
            return exports.DraftAlreadyExists.of(refusal)
        case DraftNotReady():
            return drafts.DraftNotReady.of(refusal)
        case _:
            return _change_error(refusal)


def restore_flow_draft_error(refusal: RestoreRefusal) -> interfaces.RestoreFlowDraftError:
    return access.DraftNotFound.of(refusal) if isinstance(refusal, DraftNotFound) else _change_error(refusal)


ChangeError = access.InsufficientPermission | access.ContractSuspended | exports.InvalidInput
NewFlowError = exports.QuotaExceeded | ChangeError


def _source_error(
    refusal: CopyRefusal,
) -> access.FlowNotFound | access.VersionNotFound | access.DraftNotFound | NewFlowError:
    """What whoever copies a flow may be refused for, into whichever workspace."""
    match refusal:
        case FlowNotFound():
            return access.FlowNotFound.of(refusal)
        case VersionNotFound():
            return access.VersionNotFound.of(refusal)
        case DraftNotFound():
            return access.DraftNotFound.of(refusal)
        case _:
            return _new_flow_error(refusal)


def _draft_error(
    refusal: DiscardRefusal,
) -> access.FlowNotFound | access.DraftNotFound | drafts.StaleDraft | ChangeError:
    """What whoever lets a draft go, in whichever way, may be refused for."""
    match refusal:
        case FlowNotFound():
            return access.FlowNotFound.of(refusal)
        case DraftNotFound():
            return access.DraftNotFound.of(refusal)
        case StaleDraft():
            return drafts.StaleDraft.of(refusal)
        case _:
            return _change_error(refusal)


def _new_flow_error(
    refusal: InsufficientPermission | ContractSuspended | QuotaExceeded | InvalidInput,
) -> NewFlowError:
    """What whoever makes a flow may be refused for."""
    if isinstance(refusal, QuotaExceeded):
        return exports.QuotaExceeded.of(refusal)
    return _change_error(refusal)


def _change_error(refusal: InsufficientPermission | ContractSuspended | InvalidInput) -> ChangeError:
    """What whoever changes anything may be refused for."""
    match refusal:
        case InsufficientPermission():
            return access.InsufficientPermission.of(refusal)
        case ContractSuspended():
            return access.ContractSuspended.of(refusal)
        case InvalidInput():
            return exports.InvalidInput.of(refusal)
        case _:
            assert_never(refusal)
