"""The input and the outcome of provisioning: items of a document, existing things, and the plan."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from app.domain.diff import FieldChange
from app.domain.errors import NotFound, Refusal, not_found
from app.domain.graph import Json
from app.domain.input import InvalidInput
from app.domain.model import Kind
from app.domain.world.sections import ENUMERATED, RANKS, Section, WorldSection

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
COMMAND = ""
"""The scope of what belongs to no tenant, but to the command."""

ELSEWHERE = "elsewhere"
"""The value of `active` that the command sees where only its own tenant has deactivated a user (W9)."""

Part = str | int
"""A step on the way into a document: the key of an object, or the index of a list."""
PRUNE: tuple[Part, ...] = ("prune",)
"""The path of mistakes in a thing that the document doesn't name."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A mistake in a document, with its path."""

    path: tuple[Part, ...]
    message: str

    @property
    def json_path(self) -> str:
        """The path as a JSONPath: `$.flows[3].draft.graph.nodes[2].credentials_id`."""
        return "$" + "".join(_part_text(part) for part in self.path)

    @property
    def rank(self) -> tuple[int, int]:
        """The places of the section and of its item, which mistakes are sorted by."""
        section, index = (*self.path, "", 0)[:2]
        return RANKS.get(str(section), -1), index if isinstance(index, int) else -1

    @property
    def refusal(self) -> InvalidInput:
        path = tuple(map(str, self.path))
        return InvalidInput(path if self.path == PRUNE else ("document", *path), self.message)


def _part_text(part: Part) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{json.dumps(part)}]"


@dataclass(slots=True)
class Item:
    """The properties of one thing in a document, without malformed ones, and without the versions and draft of a flow."""

    section: Section
    index: int
    values: Mapping[str, Json]
    malformed: frozenset[str] = frozenset()
    """Properties that the document has, but not in their form."""
    users: tuple[str, ...] = ()
    """The users that the versions and the draft of a flow name."""
    id: str | None = field(init=False)
    key: str | None = field(init=False)
    """The key of a thing; of a membership the keys of place and user."""

    def __post_init__(self) -> None:
        self.id, self.key = self.values.get("id"), self.values.get("key")
        if self.section.kind is None:
            place, user, _ = self.section.references
            self.key = f"{self.values.get(place.name, '')}/{self.values.get(user.name, '')}"

    @property
    def is_removal(self) -> bool:
        return bool(self.values.get("remove"))

    def path(self, *parts: Part) -> tuple[Part, ...]:
        return (self.section.name, self.index, *parts)

    def lacks(self, name: str) -> bool:
        """Whether the document doesn't have the property, not even malformed."""
        return name not in self.values and name not in self.malformed


@dataclass(slots=True)
class Thing:
    """A thing that exists, or that a document creates, with the values of its properties; references are ids."""

    id: str
    """The id of the thing; the ids of a membership's place and user with a slash between them."""
    values: Mapping[str, Json]
    """Values by property. An existing user has three more: `isProvisioner`, `isBarred` (by the command) and `isActiveAtHome`."""
    tenant: str | None
    """None for built-in roles, and for users that belong to the command."""
    key: str | None = None
    """The external key; the keys of a membership's place and user, if both have one; the name of a built-in role."""
    scope: str = COMMAND
    """The id of the tenant, or of the flow's workspace, in which the key is unique."""


class Dependent(NamedTuple):
    """Something that exists and keeps another thing from being removed."""

    section: str
    id: str
    on: str
    """The id of the thing that it keeps."""
    place: str | None = None
    """The workspace that it lives in, or the contract of a membership: it goes with that."""
    user: str | None = None


@dataclass(frozen=True, slots=True)
class FlowUses:
    """How many flows use a thing, and the first 100 of them, those that run first; names are for the command alone."""

    count: int = 0
    flows: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """Whose document it is, and the sections to prune."""

    by_command: bool = True
    tenant: str | None = None
    """The id of the one tenant that the document is about; None where it may name several."""
    tenants: frozenset[str] = frozenset()
    """The ids of all tenants that it is about, as far as they exist."""
    prune: frozenset[str] = frozenset()

    def owns(self, tenant: str | None) -> bool:
        """Whether the document may change the users of a tenant, or of none (W9)."""
        return self.tenant is None and self.by_command if tenant is None else tenant in self.tenants

    def is_guest(self, section: str, thing: Thing) -> bool:
        """Whether it is another tenant's user, whom the document may only give memberships (W9)."""
        return section == "users" and not self.owns(thing.tenant)


@dataclass(frozen=True, slots=True)
class WorldFacts:
    """The existing things that a document names, refers to or prunes, by the names of the sections."""

    terms: Terms = Terms()
    existing: Mapping[str, Sequence[Thing]] = field(default_factory=dict)


class WorldChange(StrEnum):
    CREATED = "CREATED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    UNCHANGED = "UNCHANGED"


@dataclass(slots=True)
class Planned:
    """The effect of a plan on one thing."""

    section: Section
    key: str | None
    change: WorldChange
    thing: Thing
    """The thing as it will be, or as it was before its removal; without an id where there is none, and none is created."""
    before: Thing | None = None
    fields: Sequence[FieldChange] = ()
    uses: FlowUses = FlowUses()
    item: Item | None = None
    """None for a thing that is pruned."""
    is_guest: bool = field(kw_only=True)
    """Whether it is another tenant's user, of whom only the key and the memberships of this tenant change (W9)."""
    is_done: bool = False
    role: str | None = None
    """The role of a membership, as documents name it."""

    @property
    def path(self) -> tuple[Part, ...]:
        """The place in the document that says so."""
        return PRUNE if self.item is None else self.item.path()

    @property
    def name(self) -> str | None:
        """The name that people know: the address of a user, the role of a membership."""
        return self.thing.values.get("name") or self.thing.values.get("email") or self.role

    @property
    def owner(self) -> Json:
        """The owner of the thing, such as its workspace: as the document names it, or its id."""
        owner = self.section.references[0].name
        return (self.item and self.item.values.get(owner)) or self.thing.values.get(owner)

    @property
    def section_name(self) -> WorldSection:
        return ENUMERATED[self.section.name]

    def changes(self, name: str) -> bool:
        """Whether the thing exists, and a property changes."""
        return any(field.path == f"/{name}" for field in self.fields)

    def differs_in(self, name: str) -> bool:
        """Whether a property is new or changes."""
        return self.change is WorldChange.CREATED or self.changes(name)

    @property
    def id(self) -> str | None:
        """The id of the thing; None for a membership, and for a thing that doesn't exist yet."""
        is_shown = self.section.kind is not None and (self.is_done or self.change is not WorldChange.CREATED)
        return (self.thing.id or None) if is_shown else None


@dataclass(frozen=True, slots=True)
class ThingInUse(Refusal):
    """Something can't be removed while others rest on it (W7)."""

    section: WorldSection
    key: str | None
    by: WorldSection
    count: int
    name: str = field(default="", compare=False)

    @property
    def message(self) -> str:
        if self.section is self.by:
            return f"{self.name} can't be removed while it runs. Stop it first."
        rest, them = ("rests", "it") if self.count == 1 else ("rest", "them")
        number = f"{self.count} {_noun(self.by, self.count)}"
        return (
            f"{self.name} can't be removed while {number} {rest} on it. Remove {them} first, or in the same document."
        )


def _noun(section: WorldSection, count: int) -> str:
    words = section.lower().replace("_", " ")
    return words.removesuffix("s") if count == 1 else words


@dataclass(frozen=True, slots=True)
class WorldPlanIsStale(Refusal):
    """Applying would now differ from the plan whose fingerprint was sent (W3)."""

    @property
    def message(self) -> str:
        return "What would be done now differs from the plan that you saw. Look at a new plan, and apply that."


@dataclass(frozen=True, slots=True)
class TenantNotFound(NotFound):
    """The tenant doesn't exist, or the caller doesn't provision it (W11)."""

    kind = Kind.TENANT

    @property
    def message(self) -> str:
        if not self.id:
            return "You don't provision exactly one tenant. Say by its id which is meant, or ask for access to one."
        return not_found(self.kind, self.id)


WorldRefusal = TenantNotFound | InvalidInput | ThingInUse | WorldPlanIsStale


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """The effects of applying a document; none of them happens where there are mistakes or blockers."""

    # When a command ends, asyncio makes the text of its result.
    effects: Sequence[Planned] = field(default=(), repr=False)
    fingerprint: str = ""
    mistakes: tuple[Mistake, ...] = ()
    blockers: tuple[WorldRefusal, ...] = ()
    created: int = 0
    """The number of things that are created; the other three are such numbers too."""
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    def differing(self) -> Iterator[Planned]:
        return (each for each in self.effects if each.change is not WorldChange.UNCHANGED)
