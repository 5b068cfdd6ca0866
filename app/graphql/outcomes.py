"""Payloads: the outcome of a use case, and its refusals, of which each mutation has an interface of its own.

With the interface clients can switch on all refusals of a mutation. The unions of the domain decide which refusals it has.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar, Generic, Self, TypeVar, get_args

import strawberry

from app.domain import bindings, errors
from app.domain.batch import Batch, BatchWish
from app.graphql.context import Info
from app.graphql.describe import about, describe_values
from app.usecases.transaction import UnitOfWork

Done = TypeVar("Done")
Reason = TypeVar("Reason", bound=errors.Refusal)
OfMutation = TypeVar("OfMutation", bound="type[Any]")
ItemPayload = TypeVar("ItemPayload")
Wish = TypeVar("Wish", bound=BatchWish[Any])

strawberry.enum(
    errors.ErrorCode, description="Why a call was refused. All reasons are reported together, in this order."
)
"""The errors describe the values of the enumeration."""

INTERFACES: dict[type, list[type]] = {}
"""The interfaces of each refusal and warning of the domain."""


def interface_of(union: object, interface: type, description: str) -> type:
    """Declare an interface of the types that show the members of a union."""
    for member in get_args(union) or (union,):
        INTERFACES.setdefault(member, []).append(interface)
    return strawberry.interface(interface, description=description)


@strawberry.interface(description="A refusal that you can act on. The refused call or item wrote nothing.")
class Error:
    message: str = about("The reason and what would help, for people to read.", of="full_message")
    code: errors.ErrorCode = about("The kind of refusal, for programs to read.")
    path: list[str] = about(
        "The path of the part of the input that is refused, one element per field name or list index, such as `destination` and "
        "`workspaceId`; empty if no single part is refused. Long keys of a graph are cut."
    )


class ExportFlowWarning:
    message: str = about("The reason for the warning, and the remedy.")


interface_of(bindings.ExportWarning, ExportFlowWarning, "A warning about an export that succeeded.")


@dataclass(kw_only=True)
class Payload(Generic[Done, Reason]):
    """The outcome of a use case, as the payload of its mutation shows it."""

    reason: ClassVar[str] = "A reason why `{mutation}` is refused."
    about_errors: ClassVar[str] = "Every reason why nothing was written; empty when it was done."
    interface: ClassVar[Any]
    """The interface of the refusals."""
    outcome: strawberry.Private[Done | None]
    refusals: strawberry.Private[tuple[Reason, ...]]

    @classmethod
    def of(cls, outcome: Done | errors.Refused[Reason]) -> Self:
        if isinstance(outcome, errors.Refused):
            return cls(outcome=None, refusals=outcome.errors)
        return cls(outcome=outcome, refusals=())

    @property
    def is_replayed(self) -> bool:
        return getattr(self.outcome, "replayed", False)

    @property
    def known_warnings(self) -> tuple[bindings.ExportWarning, ...]:
        return getattr(self.outcome, "warnings", ())


@dataclass(kw_only=True)
class BatchPayload(Generic[ItemPayload, Reason]):
    """The outcome of a call of so many items."""

    reason: ClassVar[str] = (
        "A reason why a call of `{mutation}` is refused as a whole; its items have reasons of their own."
    )
    about_errors: ClassVar[str] = "What is wrong with the call as a whole: then nothing was written."
    interface: ClassVar[Any]
    result: ClassVar[Any]
    """The payload of an item."""
    batch: strawberry.Private[Batch[Any, Any]]
    number: strawberry.Private[int]
    succeeded: int = about("How many items were done.", of="number_succeeded")
    refused: int = about("How many items were refused.", of="number_refused")

    @classmethod
    async def of_call(
        cls,
        info: Info,
        use_case: Callable[[UnitOfWork, Wish], Awaitable[Batch[Any, Any]]],
        wish: Wish,
    ) -> Self:
        """Run a use case, whose items count as objects of the answer before any of them is looked at."""
        info.context.meter.take_objects(len(wish.items))
        return cls(batch=await use_case(info.context.work, wish), number=len(wish.items))

    @property
    def payloads(self) -> list[ItemPayload]:
        return [self.result.of(result) for result in self.batch.results]

    @property
    def number_succeeded(self) -> int:
        return sum(not isinstance(result, errors.Refused) for result in self.batch.results)

    @property
    def number_refused(self) -> int:
        return self.number - self.number_succeeded

    @property
    def refusals(self) -> tuple[Any, ...]:
        return self.batch.errors


def payload(type_: OfMutation) -> OfMutation:
    """Declare the payload of a mutation: `errors` are of the interface of its refusals, the last argument of the base."""
    declared: Any = type_
    name = declared.__name__.removesuffix("Payload")
    mutation = f"{name[0].lower()}{name[1:]}"
    [(declared.result, refusals)] = map(get_args, declared.__orig_bases__)
    interface = type(f"{name}Error", (Error,), {})
    declared.interface = interface_of(refusals, interface, declared.reason.format(mutation=mutation))
    declared.__annotations__ |= {"errors": list[declared.interface]}
    declared.errors = about(declared.about_errors, of="refusals")
    return strawberry.type(type_, description=f"The result of `{mutation}`.")


def types_of_refusals(refusals: ModuleType) -> list[Any]:
    """The types by which refusals are answered. Raises TypeError where a member of a union of the domain has none."""
    declared: list[Any] = [
        each for each in vars(refusals).values() if getattr(each, "__module__", "") == refusals.__name__
    ]
    types = {each.rows: each for each in declared if hasattr(each, "rows")}
    missing = [refusal.__name__ for refusal in INTERFACES if refusal not in types]
    if missing:
        raise TypeError(f"No type shows {', '.join(missing)}.")
    for refusal, type_ in types.items():
        interfaces: Any = dict.fromkeys((*INTERFACES.get(refusal, ()), *type_.__bases__))
        in_order = sorted(interfaces, key=lambda each: (each is ExportFlowWarning, each is Error))
        type_.__strawberry_definition__.interfaces = [each.__strawberry_definition__ for each in in_order]
    by_code = {refusal.code: type_ for refusal, type_ in types.items() if issubclass(type_, Error)}
    describe_values(
        errors.ErrorCode, {code: type_.__strawberry_definition__.description for code, type_ in by_code.items()}
    )
    return list(dict.fromkeys((*(by_code[code] for code in errors.ErrorCode), *types.values())))
