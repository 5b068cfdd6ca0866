"""A small world that exists, and documents about it, for tests of what provisioning decides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.domain.model import Kind
from app.domain.world.consistency import blockers_of
from app.domain.world.planning import Planning
from app.domain.world.sections import SECTIONS
from app.domain.world.things import COMMAND, Dependent, FlowUses, Item, Planned, Terms, Thing, WorldFacts, WorldPlan

Document = Mapping[str, Iterable[dict[str, Any]]]
NEW = 900
"""The number of the first id that a plan makes."""


def an_id(kind: Kind, number: int) -> str:
    return f"{kind}_{number:026d}"


HOME, ABROAD = an_id(Kind.TENANT, 1), an_id(Kind.TENANT, 2)
RETAIL, FOODS = an_id(Kind.CONTRACT, 1), an_id(Kind.CONTRACT, 2)
DEV, PROD = an_id(Kind.WORKSPACE, 1), an_id(Kind.WORKSPACE, 2)
ADA, BEN, EVE = (an_id(Kind.USER, number) for number in (1, 2, 3))
GUEST, INTEGRATOR, RELEASER = (an_id(Kind.ROLE, number) for number in (1, 2, 3))
CORE, MAILER, MAIL = an_id(Kind.TEAM, 1), an_id(Kind.COMPONENT, 1), an_id(Kind.CREDENTIAL, 1)
ORDERS, SKETCH = an_id(Kind.FLOW, 1), an_id(Kind.FLOW, 2)
OF_HOME = Terms(tenant=HOME, tenants=frozenset({HOME}))
BY_THE_API = Terms(by_command=False, tenant=HOME, tenants=frozenset({HOME}))


def person(first: str, email: str, **others: Any) -> dict[str, Any]:
    return {"firstName": first, "lastName": "Smith", "email": email, "active": True, **others}


def member(place: str, place_id: str, user: str, role: str, key: str | None = None) -> Thing:
    return Thing(f"{place_id}/{user}", {place: place_id, "user": user, "role": role}, HOME, key, HOME)


def of_home(thing_id: str, key: str | None, **values: Any) -> Thing:
    return Thing(thing_id, values, HOME, key, HOME)


def role(thing_id: str, name: str) -> Thing:
    return Thing(thing_id, {"scope": "WORKSPACE", "name": name, "permissions": []}, None, name)


def the_world() -> dict[str, list[Thing]]:
    """One tenant with two contracts, two workspaces and a few of everything else; Eve is another tenant's."""
    component = {"access": "TEAM", "requires": "NONE", "pubSub": False, "topicField": "topic"}
    return {
        "tenants": [Thing(HOME, {"name": "Home", "componentWhitelist": False}, HOME, "home", COMMAND)],
        "contracts": [
            of_home(RETAIL, "retail", tenant=HOME, name="Retail", status="ACTIVE", flowQuota=5),
            of_home(FOODS, "foods", tenant=HOME, name="Foods", status="ACTIVE", flowQuota=None),
        ],
        "workspaces": [
            of_home(DEV, "dev", contract=RETAIL, name="Development", type="LIMITED"),
            of_home(PROD, None, contract=RETAIL, name="Production", type="FULL"),
        ],
        "users": [
            of_home(ADA, "ada", **person("Ada", "ada@example.com", tenant=HOME)),
            of_home(BEN, None, **person("Ben", "ben@example.com", tenant=HOME)),
            Thing(EVE, person("Eve", "eve@example.com", tenant=ABROAD), ABROAD),
        ],
        "roles": [
            role(GUEST, "guest"),
            role(INTEGRATOR, "integrator"),
            of_home(RELEASER, "releaser", tenant=HOME, scope="WORKSPACE", name="Releaser", permissions=["a", "b"]),
        ],
        "workspaceMembers": [
            member("workspace", DEV, ADA, INTEGRATOR, "dev/ada"),
            member("workspace", PROD, BEN, RELEASER),
        ],
        "contractMembers": [],
        "teams": [of_home(CORE, "core", contract=RETAIL, name="core")],
        "components": [
            of_home(MAILER, "mailer", team=CORE, name="mailer", title="Mailer", whitelistedContracts=[], **component)
        ],
        "credentials": [of_home(MAIL, "mail", workspace=DEV, component=MAILER, name="Mail")],
        "flows": [
            Thing(ORDERS, {"workspace": DEV, "suspended": False, "status": "ACTIVE"}, HOME, "orders", DEV),
            Thing(SKETCH, {"workspace": DEV, "suspended": False, "status": "INACTIVE"}, HOME, "sketch", DEV),
        ],
    }


def items_of(document: Document) -> list[Item]:
    return [
        Item(SECTIONS[section], index, values)
        for section, listed in document.items()
        for index, values in enumerate(listed)
    ]


def planned(
    document: Document,
    terms: Terms = OF_HOME,
    world: Mapping[str, list[Thing]] | None = None,
    dependents: Iterable[Dependent] = (),
    uses: Mapping[str, FlowUses] | None = None,
) -> WorldPlan:
    numbers: defaultdict[Kind, int] = defaultdict(lambda: NEW)

    def new_id(kind: Kind, _key: str) -> str:
        numbers[kind] += 1
        return an_id(kind, numbers[kind])

    planning = Planning(WorldFacts(terms, the_world() if world is None else world), items_of(document), new_id)
    resting = [each for each in dependents if each.on in planning.removed]
    blockers = blockers_of(planning.planned, resting)
    return replace(planning.conclude(uses or {}, ""), blockers=tuple(blockers))


def said_of(each: Planned) -> tuple[object, ...]:
    """What becomes of a thing, in short: its section, key, change, and fields with what they were and are."""
    fields = {field.path[1:]: (field.before, field.after) for field in each.fields}
    return (each.section.name, each.key, each.change.value, fields)


def mistakes_of(plan: WorldPlan) -> dict[str, str]:
    return {each.json_path: each.message for each in plan.mistakes}
