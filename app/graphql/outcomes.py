"""From the outcome of a use case to the payload of its mutation; the type checker keeps every list complete."""

from typing import assert_never

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.bindings import ExportWarning
from app.domain.component import ComponentNotAccessible
from app.domain.create import CreateRefusal
from app.domain.errors import Refused
from app.domain.export import CopyRefusal, ExportRefusal
from app.domain.input import InvalidInput
from app.domain.override import CannotOverrideItself, DraftAlreadyExists
from app.domain.quota import QuotaExceeded
from app.domain.references import CredentialNotAccessible
from app.domain.source import DraftNotFound, VersionNotFound
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from app.graphql import errors, export_errors
from app.graphql.context import Info, required
from app.graphql.payloads import CopyFlowPayload, CreateFlowPayload, ExportFlowPayload
from app.graphql.types.flow import FlowDraft, flow_by_id
from app.graphql.types.report import ReferenceOutcome
from app.usecases.outcomes import Created, Exported


async def copy_flow_payload(info: Info, outcome: Exported | Refused[CopyRefusal]) -> CopyFlowPayload:
    if isinstance(outcome, Refused):
        refused = [copy_flow_error(error) for error in outcome.errors]
        return CopyFlowPayload(flow=None, draft=None, copied_from=None, references=[], errors=refused)
    return CopyFlowPayload(
        flow=await flow_by_id(info, outcome.flow_id),
        draft=await draft_by_id(info, outcome.draft_id),
        copied_from=outcome.copied_from,
        references=[ReferenceOutcome.of(one) for one in outcome.references],
        errors=[],
    )


async def export_flow_payload(info: Info, outcome: Exported | Refused[ExportRefusal]) -> ExportFlowPayload:
    if isinstance(outcome, Refused):
        return ExportFlowPayload(
            flow=None,
            draft=None,
            set_aside=None,
            copied_from=None,
            references=[],
            warnings=[],
            errors=[export_flow_error(error) for error in outcome.errors],
        )
    return ExportFlowPayload(
        flow=await flow_by_id(info, outcome.flow_id),
        draft=await draft_by_id(info, outcome.draft_id),
        set_aside=None if outcome.set_aside is None else await draft_by_id(info, outcome.set_aside),
        copied_from=outcome.copied_from,
        references=[ReferenceOutcome.of(one) for one in outcome.references],
        warnings=[export_flow_warning(warning) for warning in outcome.warnings],
        errors=[],
    )


async def create_flow_payload(info: Info, outcome: Created | Refused[CreateRefusal]) -> CreateFlowPayload:
    if isinstance(outcome, Refused):
        return CreateFlowPayload(flow=None, draft=None, errors=[create_flow_error(error) for error in outcome.errors])
    flow = await flow_by_id(info, outcome.flow_id)
    return CreateFlowPayload(flow=flow, draft=await draft_by_id(info, outcome.draft_id), errors=[])


async def draft_by_id(info: Info, draft_id: str) -> FlowDraft:
    """The draft that a mutation has made or set aside."""
    return FlowDraft.of(await required(info.context.loaders.drafts, draft_id))


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
            return _write_error(refusal)


def export_flow_warning(warning: ExportWarning) -> errors.ExportFlowWarning:
    match warning:
        case MultipleTopicsNotCopied():
            return export_errors.MultipleTopicsNotCopied.of(warning)
        case TopicSchemaMismatch():
            return export_errors.TopicSchemaMismatch.of(warning)
        case _:
            assert_never(warning)


WriteError = (
    errors.InsufficientPermission | errors.ContractSuspended | export_errors.QuotaExceeded | export_errors.InvalidInput
)
SourceError = errors.FlowNotFound | errors.VersionNotFound | errors.DraftNotFound | WriteError


def _source_error(refusal: CopyRefusal) -> SourceError:
    """What whoever copies a flow may be refused for, into whichever workspace."""
    match refusal:
        case FlowNotFound():
            return errors.FlowNotFound.of(refusal)
        case VersionNotFound():
            return errors.VersionNotFound.of(refusal)
        case DraftNotFound():
            return errors.DraftNotFound.of(refusal)
        case _:
            return _write_error(refusal)


def _write_error(
    refusal: InsufficientPermission | ContractSuspended | QuotaExceeded | InvalidInput,
) -> WriteError:
    """What whoever writes a flow may be refused for."""
    match refusal:
        case InsufficientPermission():
            return errors.InsufficientPermission.of(refusal)
        case ContractSuspended():
            return errors.ContractSuspended.of(refusal)
        case QuotaExceeded():
            return export_errors.QuotaExceeded.of(refusal)
        case InvalidInput():
            return export_errors.InvalidInput.of(refusal)
        case _:
            assert_never(refusal)
