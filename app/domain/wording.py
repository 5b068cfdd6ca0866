"""How messages name things: by name and id, and never longer than a person reads."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol, TypeVar

LONGEST_LIST = 20
LONGEST_LISTING = 1200
LONGEST_QUOTE = 80

Thing = TypeVar("Thing")


class Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def named(thing: Named) -> str:
    return with_id(thing.name, thing.id)


def with_id(name: str, id_: str) -> str:
    return f"{shown(name)} ({shown(id_)})"


def shown(text: str) -> str:
    """What a caller sent, cut to what fits a sentence and without characters that would tear it apart."""
    cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
    if cut.isprintable():
        return cut or '""'
    return "".join(character if character.isprintable() else "�" for character in cut)


def enumerated(things: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING) -> str:
    """The things' texts, separated by commas; of very many the first that fit, at least one, and how many more."""
    first = [text(thing) for thing in things[:LONGEST_LIST]]
    fitting = max(1, sum(length <= longest for length in accumulate(len(text) + len(", ") for text in first)))
    rest = len(things) - fitting
    return ", ".join(first[:fitting]) + (f" and {rest} more" if rest > 0 else "")
