"""A crowded world: more than a hundred of everything, so that a page of a hundred is full."""

from tests.api.world_builder import GLOBAL, LIMITED, WorldBuilder, graph, step

MANY = 102


def crowd() -> WorldBuilder:
    """Mia is a member of every place, each of a contract of its own; each flow has an author, bindings and a draft."""
    world = WorldBuilder()
    world.user("mia")
    world.tenant("town")
    for number in range(MANY):
        world.user(f"author-{number}")
        world.contract(f"contract-{number}", "town", name=f"Contract {number}")
        world.workspace(f"place-{number}", f"contract-{number}", LIMITED, name=f"Place {number}")
        world.members(f"place-{number}", mia="integrator")
    world.team("tools", "contract-0")
    world.component("pubsub", "tools", GLOBAL, pub_sub=True)
    for number in range(MANY):
        _flow(world, number)
    graphs = [graph(step(f"{number}", f"tools/part-{number}:run")) for number in range(MANY)]
    world.flow("long", "place-1", published=graphs, author="mia")
    publisher = graph(step("1", "tools/pubsub:pub", topic="long-topic"))
    world.topic("long-topic", "place-1")
    world.flow("publisher", "place-1", published=publisher, author="mia")
    world.credential("long-credential", "place-1", "part-0")
    for size in (1, 2000):
        bound = step("0", "tools/part-0:run", credential="long-credential")
        many = graph(bound, *(step(f"{index}", f"tools/part-{index % MANY}:run") for index in range(1, size)))
        world.flow(f"of-{size}-steps", "place-1", published=many, draft=many, author="mia")
    return world


def _flow(world: WorldBuilder, number: int) -> None:
    """A flow in the first place, bound to things of its own; every second one has a draft as well."""
    part = f"part-{number}"
    world.component(part, "tools", GLOBAL)
    world.topic(f"topic-{number}", "place-0")
    world.credential(f"credential-{number}", "place-0", part)
    world.secret(f"secret-{number}", "place-0", part)
    world.agent(f"agent-{number}", "place-0")
    bound = graph(
        step(
            "1",
            f"tools/{part}:run",
            credential=f"credential-{number}",
            secret=f"secret-{number}",
            agent=f"agent-{number}",
            fields={"number": number},
        ),
        step("2", "tools/pubsub:pub", topic=f"topic-{number}"),
    )
    world.flow(
        f"flow-{number}", "place-0", published=bound, draft=bound if number % 2 else None, author=f"author-{number}"
    )
