"""What all refusals have in common, and the order in which they are reported.

A refusal is a value, not an exception; its class stands beside the rule that it comes from. Its message is one sentence
or two for the person who reads it: what stands in the way, and what would help.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, TypeVar, cast

from app.domain.error_code import ErrorCode
from app.domain.wording import about_flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something isn't done, or can't be."""

    about: str | None = field(default=None, compare=False)
    """In a call of many, the name of the flow that it is about, if the caller can see it."""

    @property
    def message(self) -> str:
        raise NotImplementedError

    @property
    def full_message(self) -> str:
        return self.message if self.about is None else about_flow(self.about, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Reason):
    """What all refusals have in common."""

    code: ClassVar[ErrorCode]
    path: tuple[str, ...] = field(default=(), compare=False)


Some = TypeVar("Some", bound=Refusal)
Narrow_co = TypeVar("Narrow_co", bound=Refusal, covariant=True)


@dataclass(frozen=True, slots=True)
class Refused(Generic[Narrow_co]):
    """Every reason why nothing was written (X11)."""

    errors: tuple[Narrow_co, ...]

    def __post_init__(self) -> None:
        if not self.errors:
            raise ValueError("A refusal has a reason.")


def at(path: tuple[str, ...], refusals: Iterable[Some]) -> tuple[Some, ...]:
    """These refusals, as being about this part of the input."""
    if refusals == ():
        # As most often, in lists of destinations for each of them.
        return ()
    return tuple(cast("Some", replace(cast("Any", refusal), path=path)) for refusal in refusals)


def in_order(errors: Iterable[Some]) -> tuple[Some, ...]:
    """Each refusal once, in the order of `ErrorCode`; those of one code stay in the order in which they were found."""
    different = dict.fromkeys(errors)
    return tuple(sorted(different, key=lambda error: RANKS[error.code]) if len(different) > 1 else different)


RANKS = {code: rank for rank, code in enumerate(ErrorCode)}
