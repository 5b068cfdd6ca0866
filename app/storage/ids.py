"""Ids: text with a prefix that says what it names, sortable by the time of their making (TypeID, UUIDv7 inside)."""

from typeid import TypeID
from typeid.core.errors import TypeIDException

from app.domain.id_prefixes import Kind

__all__ = ["Kind", "is_id", "kind_of", "new_id"]

LONGEST_ID = 64


def new_id(kind: Kind) -> str:
    """A new id; later ones of one process are greater."""
    return str(TypeID(prefix=kind.value))


def kind_of(text: str) -> Kind | None:
    """What an id names; None if it isn't one of ours, however odd or long the text."""
    if len(text) > LONGEST_ID:
        return None
    try:
        return Kind(TypeID.from_string(text).prefix)
    except (TypeIDException, ValueError):
        return None


def is_id(kind: Kind, text: str | None) -> bool:
    """Whether this can be the id of such a thing. What can't is answered like an id that is unknown."""
    return text is not None and kind_of(text) is kind
