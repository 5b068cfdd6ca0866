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


def other_kind(text: str, wanted: Kind) -> str | None:
    """What this is the id of, with its article, if the prefix tells that it isn't what is wanted."""
    prefix, _, rest = text.rpartition("_")
    if not rest or prefix == wanted or prefix not in {*Kind}:
        return None
    return with_article(Kind(prefix))


def with_article(kind: Kind) -> str:
    return f"an {kind}" if kind in {Kind.AGENT, Kind.EXPORT} else f"a {kind}"
