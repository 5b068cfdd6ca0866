"""A world of lists: on every shelf the same eleven names, which differ in case, accents and encoding, or not at all."""

import unicodedata
from collections.abc import Mapping

from tests.api.world_builder import GLOBAL, LIMITED, TENANT, WorldBuilder, graph, step

NAMES = (
    "zeta",
    "Alpha",
    "ALPHA",
    "alpha",
    "Alpha",
    "\N{LATIN CAPITAL LETTER E WITH ACUTE}mile",
    "E\N{COMBINING ACUTE ACCENT}mile",
    "emile",
    "Straße",
    "STRASSE",
    "100% a_b/c\\d",
)
PLACE_NAMES = (*NAMES[:6], "émile", *NAMES[7:10], "100 a_b-c d")
"""For workspaces, whose names have no odd characters."""

KEYS = tuple(f"{number:02}" for number in range(len(NAMES)))


def name_order(names: Mapping[str, str]) -> list[str]:
    """Ids in the order of their names without case, then by id."""

    def key(each: str) -> tuple[str, str]:
        return unicodedata.normalize("NFC", unicodedata.normalize("NFC", names[each]).casefold()), each

    return sorted(names, key=key)


def shelves() -> WorldBuilder:
    """Lea is a member everywhere; the flows are all hers but two, one of Tom's and one of nobody who is still here."""
    world = WorldBuilder()
    world.user("lea")
    world.user("tom")
    world.tenant("home")
    world.tenant("away")
    world.tenant("beyond")
    for key, name in zip(KEYS, PLACE_NAMES, strict=True):
        world.contract(f"contract-{key}", "home", name=NAMES[int(key)])
        world.workspace(f"place-{key}", f"contract-{key}", LIMITED, name=name)
        world.members(f"place-{key}", lea="integrator")
    world.contract("away-contract", "away")
    world.contract("beyond-contract", "beyond")
    world.workspace("lodge", "away-contract", name="Lodge")
    world.members("lodge", tom="integrator")
    _components(world)
    world.flow("lodge-timer", "lodge", published=graph(step("1", "tools/timer:tick")))
    world.flow("lodge-mail", "lodge", draft=graph(step("1", "post/mailer:send")))
    for key, name in zip(KEYS, NAMES, strict=True):
        _put_on_the_shelf(world, key, name)
    graphs = [graph(step("1", "tools/timer:tick"), number=number) for number in range(11)]
    world.flow("history", "place-01", published=graphs, author="lea", name="alpha")
    world.topic("published", "place-01", "\N{LATIN SMALL LETTER E WITH ACUTE}MILE", {"properties": {"id": {}}})
    publish = step("1", "tools/pubsub:pub", topic="published")
    world.flow("publisher", "place-01", published=graph(publish), author="lea")
    return world


def _components(world: WorldBuilder) -> None:
    """Two tenants share a mailer under one name; at home there is another one of that name for the lodge to shadow."""
    world.team("home-tools", "contract-00", name="tools")
    world.team("away-tools", "away-contract", name="tools")
    world.team("away-post", "away-contract", name="post")
    world.team("beyond-post", "beyond-contract", name="post")
    world.component("timer", "home-tools", requires="SECRET")
    world.component("pubsub", "home-tools", pub_sub=True)
    world.component("away-timer", "away-tools", TENANT, name="timer")
    world.component("first-mailer", "away-post", GLOBAL, name="mailer", requires="CREDENTIAL")
    world.component("second-mailer", "beyond-post", GLOBAL, name="mailer", requires="CREDENTIAL")


def _put_on_the_shelf(world: WorldBuilder, key: str, name: str) -> None:
    """On the shelf of the first place, under one name: a topic, a credential, a secret, an agent and a flow, which uses the first agent."""
    world.topic(f"topic-{key}", "place-00", name, {"required": ["id", name]})
    world.credential(f"credential-{key}", "place-00", "first-mailer", name=name)
    world.secret(f"secret-{key}", "place-00", "timer", name=name)
    world.agent(f"agent-{key}", "place-00", name=name)
    number = int(key)
    tick, mail = step("1", "tools/timer:tick", agent="agent-00"), step("2", "post/mailer:send")
    published = graph(tick, mail, number=number) if number % 2 else graph(tick)
    world.flow(
        f"flow-{key}",
        "place-00",
        published=[published] * (number % 3),
        draft=graph(tick) if number % 3 == 0 or number == 1 else None,
        author={4: "tom", 5: None}.get(number, "lea"),
        type="REAL_TIME" if number in {2, 3} else "ORDINARY",
        status="ACTIVE" if number % 3 == 2 else "SUSPENDED" if number == 7 else "INACTIVE",
        name=name,
    )
