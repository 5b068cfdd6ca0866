"""Calls of many items: decided as one, in the order of the items (P4, B1 to B3)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from app.domain.errors import FLOW, ITEMS, OfCall, Path, Refusal, Refused
from app.domain.input import IdempotencyKeyReused, InvalidInput, key_mistakes

MOST_ITEMS = 1000

Item = TypeVar("Item")
Done = TypeVar("Done")
Outcome = TypeVar("Outcome")
Reason = TypeVar("Reason", bound=Refusal)

Metered = Callable[[Iterable[Item]], Iterator[Item]]
"""Goes through items while they are decided, and raises once they are too much for the operation."""


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
    done_before: frozenset[int] = frozenset()
    """The items that were done before with the same key (P5)."""

    list_path: ClassVar[Path] = ITEMS
    """The list of the input that has the items: wishes or, in other lists than `items`, ids, which have no parts."""
    noun: ClassVar[str] = "flow"
    """The word for an item in messages."""

    @property
    def remaining(self) -> Mapping[int, Item]:
        """The items that are still to be done, by their index; none of a call with too many items."""
        if self.number_mistakes:
            return {}
        return {index: item for index, item in enumerate(self.items) if index not in self.done_before}

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
        within = path if self.list_path is ITEMS else ()
        return path if isinstance(path, OfCall) else (*self.list_path, str(index), *within)


@dataclass(frozen=True, slots=True)
class FlowsWish(BatchWish[str]):
    """A call about flows that are named by their ids alone."""

    list_path: ClassVar[Path] = ("flowIds",)


@dataclass(frozen=True, slots=True)
class UndosWish(BatchWish[str]):
    """A call about records of copies and exports."""

    list_path: ClassVar[Path] = ("exportIds",)
    noun: ClassVar[str] = "record"


@dataclass(frozen=True, slots=True)
class Batch(Generic[Done, Reason]):
    """The plan or, once it is carried out, the outcome of each item of a call, in order, and the refusals of the call as a whole."""

    results: tuple[Done | Refused[Reason], ...]
    errors: tuple[CallRefusal, ...]
    replayed: bool = False
    """Whether earlier calls with the same key did all that is done."""

    @property
    def accepted(self) -> list[Done]:
        """The results of the items that aren't refused."""
        return [result for result in self.results if not isinstance(result, Refused)]

    @property
    def refusals(self) -> Iterator[Reason | CallRefusal]:
        """All refusals: those of the items, in order, then those of the call."""
        for result in self.results:
            if isinstance(result, Refused):
                yield from result.errors
        yield from self.errors

    def with_outcomes(self, outcomes: Iterable[Outcome]) -> "Batch[Outcome, Reason]":
        """The results with the outcomes of the plans, which are in the order of the items."""
        rest = iter(outcomes)
        results = (result if isinstance(result, Refused) else next(rest) for result in self.results)
        return Batch(tuple(results), self.errors)


def decide_items(
    wish: BatchWish[Item],
    plan: Callable[[Item], Done | Refused[Reason]],
    id_of: Callable[[Item], str],
    names: Mapping[str, str | None],
    metered: Metered[Item] = iter,
) -> Batch[Done, Reason | InvalidInput | BatchNotApplied]:
    """Decide items one by one: all or none where the call is atomic, or refused as a whole.

    Refuses an item about what an earlier item is about, also one that was done before. `id_of` gives the id of what an item
    is about, `names` the names of flows by that id.
    """
    named_twice = InvalidInput(FLOW, f"An earlier item of this call names the {wish.noun} already. Name it once.")
    firsts = {id_of(wish.items[index]): index for index in sorted(wish.done_before)}
    decisions: dict[int, Done | Refused[Any]] = {}
    for index, item in zip(wish.remaining, metered(wish.remaining.values()), strict=True):
        is_first = firsts.setdefault(id_of(item), index) == index
        decisions[index] = plan(item) if is_first else Refused((named_twice,))
    return settled(wish, decisions, lambda index: names.get(id_of(wish.items[index])), wish.mistakes)


def settled(
    wish: BatchWish[Any],
    decisions: Mapping[int, Done | Refused[Reason]],
    name_of: Callable[[int], str | None],
    errors: tuple[CallRefusal, ...],
) -> Batch[Done, Reason | BatchNotApplied]:
    """Refuse the items that could be done too, where other items, or `errors` of the call, keep them from it (P4).

    Refusals get the path of their item in the call, and the name of what the item is about.
    """
    refused_items = tuple(index for index, decision in decisions.items() if isinstance(decision, Refused))
    is_applied = not errors and (not refused_items or wish.mode is BatchMode.BEST_EFFORT)
    not_applied = Refused((BatchNotApplied(refused_items),))

    def result(index: int, decision: Done | Refused[Reason]) -> Done | Refused[Any]:
        if is_applied and not isinstance(decision, Refused):
            return decision
        refused: Refused[Any] = decision if isinstance(decision, Refused) else not_applied
        about = name_of(index)
        return Refused(
            tuple(replace(error, path=wish.path_of(index, error.path), about=about) for error in refused.errors)
        )

    return Batch(tuple(result(index, decision) for index, decision in decisions.items()), errors)
