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


def are_shown_whole(texts: Collection[str]) -> bool:
    """Whether each of these is shown as it is: asked of all at once, since graphs have tens of thousands."""
    return "" not in texts and max(map(len, texts), default=0) <= LONGEST_QUOTE and "".join(texts).isprintable()


def enumerated(listed: Sequence[Thing], text: Callable[[Thing], str], longest: int = LONGEST_LISTING) -> str:
    """List texts, separated by commas; of very many the first that fit, at least one, and how many more."""
    first = [text(thing) for thing in listed[:LONGEST_LIST]]
    fitting = max(1, sum(length <= longest for length in accumulate(len(text) + len(", ") for text in first)))
    rest = len(listed) - fitting
    return ", ".join(first[:fitting]) + (f" and {rest} more" if rest > 0 else "")
