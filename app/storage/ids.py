"""Ids: text with a prefix that says what it names, sortable by the time of their making (TypeID, UUIDv7 inside)."""

from typeid import TypeID

from app.domain.model import Kind


def new_id(kind: Kind) -> str:
    """A new id; later ones of one process are greater."""
    # Its prefixes are ours: having them checked takes longer than all the rest.
    return f"{kind}_{TypeID().suffix}"
