"""The codes of refusals, in the order in which refusals are reported (X11), what every refusal has, and how messages name objects.

A refusal is a value, not an exception; its class stands beside the rule that refuses. A message is one sentence or two
for the person who reads it: the reason, and what would help. The message names objects by name, and is never longer than a person reads.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from typing import ClassVar, Generic, Protocol, TypeVar

from app.domain.model import FlowId, Kind, ReferenceKind, Target, other_kind, with_article


class ErrorCode(StrEnum):
    FLOW_NOT_FOUND = "FLOW_NOT_FOUND"
    WORKSPACE_NOT_FOUND = "WORKSPACE_NOT_FOUND"
    VERSION_NOT_FOUND = "VERSION_NOT_FOUND"
    DRAFT_NOT_FOUND = "DRAFT_NOT_FOUND"
    TENANT_NOT_FOUND = "TENANT_NOT_FOUND"
    RELEASE_NOT_FOUND = "RELEASE_NOT_FOUND"
    INSUFFICIENT_PERMISSION = "INSUFFICIENT_PERMISSION"
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    CANNOT_REVIEW_OWN_RELEASE = "CANNOT_REVIEW_OWN_RELEASE"
    CONTRACT_SUSPENDED = "CONTRACT_SUSPENDED"
    COMPONENT_NOT_ACCESSIBLE = "COMPONENT_NOT_ACCESSIBLE"
    MULTIPLE_TOPICS_NOT_COPIED = "MULTIPLE_TOPICS_NOT_COPIED"
    TOPIC_NOT_ACCESSIBLE = "TOPIC_NOT_ACCESSIBLE"
    FLOW_HAS_NO_TOPIC = "FLOW_HAS_NO_TOPIC"
    CREDENTIAL_NOT_ACCESSIBLE = "CREDENTIAL_NOT_ACCESSIBLE"
    DRAFT_ALREADY_EXISTS = "DRAFT_ALREADY_EXISTS"
    DESTINATION_WAS_CHANGED = "DESTINATION_WAS_CHANGED"
    STALE_DRAFT = "STALE_DRAFT"
    RELEASE_IS_CLOSED = "RELEASE_IS_CLOSED"
    RELEASE_IS_STALE = "RELEASE_IS_STALE"
    DRAFT_NOT_READY = "DRAFT_NOT_READY"
    CANNOT_OVERRIDE_ITSELF = "CANNOT_OVERRIDE_ITSELF"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    INVALID_INPUT = "INVALID_INPUT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    PLAN_IS_STALE = "PLAN_IS_STALE"
    WORLD_PLAN_IS_STALE = "WORLD_PLAN_IS_STALE"
    THING_IN_USE = "THING_IN_USE"
    DUPLICATE_OVERRIDE = "DUPLICATE_OVERRIDE"
    BATCH_NOT_APPLIED = "BATCH_NOT_APPLIED"
    EXPORT_NOT_FOUND = "EXPORT_NOT_FOUND"
    CANNOT_UNDO = "CANNOT_UNDO"
    CANNOT_UNDO_RELEASE = "CANNOT_UNDO_RELEASE"
    FLOW_IS_ACTIVE = "FLOW_IS_ACTIVE"
    FLOW_IS_SUSPENDED = "FLOW_IS_SUSPENDED"
    FLOW_NOT_PUBLISHED = "FLOW_NOT_PUBLISHED"


RANKS = {code: rank for rank, code in enumerate(ErrorCode)}


Path = tuple[str, ...]


class OfCall(tuple[str, ...]):
    """A path of a call of many items that isn't below one of them."""

    __slots__ = ()


FLOW: Path = ("flowId",)
WORKSPACE: Path = ("workspaceId",)
VERSION: Path = ("versionId",)
DRAFT: Path = ("draftId",)
IDEMPOTENCY_KEY: Path = ("idempotencyKey",)
EXPORT: Path = ("exportId",)
TOPIC: Path = ("topicId",)
REVISION: Path = ("expectedRevision",)
INTO_WORKSPACE: Path = ("destination", *WORKSPACE)
ONTO_FLOW: Path = ("destination", "overrideFlowId")
SOURCE_STATE: Path = ("source", "state")
SOURCE_VERSION: Path = ("source", *VERSION)
MAPPINGS: Path = ("mappings",)
ITEMS: Path = ("items",)
PLAN_FINGERPRINT: Path = ("planFingerprint",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason why something isn't done, or can't be."""

    about: str | None = field(default=None, compare=False)
    """In a call of many, the name of the flow that it is about, if the caller can see it."""

    @property
    def message(self) -> str:
        raise NotImplementedError

    @property
    def full_message(self) -> str:
        return self.message if self.about is None else f"{printable(self.about)}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Reason):
    """A reason why nothing was written. The name of its class is its code."""

    code: ClassVar[ErrorCode]
    path: Path = field(default=(), compare=False)
    """The part of the input that it is about: one element per field name or list index, or none at all."""

    def __init_subclass__(cls) -> None:
        """Fail for a class whose code doesn't exist; only what refusals have in common needs none."""
        if cls.__name__ not in {"FlowRefusal", "NotFound"}:
            cls.code = ErrorCode(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper())


@dataclass(frozen=True, slots=True)
class FlowRefusal(Refusal):
    """A refusal about a flow that the caller can see."""

    flow_id: FlowId
    flow_name: str


@dataclass(frozen=True, slots=True)
class NotFound(Refusal):
    """A refusal of an id that is unknown, can't be seen, or can't be one."""

    id: str
    kind: ClassVar[Kind]

    @property
    def message(self) -> str:
        return not_found(self.kind, self.id)


Some = TypeVar("Some", bound=Refusal)
Narrow_co = TypeVar("Narrow_co", bound=Refusal, covariant=True)


@dataclass(frozen=True, slots=True)
class Refused(Generic[Narrow_co]):
    """Every reason why nothing was written, once, in the order of `ErrorCode` (X11)."""

    errors: tuple[Narrow_co, ...]

    def __post_init__(self) -> None:
        if not self.errors:
            raise ValueError("A refusal has a reason.")
        object.__setattr__(self, "errors", in_order(self.errors))


def refused(*errors: Some) -> Refused[Some] | None:
    """Refuse for these reasons; None without any."""
    return Refused(errors) if errors else None


def in_order(errors: Iterable[Some]) -> tuple[Some, ...]:
    """Each refusal once, in the order of `ErrorCode`; those of one code stay in their order."""
    different = dict.fromkeys(errors)
    return tuple(sorted(different, key=lambda error: RANKS[error.code]) if len(different) > 1 else different)


LONGEST_LIST = 20
LONGEST_LISTING = 1200
LONGEST_QUOTE = 80

Thing = TypeVar("Thing")


class HasName(Protocol):
    @property
    def name(self) -> str: ...


def named(thing: HasName) -> str:
    return printable(thing.name)


def not_found(kind: Kind, id_: str) -> str:
    """The answer to an id that is unknown, can't be seen, or can't be one; in the same words for all of them."""
    other = other_kind(id_, kind)
    if other is not None:
        return (
            f"{printable(id_)} is the id of {other}, not of {with_article(kind)}. Give the id of {with_article(kind)}."
        )
    return f"There is no {kind} {printable(id_)} that you can see. Check the id, or ask for access."


def not_here(kind: ReferenceKind, id_: str, target: Target | None, workspace: HasName) -> str:
    """The reason why a workspace has no such thing; `target` has the id, if the caller can see it."""
    expected = Kind(kind.value.lower())
    if target is not None and target.kind is not kind:
        return f"{named(target)} is {with_article(Kind(target.kind.value.lower()))}, not {with_article(expected)}."
    if target is not None:
        return f"The {expected} {named(target)} doesn't live in {named(workspace)}."
    other = other_kind(id_, expected)
    if other is not None:
        return f"{printable(id_)} is the id of {other}, not of {with_article(expected)}."
    return f"{named(workspace)} has no {expected} {printable(id_)}."


def counted(noun: str, listed: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING) -> str:
    """List texts after their noun, which agrees with their number: `step 2`, `steps 2, 5`."""
    return f"{noun if len(listed) == 1 else f'{noun}s'} {enumerated(listed, text, longest)}"


def printable(text: str) -> str:
    """Cut a text of a caller to what fits a sentence, without unprintable characters."""
    cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
    if cut.isprintable():
        return cut or '""'
    return "".join(character if character.isprintable() else "�" for character in cut)


def enumerated(
    listed: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING, *, last: str = ", "
) -> str:
    """List texts, separated by commas, but before the last; of very many the first that fit, at least one, and how many more."""
    first = [text(thing) for thing in listed[:LONGEST_LIST]]
    fitting = max(1, sum(length <= longest for length in accumulate(len(text) + len(", ") for text in first)))
    rest = len(listed) - fitting
    if rest > 0:
        return f"{', '.join(first[:fitting])} and {rest} more"
    return last.join(filter(None, (", ".join(first[:-1]), *first[-1:])))
