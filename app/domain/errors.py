"""Every refusal that a caller can act on, and the order in which they are reported.

A refusal is a value, not an exception; it stands beside the rule that it comes from. Its message is one sentence or
two for the person who reads it: what stands in the way, and what would help.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.component import ComponentNotAccessible
from app.domain.draft import StaleDraft
from app.domain.error_code import ErrorCode
from app.domain.input import InvalidInput
from app.domain.override import CannotOverrideItself, DraftAlreadyExists
from app.domain.quota import QuotaExceeded
from app.domain.readiness import DraftNotReady
from app.domain.references import CredentialNotAccessible
from app.domain.source import DraftNotFound, VersionNotFound
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible

Refusal = (
    FlowNotFound
    | WorkspaceNotFound
    | VersionNotFound
    | DraftNotFound
    | InsufficientPermission
    | ContractSuspended
    | ComponentNotAccessible
    | MultipleTopicsNotCopied
    | TopicNotAccessible
    | FlowHasNoTopic
    | CredentialNotAccessible
    | DraftAlreadyExists
    | StaleDraft
    | DraftNotReady
    | CannotOverrideItself
    | QuotaExceeded
    | InvalidInput
)


Some = TypeVar("Some", bound=Refusal)
Narrow_co = TypeVar("Narrow_co", bound=Refusal, covariant=True)


@dataclass(frozen=True, slots=True)
class Refused(Generic[Narrow_co]):
    """Every reason why nothing was written (X11)."""

    errors: tuple[Narrow_co, ...]


def in_order(errors: Iterable[Some]) -> tuple[Some, ...]:
    """Each refusal once, in the order of `ErrorCode`; those of one code stay in the order in which they were found."""
    rank = list(ErrorCode).index
    return tuple(sorted(dict.fromkeys(errors), key=lambda error: rank(error.code)))
