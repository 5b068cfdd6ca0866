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
from app.graphql import draft_errors, errors, export_errors


def export_flow_error(refusal: ExportRefusal) -> errors.ExportFlowError:
    match refusal:
        case WorkspaceNotFound():
            return errors.WorkspaceNotFound.of(refusal)
        case ComponentNotAccessible():
            return errors.ComponentNotAccessible.of(refusal)
        case MultipleTopicsNotCopied():
            return export_errors.MultipleTopicsNotCopied.of(refusal)
        case TopicNotAccessible():
            return export_errors.TopicNotAccessible.of(refusal)
        case FlowHasNoTopic():
            return export_errors.FlowHasNoTopic.of(refusal)
        case CredentialNotAccessible():
            return export_errors.CredentialNotAccessible.of(refusal)
        case DraftAlreadyExists():
            return export_errors.DraftAlreadyExists.of(refusal)
        case CannotOverrideItself():
            return export_errors.CannotOverrideItself.of(refusal)
        case _:
            return _source_error(refusal)


def copy_flow_error(refusal: CopyRefusal) -> errors.CopyFlowError:
    return _source_error(refusal)


def create_flow_error(refusal: CreateRefusal) -> errors.CreateFlowError:
    match refusal:
        case WorkspaceNotFound():
            return errors.WorkspaceNotFound.of(refusal)
        case TopicNotAccessible():
            return export_errors.TopicNotAccessible.of(refusal)
        case CredentialNotAccessible():
            return export_errors.CredentialNotAccessible.of(refusal)
        case _:
            return _new_flow_error(refusal)


def export_flow_warning(warning: ExportWarning) -> errors.ExportFlowWarning:
    match warning:
        case MultipleTopicsNotCopied():
            return export_errors.MultipleTopicsNotCopied.of(warning)
        case TopicSchemaMismatch():
            return export_errors.TopicSchemaMismatch.of(warning)
        case _:
            assert_never(warning)


def update_flow_draft_error(refusal: UpdateRefusal) -> errors.UpdateFlowDraftError:
    match refusal:
        case FlowNotFound():
            return errors.FlowNotFound.of(refusal)
        case TopicNotAccessible():
            return export_errors.TopicNotAccessible.of(refusal)
        case CredentialNotAccessible():
            return export_errors.CredentialNotAccessible.of(refusal)
        case StaleDraft():
            return draft_errors.StaleDraft.of(refusal)
        case _:
            return _change_error(refusal)


def publish_flow_draft_error(refusal: PublishRefusal) -> errors.PublishFlowDraftError:
    return draft_errors.DraftNotReady.of(refusal) if isinstance(refusal, DraftNotReady) else _draft_error(refusal)


def discard_flow_draft_error(refusal: DiscardRefusal) -> errors.DiscardFlowDraftError:
    return _draft_error(refusal)


def revert_flow_error(refusal: RevertRefusal) -> errors.RevertFlowError:
    match refusal:
        case FlowNotFound():
            return errors.FlowNotFound.of(refusal)
        case VersionNotFound():
            return errors.VersionNotFound.of(refusal)
        case DraftAlreadyExists():
            return export_errors.DraftAlreadyExists.of(refusal)
        case DraftNotReady():
            return draft_errors.DraftNotReady.of(refusal)
        case _:
            return _change_error(refusal)


def restore_flow_draft_error(refusal: RestoreRefusal) -> errors.RestoreFlowDraftError:
    return errors.DraftNotFound.of(refusal) if isinstance(refusal, DraftNotFound) else _change_error(refusal)


ChangeError = errors.InsufficientPermission | errors.ContractSuspended | export_errors.InvalidInput
NewFlowError = export_errors.QuotaExceeded | ChangeError


def _source_error(
    refusal: CopyRefusal,
) -> errors.FlowNotFound | errors.VersionNotFound | errors.DraftNotFound | NewFlowError:
    """What whoever copies a flow may be refused for, into whichever workspace."""
    match refusal:
        case FlowNotFound():
            return errors.FlowNotFound.of(refusal)
        case VersionNotFound():
            return errors.VersionNotFound.of(refusal)
        case DraftNotFound():
            return errors.DraftNotFound.of(refusal)
        case _:
            return _new_flow_error(refusal)


def _draft_error(
    refusal: DiscardRefusal,
) -> errors.FlowNotFound | errors.DraftNotFound | draft_errors.StaleDraft | ChangeError:
    """What whoever lets a draft go, in whichever way, may be refused for."""
    match refusal:
        case FlowNotFound():
            return errors.FlowNotFound.of(refusal)
        case DraftNotFound():
            return errors.DraftNotFound.of(refusal)
        case StaleDraft():
            return draft_errors.StaleDraft.of(refusal)
        case _:
            return _change_error(refusal)


def _new_flow_error(
    refusal: InsufficientPermission | ContractSuspended | QuotaExceeded | InvalidInput,
) -> NewFlowError:
    """What whoever makes a flow may be refused for."""
    if isinstance(refusal, QuotaExceeded):
        return export_errors.QuotaExceeded.of(refusal)
    return _change_error(refusal)


def _change_error(refusal: InsufficientPermission | ContractSuspended | InvalidInput) -> ChangeError:
    """What whoever changes anything may be refused for."""
    match refusal:
        case InsufficientPermission():
            return errors.InsufficientPermission.of(refusal)
        case ContractSuspended():
            return errors.ContractSuspended.of(refusal)
        case InvalidInput():
            return export_errors.InvalidInput.of(refusal)
        case _:
            assert_never(refusal)
