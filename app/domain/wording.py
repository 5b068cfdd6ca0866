"""How messages name things: by name and id, and never longer than a person reads."""

from collections.abc import Sequence
from typing import Protocol

LONGEST_LIST = 20
LONGEST_QUOTE = 80


class Named(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...


def named(thing: Named) -> str:
    return f"{thing.name} ({thing.id})"


def shown(text: str) -> str:
    """What a caller sent, cut to what fits a sentence and without characters that would tear it apart."""
    cut = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"
    return "".join(character if character.isprintable() else "�" for character in cut) or '""'


def enumerated(texts: Sequence[str]) -> str:
    """The texts, separated by commas; of very many the first, and how many more there are."""
    rest = len(texts) - LONGEST_LIST
    listed = ", ".join(shown(text) for text in texts[:LONGEST_LIST])
    return listed if rest <= 0 else f"{listed} and {rest} more"
