"""Ids: text with a prefix that says what it names, sortable by the time of their making (TypeID, UUIDv7 inside)."""

import re

from typeid import TypeID

from app.domain.id_prefixes import KINDS, Kind

__all__ = ["Kind", "is_id", "kind_of", "new_id"]

ID = re.compile("([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}")
"""What a TypeID looks like whose prefix is a word. Every row that a query reads names several, and the library's reader takes
its time; a test holds the two together."""


def new_id(kind: Kind) -> str:
    """A new id; later ones of one process are greater."""
    # Its prefixes are ours: having them checked takes longer than all the rest.
    return f"{kind}_{TypeID().suffix}"


def kind_of(text: str) -> Kind | None:
    """What an id names; None if it isn't one of ours, however odd or long the text."""
    read = ID.fullmatch(text)
    return None if read is None else KINDS.get(read[1])


def is_id(kind: Kind, text: str | None) -> bool:
    """Whether this can be the id of such a thing. What can't is answered like an id that is unknown."""
    return text is not None and kind_of(text) is kind
