"""Fields whose values are still to be found: what is to be looked up for them, and how it is put in their place."""

from collections.abc import Iterable, Iterator
from inspect import CORO_CREATED, getcoroutinestate, iscoroutine
from typing import Any

from app.execution.answers import Objects
from app.execution.attempts import attempt
from app.execution.lookups import Loader, Lookup, Lookups
from app.execution.plan import FieldPlan

Known = dict[Loader[Any, Any], Any]
"""What each loader has read; an exception where it could not."""
Made = dict[tuple[Loader[Any, Any], Any], Any]
"""What was made of the answers, by loader and key."""


class PendingField:
    """The values of a field of several objects, which are still to be found."""

    __slots__ = ("field", "objects", "values")

    def __init__(self, objects: Objects, field: FieldPlan, values: list[Any]) -> None:
        self.objects = objects
        self.field = field
        self.values = values
        """One for each object: a value, an exception, a lookup, several lookups, or what is to be awaited."""

    @property
    def keys(self) -> Iterable[tuple[Loader[Any, Any], Iterable[Any]]]:
        """What is to be looked up."""
        return ((lookup.loader, (lookup.key,)) for lookup in self._lookups())

    @property
    def has_lookups(self) -> bool:
        """Whether what was looked up says what else is to be looked up."""
        return any(isinstance(value, Lookup) for value in self.values)

    def take(self, known: Known) -> None:
        """Put what was found in place of the lookups. What is made of one answer is made once, whoever asks."""
        made: Made = {}
        self.values = [found_in_place_of(value, known, made) for value in self.values]

    def close(self) -> None:
        """End what was not begun: nobody waits for it any more."""
        for value in self.values:
            if iscoroutine(value) and getcoroutinestate(value) == CORO_CREATED:
                value.close()

    def _lookups(self) -> Iterator[Lookup[Any]]:
        for value in self.values:
            if isinstance(value, Lookup):
                yield value
            elif isinstance(value, Lookups):
                yield from (lookup for lookup in value.each if lookup is not None)


class PendingRelation(PendingField):
    """The same of a field that is a relation: the values are keys, or exceptions, so that nothing is made for each."""

    __slots__ = ("_loader",)

    def __init__(self, objects: Objects, field: FieldPlan, keys: list[Any], loader: Loader[Any, Any]) -> None:
        super().__init__(objects, field, keys)
        self._loader = loader

    @property
    def keys(self) -> Iterable[tuple[Loader[Any, Any], Iterable[Any]]]:
        different = dict.fromkeys(self.values)
        return ((self._loader, [key for key in different if key is not None and not isinstance(key, Exception)]),)

    @property
    def has_lookups(self) -> bool:
        return False

    def take(self, known: Known) -> None:
        keys, answers = self.values, known[self._loader]
        if isinstance(answers, Exception):
            self.values = [key if key is None or isinstance(key, Exception) else answers for key in keys]
            return
        self.values = [answers.get(key, key) for key in keys]


def found_in_place_of(value: Any, known: Known, made: Made) -> Any:
    if isinstance(value, Lookups):
        return value.of([None if each is None else found_by(each, known, made) for each in value.each])
    return found_by(value, known, made) if isinstance(value, Lookup) else value


def found_by(lookup: Lookup[Any], known: Known, made: Made) -> Any:
    answers = known[lookup.loader]
    answer = answers if isinstance(answers, Exception) else answers[lookup.key]
    if lookup.make is None or answer is None or isinstance(answer, Exception):
        return answer
    key = lookup.loader, lookup.key
    if key not in made:
        made[key] = attempt(lookup.make, answer)
    return made[key]
