"""The sections of a world document as data: the properties of their things, what they refer to, and what may change."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from app.domain.component import ComponentAccess, ComponentRequirement
from app.domain.graph import Json
from app.domain.input import InvalidInput, cron_mistakes, description_mistakes, is_workspace_name, name_mistakes
from app.domain.model import ContractStatus, FlowStatus, FlowType, Kind, PublishPolicy, WorkspaceType

FORMAT: Final = "flowport-world/1"
REQUIRED: Final = ...
LARGEST_QUOTA = 2**31 - 1
LONGEST_TEXT = 255
TEXT_LIMITS: Mapping[str, Any] = {"pattern": r"^[^\x00]*$"}
"""PostgreSQL can't store NUL."""
NAME_LIMITS: Mapping[str, Any] = {
    "min_length": 1,
    "max_length": LONGEST_TEXT,
    "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$",
}
KEY_LIMITS: Mapping[str, Any] = {"min_length": 1, "max_length": LONGEST_TEXT, **TEXT_LIMITS}
EMAIL_LIMITS: Mapping[str, Any] = {"max_length": LONGEST_TEXT, "pattern": r"^[^@\s\x00]+@[^@\s\x00]+$"}
RESTED_ON = "other things rest on it."
IN_COMMANDS = "the commands in flows name it."
ROLE_SCOPES = ("WORKSPACE", "CONTRACT")


class WorldSection(StrEnum):
    """The sections, as the API names them."""

    TENANTS = "TENANTS"
    TENANT_MEMBERS = "TENANT_MEMBERS"
    CONTRACTS = "CONTRACTS"
    WORKSPACES = "WORKSPACES"
    USERS = "USERS"
    ROLES = "ROLES"
    WORKSPACE_MEMBERS = "WORKSPACE_MEMBERS"
    CONTRACT_MEMBERS = "CONTRACT_MEMBERS"
    TEAMS = "TEAMS"
    COMPONENTS = "COMPONENTS"
    TOPICS = "TOPICS"
    CREDENTIALS = "CREDENTIALS"
    SECRETS = "SECRETS"
    AGENTS = "AGENTS"
    FLOWS = "FLOWS"


Rule = Callable[[str], str]
"""Answers a text that can be the value of a property; raises ValueError, with the reason, where it can't."""


def _workspace_name(value: str) -> str:
    if not is_workspace_name(value):
        raise ValueError("The name of a workspace has 3 to 40 characters: letters, digits, spaces, - and _.")
    return value


@dataclass(frozen=True, eq=False, slots=True)
class Property:
    """A property of the things of a section, as the document has it."""

    name: str
    form: Any = str
    """`str`, `bool`, `int`, `list`, the values of an enumeration as a tuple, `object` for any JSON, or a section of states."""
    default: Json = REQUIRED
    """The value of a new thing where the document leaves it out, and of every thing where it is null; any JSON as text."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Constraints of pydantic and JSON Schema."""
    rule: Rule | None = None
    refers_to: str = ""
    """The section that its key or id, or each of its list, belongs to."""
    fixed: str = ""
    """Why it stays what it was when the thing was created (W6)."""
    is_initial: bool = False
    """Whether it counts for the creation alone (W10)."""


def _reference(name: str, section: str, **options: Any) -> Property:  # noqa: ANN401 - of Property
    return Property(name, limits=KEY_LIMITS, refers_to=section, **options)


def _text_of_flows(name: str, rule: Callable[[str], tuple[InvalidInput, ...]], **options: Any) -> Property:  # noqa: ANN401 - of Property
    """A text of a flow, held to a rule of the domain."""

    def checked(value: str) -> str:
        for mistake in rule(value):
            raise ValueError(mistake.message)
        return value

    return Property(name, limits=TEXT_LIMITS, rule=checked, is_initial=True, **options)


def _owner(name: str) -> Property:
    return _reference(name, f"{name}s", fixed=RESTED_ON)


def _choice(name: str, values: Any, **options: Any) -> Property:  # noqa: ANN401 - an enumeration or a tuple
    return Property(name, tuple(map(str, values)), **options)


def _name(name: str = "name", **options: Any) -> Property:  # noqa: ANN401 - of Property
    return Property(name, limits=NAME_LIMITS, **options)


@dataclass(frozen=True, eq=False)
class Section:
    name: str
    kind: Kind | None
    """The kind of the things; None for memberships, which have neither key nor id."""
    properties: tuple[Property, ...]
    role_scope: str = ""
    """The scope that the roles of memberships have."""
    is_for_the_command: bool = False
    """Whether only the command may change it (W11)."""

    @cached_property
    def references(self) -> tuple[Property, ...]:
        return tuple(each for each in self.properties if each.refers_to)

    @property
    def noun(self) -> str:
        return "membership" if self.kind is None else self.kind.value


def _members(name: str, place: str, scope: str, **options: bool) -> Section:
    properties = (_owner(place), _owner("user"), _reference("role", "roles"))
    return Section(name, None, properties, role_scope=scope, **options)


_TEXTS_OF_STATES = (
    _text_of_flows("description", description_mistakes, default=None),
    _text_of_flows("cron", cron_mistakes, default=None),
)


def _state(name: str, author: str) -> Section:
    """The properties of a version or draft, which has the flow's own texts where it leaves them out."""
    flow_name = _text_of_flows("name", name_mistakes, default=None)
    graph = Property("graph", object)
    return Section(name, None, (graph, flow_name, *_TEXTS_OF_STATES, _reference(author, "users", default=None)))


VERSION, DRAFT = _state("version", "publishedBy"), _state("draft", "author")

_OF_A_COMPONENT = (_owner("workspace"), _owner("component"), _name())
_ALL = (
    Section(
        "tenants", Kind.TENANT, (_name(), Property("componentWhitelist", bool, default=False)), is_for_the_command=True
    ),
    Section(
        "contracts",
        Kind.CONTRACT,
        (
            _owner("tenant"),
            _name(),
            _choice("status", ContractStatus, default=ContractStatus.ACTIVE.value),
            Property("flowQuota", int, None, {"ge": 0, "le": LARGEST_QUOTA}),
        ),
    ),
    Section(
        "workspaces",
        Kind.WORKSPACE,
        (
            _owner("contract"),
            Property("name", rule=_workspace_name),
            _choice("type", WorkspaceType),
            _choice("publishPolicy", PublishPolicy, default=PublishPolicy.OPEN.value),
        ),
    ),
    Section(
        "users",
        Kind.USER,
        (
            _reference("tenant", "tenants", default=None, fixed=RESTED_ON),
            _name("firstName"),
            _name("lastName"),
            Property("email", limits=EMAIL_LIMITS),
            Property("active", bool, default=True),
        ),
    ),
    Section(
        "roles",
        Kind.ROLE,
        (
            _owner("tenant"),
            _choice("scope", ROLE_SCOPES, fixed=RESTED_ON),
            _name(),
            Property("permissions", list, (), KEY_LIMITS),
        ),
    ),
    _members("tenantMembers", "tenant", "TENANT", is_for_the_command=True),
    _members("workspaceMembers", "workspace", "WORKSPACE"),
    _members("contractMembers", "contract", "CONTRACT"),
    Section("teams", Kind.TEAM, (_owner("contract"), _name(fixed=IN_COMMANDS))),
    Section(
        "components",
        Kind.COMPONENT,
        (
            _owner("team"),
            _name(fixed=f"{IN_COMMANDS} Its title may change."),
            _name("title", default=None),
            _choice("access", ComponentAccess, default=ComponentAccess.TEAM.value),
            _choice("requires", ComponentRequirement, default=ComponentRequirement.NONE.value),
            Property("pubSub", bool, default=False),
            Property("topicField", default="topic", limits=KEY_LIMITS),
            Property("whitelistedContracts", list, (), KEY_LIMITS, refers_to="contracts"),
        ),
    ),
    Section("topics", Kind.TOPIC, (_owner("workspace"), _name(), Property("schema", object, "{}"))),
    Section("credentials", Kind.CREDENTIAL, _OF_A_COMPONENT),
    Section("secrets", Kind.SECRET, _OF_A_COMPONENT),
    Section("agents", Kind.AGENT, (_owner("workspace"), _name())),
    Section(
        "flows",
        Kind.FLOW,
        (
            _owner("workspace"),
            _text_of_flows("name", name_mistakes),
            *_TEXTS_OF_STATES,
            _choice("type", FlowType, default=FlowType.ORDINARY.value, is_initial=True),
            _choice("status", FlowStatus, default=FlowStatus.INACTIVE.value, is_initial=True),
            _reference("author", "users", default=None, is_initial=True),
            Property("versions", VERSION, (), is_initial=True),
            Property("draft", DRAFT, None, is_initial=True),
            Property("suspended", bool, None),
        ),
    ),
)
SECTIONS: Mapping[str, Section] = {each.name: each for each in _ALL}
"""In an order in which everything comes after what it refers to."""
RANKS = {name: rank for rank, name in enumerate(SECTIONS)}
NAMES: Mapping[WorldSection, str] = {WorldSection(re.sub("([A-Z])", r"_\1", name).upper()): name for name in SECTIONS}
"""The names of the sections in documents."""
ENUMERATED = {name: section for section, name in NAMES.items()}
