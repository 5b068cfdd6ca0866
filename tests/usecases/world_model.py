"""What applying random documents comes to, found slowly: one tenant by its keys, in plain dictionaries."""

from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

Values = dict[str, Any]
Document = dict[str, list[Values]]
OWNERS = {
    "contracts": (),
    "workspaces": ("contract",),
    "users": (),
    "roles": (),
    "workspaceMembers": ("workspace", "user", "role"),
    "contractMembers": ("contract", "user"),
    "teams": ("contract",),
    "components": ("team",),
    "credentials": ("workspace", "component"),
    "flows": ("workspace",),
}
"""What the things of each section refer to, in the order of the sections."""
MEMBERS = ("workspaceMembers", "contractMembers")
RESTING = (
    *(
        ("contracts", "workspaces", "contract"),
        ("contracts", "teams", "contract"),
        ("workspaces", "flows", "workspace"),
    ),
    *(
        ("teams", "components", "team"),
        ("components", "credentials", "component"),
        ("roles", "workspaceMembers", "role"),
    ),
)
FREE: dict[str, dict[str, tuple[Any, ...]]] = {
    "contracts": {"name": ("Amber", "Brisk"), "status": ("ACTIVE", "SUSPENDED"), "flowQuota": (None, 3)},
    "workspaces": {"name": ("Inner", "Outer"), "type": ("FULL", "LIMITED")},
    "users": {"firstName": ("Ada", "Ben"), "lastName": ("Low", "High"), "active": (True, False)},
    "roles": {"permissions": ([], ["a"], ["a", "b"])},
    "teams": {},
    "components": {"title": ("One", "Two"), "access": ("TEAM", "TENANT")},
    "credentials": {"name": ("Mail", "Shop")},
    "flows": {"suspended": (True, False)},
    "workspaceMembers": {},
    "contractMembers": {"role": ("guest", "owner")},
}
"""What may change of them, and to what."""
ALWAYS: dict[str, Values] = {"roles": {"scope": "WORKSPACE"}, "flows": {"draft": {"graph": {"nodes": [], "edges": []}}}}


def own_name(section: str, key: str) -> Values:
    """What is fixed of a new thing, besides its owners."""
    named = {"roles": "name", "teams": "name", "components": "name", "flows": "name"}
    email = {"email": f"{key}@example.com"} if section == "users" else {}
    return {**({named[section]: f"the-{key}"} if section in named else {}), **email, **ALWAYS.get(section, {})}


@dataclass
class Expected:
    things: list[tuple[str, str, str, dict[str, tuple[Any, Any]]]] = field(default_factory=list)
    """Section, key, change, and what the changed fields were and are."""
    blockers: set[tuple[str, str, str, int]] = field(default_factory=set)
    has_mistakes: bool = False


class WorldModel:
    """The world as it should be."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Values]] = {section: {} for section in OWNERS}

    def apply(self, document: Document, prune: set[str]) -> Expected:
        """What a document does; it is done unless there are mistakes or blockers."""
        expected, after = Expected(), deepcopy(self.things)
        named: set[tuple[str, str]] = set()
        for section in OWNERS:
            for item in document.get(section, ()):
                named.add((section, key_of(section, item)))
                expected.things.append(self._one(section, item, after[section]))
        for section in (each for each in OWNERS if each in prune):
            for key in [*after[section]]:
                if (section, key) not in named:
                    expected.things.append((section, key, "REMOVED", {}))
                    del after[section][key]
        removed = {(section, key) for section, key, change, _ in expected.things if change == "REMOVED"}
        expected.has_mistakes = any(
            (f"{owner}s", item[owner]) in removed
            for section, items in document.items()
            for item in items
            for owner in OWNERS[section]
            if not item.get("remove") and owner in item
        )
        cascade(after)
        for owners, section, owner in RESTING:
            for key in {key for name, key in removed if name == owners}:
                count = sum(each[owner] == key for each in after[section].values())
                if count:
                    expected.blockers.add((owners, key, section, count))
        if not expected.has_mistakes and not expected.blockers:
            self.things = after
        return expected

    def _one(self, section: str, item: Values, things: dict[str, Values]) -> tuple[str, str, str, Any]:
        key = key_of(section, item)
        before = things.get(key)
        if item.get("remove"):
            things.pop(key, None)
            return (section, key, "UNCHANGED" if before is None else "REMOVED", {})
        said = {name: value for name, value in item.items() if name not in {"key", "draft"}}
        things[key] = {**(before or default(section)), **said}
        if before is None:
            return (section, key, "CREATED", {})
        fields = {name: (before.get(name), value) for name, value in said.items() if value != before.get(name)}
        fields = {} if section == "flows" and fields.keys() - {"suspended"} else fields
        return (section, key, "CHANGED" if fields else "UNCHANGED", fields)

    def sights(self) -> tuple[set[tuple[str, str, str | None]], set[tuple[str, str, str | None]]]:
        """Who sees which workspaces and contracts, with which role."""
        workspaces, contracts = self.things["workspaces"], self.things["contracts"]
        in_workspace = {
            (each["user"], each["workspace"]): each["role"] for each in self.things["workspaceMembers"].values()
        }
        in_contract = {
            (each["user"], each["contract"]): each["role"] for each in self.things["contractMembers"].values()
        }
        seen: set[tuple[str, str, str | None]] = set()
        seen_contracts: set[tuple[str, str, str | None]] = set()
        for user in self.things["users"]:
            for contract in contracts:
                inside = [key for key, each in workspaces.items() if each["contract"] == contract]
                is_member = (user, contract) in in_contract
                if is_member or any((user, key) in in_workspace for key in inside):
                    seen_contracts.add((user, contract, in_contract.get((user, contract))))
                seen.update(
                    (user, key, in_workspace.get((user, key)))
                    for key in inside
                    if is_member or (user, key) in in_workspace
                )
        return seen, seen_contracts


def cascade(things: dict[str, dict[str, Values]]) -> None:
    """Let go what goes with a workspace or a user."""
    for section in (*MEMBERS, "credentials"):
        for key, each in [*things[section].items()]:
            if any(each[owner] not in things[f"{owner}s"] for owner in ("workspace", "user") if owner in each):
                del things[section][key]


def key_of(section: str, item: Values) -> str:
    return f"{item[OWNERS[section][0]]}/{item['user']}" if section in MEMBERS else str(item["key"])


def default(section: str) -> Values:
    return {name: values[0] for name, values in FREE[section].items()} | (
        {"suspended": False} if section == "flows" else {}
    )


def random_document(chance: Random, model: WorldModel) -> tuple[Document, set[str]]:
    """A document without mistakes, unless it removes what it refers to."""
    document: Document = {}
    known = {section: [*things] for section, things in model.things.items()}
    for section in chance.sample([*OWNERS], chance.randint(1, len(OWNERS))):
        document[section] = []
    for section in OWNERS:
        for _ in range(chance.randint(1, 4) if section in document else 0):
            item = random_item(chance, section, known, model)
            if item is None or key_of(section, item) in {key_of(section, each) for each in document[section]}:
                continue
            document[section].append(item)
            if not item.get("remove"):
                known[section].append(key_of(section, item))
    prunable = ["workspaceMembers", "contractMembers", "credentials", "roles", "flows"]
    return document, {*chance.sample(prunable, 1)} if chance.random() < 0.2 else set()


def random_item(chance: Random, section: str, known: dict[str, list[str]], model: WorldModel) -> Values | None:
    owners = OWNERS[section]
    if any(not known[f"{owner}s"] for owner in owners):
        return None
    key = chance.choice([*model.things[section], f"{section[:-1]}-{chance.randrange(100)}"])
    existing = None if section in MEMBERS else model.things[section].get(key)
    item: Values = {} if section in MEMBERS else {"key": key}
    for owner in owners:
        item[owner] = chance.choice(known[f"{owner}s"]) if existing is None else existing[owner]
    if section == "contractMembers":
        item["role"] = chance.choice(FREE[section]["role"])
    if chance.random() < 0.2:
        return {**item, "remove": True}
    free = {name: chance.choice(values) for name, values in FREE[section].items()}
    if existing is None and section not in MEMBERS:
        return {**item, **free, **own_name(section, key)}
    return {**item, **{name: value for name, value in free.items() if chance.random() < 0.5 or section in MEMBERS}}
