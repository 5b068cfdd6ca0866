"""Ids: text with a prefix that says what it names, sortable by the time of their making (TypeID, UUIDv7 inside)."""

from typeid import TypeID

from app.domain.model import ID, Kind, kind_of

__all__ = ["Kind", "is_id", "kind_of", "new_id"]


def new_id(kind: Kind) -> str:
    """A new id; later ones of one process are greater."""
    # Its prefixes are ours: having them checked takes longer than all the rest.
    return f"{kind}_{TypeID().suffix}"


def is_id(kind: Kind, text: str | None) -> bool:
    """Whether the text can be an id of this kind; callers answer a text that can't like an unknown id."""
    match = None if text is None else ID.fullmatch(text)
    return match is not None and match[1] == kind
