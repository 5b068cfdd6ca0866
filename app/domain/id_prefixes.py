"""The kinds of things that ids name, as their prefixes tell: an id is a prefix, an underscore and 26 characters."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a thing; the value is the prefix of its ids, and the word that people use."""

    TENANT = "tenant"
    CONTRACT = "contract"
    WORKSPACE = "workspace"
    USER = "user"
    ROLE = "role"
    TEAM = "team"
    COMPONENT = "component"
    TOPIC = "topic"
    CREDENTIAL = "credential"
    SECRET = "secret"
    AGENT = "agent"
    FLOW = "flow"
    DRAFT = "draft"
    VERSION = "version"
    EXPORT = "export"
    EVENT = "event"
    RELEASE = "release"


KINDS = {kind.value: kind for kind in Kind}
"""By their prefixes."""


ID = re.compile("([a-z]+)_[0-7][0-9a-hjkmnp-tv-z]{25}")
"""A TypeID whose prefix is a word. Every row that a query reads names several, and the library's reader is slow; a test holds
the two together."""


def kind_of(text: str) -> Kind | None:
    """Read the kind of an id; None for a text that isn't one of our ids, however odd or long."""
    read = ID.fullmatch(text)
    return None if read is None else KINDS.get(read[1])


def kind_in(text: str) -> Kind | None:
    """The kind of thing that a text is the id of, if it has the prefix of one."""
    prefix, _, rest = text.partition("_")
    return KINDS.get(prefix) if rest else None


def other_kind(text: str, expected: Kind) -> str | None:
    """The kind of an id, with its article, if the prefix tells that it isn't the expected one."""
    kind = kind_in(text)
    return None if kind is None or kind is expected else with_article(kind)


def with_article(kind: Kind) -> str:
    return f"an {kind}" if kind in {Kind.AGENT, Kind.EXPORT, Kind.EVENT} else f"a {kind}"
