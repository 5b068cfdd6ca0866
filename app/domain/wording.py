"""How messages name things: by name, and never longer than a person reads."""

from collections.abc import Callable, Collection, Sequence
from itertools import accumulate
from typing import Protocol, TypeVar

from app.domain.id_prefixes import Kind, other_kind, with_article
from app.domain.model import ReferenceKind, Target

LONGEST_LIST = 20
LONGEST_LISTING = 1200
LONGEST_QUOTE = 80

Thing = TypeVar("Thing")


class HasName(Protocol):
    @property
    def name(self) -> str: ...


def named(thing: HasName) -> str:
    return shown(thing.name)


def not_found(kind: Kind, id_: str) -> str:
    """The answer to an id that is unknown, can't be seen, or can't be one; in the same words for all of them."""
    other = other_kind(id_, kind)
    if other is not None:
        return f"{shown(id_)} is the id of {other}, not of {with_article(kind)}. Give the id of {with_article(kind)}."
    return f"There is no {kind} {shown(id_)} that you can see. Check the id, or ask for access."


def not_here(kind: ReferenceKind, given: str, found: Target | None, place: HasName) -> str:
    """Why a workspace has no such thing; `found` is what has the given id, if the caller can see it."""
    wanted = Kind(kind.value.lower())
    if found is not None and found.kind is not kind:
        return f"{named(found)} is {with_article(Kind(found.kind.value.lower()))}, not {with_article(wanted)}."
    if found is not None:
        return f"The {wanted} {named(found)} doesn't live in {named(place)}."
    other = other_kind(given, wanted)
    if other is not None:
        return f"{shown(given)} is the id of {other}, not of {with_article(wanted)}."
    return f"{named(place)} has no {wanted} {shown(given)}."


def about_flow(name: str, message: str) -> str:
    """A message in a call of many, which says by name which flow it is about."""
    return f"{shown(name)}: {message}"


def counted(noun: str, things: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING) -> str:
    """The things' texts after the noun for them, which agrees with their number: `step 2`, `steps 2, 5`."""
    return f"{noun if len(things) == 1 else f'{noun}s'} {enumerated(things, text, longest)}"


def shown(text: str) -> str:
    """Cut a text of a caller to what fits a sentence, without unprintable characters."""
    cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
    if cut.isprintable():
        return cut or '""'
    return "".join(character if character.isprintable() else "�" for character in cut)


def are_shown_whole(texts: Collection[str]) -> bool:
    """Whether each of these is shown as it is: asked of all at once, since graphs have tens of thousands."""
    return "" not in texts and max(map(len, texts), default=0) <= LONGEST_QUOTE and "".join(texts).isprintable()


def enumerated(things: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING) -> str:
    """The things' texts, separated by commas; of very many the first that fit, at least one, and how many more."""
    first = [text(thing) for thing in things[:LONGEST_LIST]]
    fitting = max(1, sum(length <= longest for length in accumulate(len(text) + len(", ") for text in first)))
    rest = len(things) - fitting
    return ", ".join(first[:fitting]) + (f" and {rest} more" if rest > 0 else "")
