"""Calls of many items: decided as one, in the order of the items (P4, B1 to B3)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from app.domain.errors import FLOW, ITEMS, Path, Refusal, Refused, in_item
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes

MOST_ITEMS = 1000

Item = TypeVar("Item")
Plan = TypeVar("Plan")
Reason = TypeVar("Reason", bound=Refusal)


class BatchMode(StrEnum):
    ATOMIC = "ATOMIC"
    BEST_EFFORT = "BEST_EFFORT"


@dataclass(frozen=True, slots=True)
class BatchNotApplied(Refusal):
    """The item itself could be done, but other items or the call are refused."""

    refused_items: tuple[int, ...]

    @property
    def message(self) -> str:
        if not self.refused_items:
            return "Nothing was written, since something is wrong with the call as a whole. Correct that."
        others = "another item" if len(self.refused_items) == 1 else f"{len(self.refused_items)} other items"
        verb = "was" if len(self.refused_items) == 1 else "were"
        return (
            f"Nothing was written, since {others} of this call {verb} refused. Correct what was refused or leave it out, "
            "or send each item on its own."
        )


CallRefusal = InvalidInput | IdempotencyKeyReused
"""Refusals of a call as a whole."""


@dataclass(frozen=True, slots=True)
class BatchWish(Generic[Item]):
    items: tuple[Item, ...]
    mode: BatchMode = BatchMode.ATOMIC
    idempotency_key: str | None = None
    done: frozenset[int] = frozenset()
    """The items that were done before with the same key (P5)."""

    list_path: ClassVar[Path] = ITEMS
    """The list of the input that has the items."""
    has_ids: ClassVar[bool] = False
    """The items are ids, which have no parts."""
    noun: ClassVar[str] = "flow"
    """The word for an item in messages."""

    @property
    def remaining(self) -> Mapping[int, Item]:
        """The items that are still to be done, by their index; none of a call with too many items."""
        if self.number_mistakes:
            return {}
        return {index: item for index, item in enumerate(self.items) if index not in self.done}

    @property
    def number_mistakes(self) -> tuple[InvalidInput, ...]:
        """Refuse a call without items, or with too many to look at any of them."""
        if 1 <= len(self.items) <= MOST_ITEMS:
            return ()
        sentence = f"A call has 1 to {MOST_ITEMS:,} items, and this one {len(self.items):,}."
        return (InvalidInput(self.list_path, sentence),)

    @property
    def mistakes(self) -> tuple[InvalidInput, ...]:
        """The mistakes of the call as a whole."""
        return (*self.number_mistakes, *key_mistakes(self.idempotency_key))

    def path_of(self, index: int, path: Path) -> Path:
        """The path in the input of what a refusal of an item is about."""
        return (*self.list_path, str(index)) if self.has_ids else in_item(index, path)


@dataclass(frozen=True, slots=True)
class FlowsWish(BatchWish[str]):
    """A call about flows that are named by their ids alone."""

    list_path: ClassVar[Path] = ("flowIds",)
    has_ids: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class UndosWish(BatchWish[str]):
    """A call about records of copies and exports."""

    list_path: ClassVar[Path] = ("exportIds",)
    has_ids: ClassVar[bool] = True
    noun: ClassVar[str] = "record"


class DecidedItems(NamedTuple, Generic[Plan, Reason]):
    """The decisions about the items of a call, with the refusals of the call as a whole."""

    decisions: tuple[Plan | Refused[Reason | BatchNotApplied], ...]
    errors: tuple[CallRefusal, ...]

    @property
    def plans(self) -> list[Plan]:
        return [decision for decision in self.decisions if not isinstance(decision, Refused)]


def decide_items(
    wish: BatchWish[Item],
    plan: Callable[[Item], Plan | Refused[Reason]],
    id_of: Callable[[Item], str],
    names: Mapping[str, str | None],
    count: Callable[[Iterable[Item]], Iterator[Item]] = iter,
) -> DecidedItems[Plan, Reason | InvalidInput]:
    """Decide items one by one: all or none where the call is atomic, or refused as a whole.

    Refuses an item about what an earlier item is about, also one that was done before. `id_of` gives the id of what an item
    is about, `names` the names of flows by that id. `count` goes through the items while they are decided, and may end that.
    """
    named_twice = InvalidInput(FLOW, f"An earlier item of this call names the {wish.noun} already. Name it once.")
    firsts = {id_of(wish.items[place]): place for place in sorted(wish.done)}
    decisions: dict[int, Plan | Refused[Any]] = {}
    places = iter(wish.remaining)
    for item in count(wish.remaining.values()):
        place, about = next(places), id_of(item)
        first = firsts.setdefault(about, place)
        decision = plan(item) if first == place else Refused((named_twice,))
        decisions[place] = in_place(wish, place, decision, names.get(about))
    refused_places = tuple(place for place, decision in decisions.items() if isinstance(decision, Refused))
    left_out = not_applied(wish, refused_places, wish.mistakes)
    if left_out is not None:
        for place, decision in decisions.items():
            if not isinstance(decision, Refused):
                decisions[place] = in_place(wish, place, left_out, names.get(id_of(wish.items[place])))
    return DecidedItems(tuple(decisions.values()), wish.mistakes)


def not_applied(
    wish: BatchWish[Any], refused_places: tuple[int, ...], errors: tuple[CallRefusal, ...]
) -> Refused[BatchNotApplied] | None:
    """Refuse the items that could be done where others, or the call as a whole, keep them from it (P4)."""
    if errors or (refused_places and wish.mode is BatchMode.ATOMIC):
        return Refused((BatchNotApplied(refused_places),))
    return None


def in_place(
    wish: BatchWish[Any], place: int, decision: Plan | Refused[Reason], about: str | None
) -> Plan | Refused[Reason]:
    """The decision, whose refusals have the path of the item in the call and name what they are about."""
    if not isinstance(decision, Refused):
        return decision
    return Refused(
        tuple(replace(error, path=wish.path_of(place, error.path), about=about) for error in decision.errors)
    )
