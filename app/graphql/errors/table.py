"""Every refusal of the domain with the error that tells it: the one list that mapping, schema and descriptions follow.

Each line is an overload, so that the type checker knows which error a refusal becomes. A mutation's payload takes only
errors of its own interface; so what its use case may refuse and isn't listed here, or isn't an error of this mutation,
doesn't pass `mypy`. At run time the lines are read back.
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never, get_overloads, get_type_hints, overload

from app.domain import (
    access,
    draft,
    export_batch,
    fingerprint,
    idempotency,
    inaccessible,
    override,
    quota,
    readiness,
    references,
    running,
    source,
    topics,
    undo,
)
from app.domain import bindings as binding_rules
from app.domain import input as input_rules
from app.domain.error_code import ErrorCode
from app.domain.errors import Refusal
from app.graphql.describe import describe_values
from app.graphql.errors import access as access_errors
from app.graphql.errors import drafts, exports
from app.graphql.errors import running as running_errors
from app.graphql.errors import undo as undo_errors
from app.graphql.errors.interfaces import Error, ExportFlowWarning


@overload
def error_of(refusal: access.FlowNotFound) -> access_errors.FlowNotFound: ...
@overload
def error_of(refusal: access.WorkspaceNotFound) -> access_errors.WorkspaceNotFound: ...
@overload
def error_of(refusal: source.VersionNotFound) -> access_errors.VersionNotFound: ...
@overload
def error_of(refusal: source.DraftNotFound) -> access_errors.DraftNotFound: ...
@overload
def error_of(refusal: access.InsufficientPermission) -> access_errors.InsufficientPermission: ...
@overload
def error_of(refusal: access.ContractSuspended) -> access_errors.ContractSuspended: ...
@overload
def error_of(refusal: inaccessible.ComponentNotAccessible) -> access_errors.ComponentNotAccessible: ...
@overload
def error_of(refusal: topics.MultipleTopicsNotCopied) -> exports.MultipleTopicsNotCopied: ...
@overload
def error_of(refusal: topics.TopicNotAccessible) -> exports.TopicNotAccessible: ...
@overload
def error_of(refusal: topics.FlowHasNoTopic) -> exports.FlowHasNoTopic: ...
@overload
def error_of(refusal: references.CredentialNotAccessible) -> exports.CredentialNotAccessible: ...
@overload
def error_of(refusal: override.DraftAlreadyExists) -> exports.DraftAlreadyExists: ...
@overload
def error_of(refusal: draft.StaleDraft) -> drafts.StaleDraft: ...
@overload
def error_of(refusal: readiness.DraftNotReady) -> drafts.DraftNotReady: ...
@overload
def error_of(refusal: override.CannotOverrideItself) -> exports.CannotOverrideItself: ...
@overload
def error_of(refusal: quota.QuotaExceeded) -> exports.QuotaExceeded: ...
@overload
def error_of(refusal: input_rules.InvalidInput) -> exports.InvalidInput: ...
@overload
def error_of(refusal: idempotency.IdempotencyKeyReused) -> exports.IdempotencyKeyReused: ...
@overload
def error_of(refusal: fingerprint.PlanIsStale) -> exports.PlanIsStale: ...
@overload
def error_of(refusal: export_batch.DuplicateOverride) -> exports.DuplicateOverride: ...
@overload
def error_of(refusal: export_batch.BatchNotApplied) -> exports.BatchNotApplied: ...
@overload
def error_of(refusal: undo.ExportNotFound) -> undo_errors.ExportNotFound: ...
@overload
def error_of(refusal: undo.CannotUndo) -> undo_errors.CannotUndo: ...
@overload
def error_of(refusal: running.FlowIsActive) -> running_errors.FlowIsActive: ...
@overload
def error_of(refusal: running.FlowIsSuspended) -> running_errors.FlowIsSuspended: ...
@overload
def error_of(refusal: running.FlowNotPublished) -> running_errors.FlowNotPublished: ...


def error_of(refusal: Refusal) -> Error:
    """The error that tells a refusal."""
    return ERRORS[type(refusal)](refusal)


def warning_of(warning: binding_rules.ExportWarning) -> ExportFlowWarning:
    match warning:
        case topics.MultipleTopicsNotCopied():
            return exports.MultipleTopicsNotCopied.of(warning)
        case topics.TopicSchemaMismatch():
            return exports.TopicSchemaMismatch.of(warning)
        case binding_rules.AgentNotCopied():
            return exports.AgentNotCopied.of(warning)
        case _:
            assert_never(warning)


ERROR_TYPE_OF_REFUSAL: Mapping[Any, Any] = {
    hints["refusal"]: hints["return"] for hints in map(get_type_hints, get_overloads(error_of))
}
"""From the refusals of the domain to the types of their errors."""

ERRORS: Mapping[type[Refusal], Callable[[Any], Error]] = {
    refusal: error.of for refusal, error in ERROR_TYPE_OF_REFUSAL.items()
}

describe_values(
    ErrorCode,
    {refusal.code: error.__strawberry_definition__.description for refusal, error in ERROR_TYPE_OF_REFUSAL.items()},
)
