"""What an id names, as far as its text tells: ids are a prefix, an underscore and 26 characters."""

from enum import StrEnum


class Kind(StrEnum):
    """What an id names; the value is its prefix, and what people call such a thing."""

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


KINDS = {kind.value: kind for kind in Kind}
"""By their prefixes."""


def kind_in(text: str) -> Kind | None:
    """What this is the id of, if it has the prefix of one."""
    prefix, _, rest = text.partition("_")
    return KINDS.get(prefix) if rest else None


def other_kind(text: str, wanted: Kind) -> str | None:
    """What this is the id of, with its article, if the prefix tells that it isn't what is wanted."""
    kind = kind_in(text)
    return None if kind is None or kind is wanted else with_article(kind)


def with_article(kind: Kind) -> str:
    return f"an {kind}" if kind in {Kind.AGENT, Kind.EXPORT} else f"a {kind}"
