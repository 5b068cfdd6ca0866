"""A world of trade: two tenants, and somebody for every way to stand to a workspace.

- Ada is an integrator nearly everywhere in the north; of the depot she knows only the name, through its contract.
- Berta may edit in the workshop and only read in the store. Gil may only read. Carl sees the contract of retail, and no
  workspace from inside. Olga works in the south, where nobody of the north has been.
"""

from tests.api.world_builder import FULL, LIMITED, TEAM, TENANT, WorldBuilder, graph, step

ORDERS = {"properties": {"id": {}, "total": {}}, "required": ["id"]}
STRICT_ORDERS = {"properties": {"id": {}, "currency": {}}, "required": ["currency", "id"]}

EVERYWHERE = ("house", "retail", "foods", "mill", "bakery")


def trade() -> WorldBuilder:
    world = WorldBuilder()
    for user in ("ada", "berta", "gil", "carl", "olga"):
        world.user(user)
    _places(world)
    _components(world)
    _things(world)
    _flows_of_the_workshop(world)
    _flows_in_every_state(world)
    _flows_of_others(world)
    return world


def _places(world: WorldBuilder) -> None:
    world.tenant("north", whitelist=True)
    world.tenant("south")
    world.contract("house", "north")
    world.contract("retail", "north")
    world.contract("foods", "north")
    world.contract("mill", "north", suspended=True)
    world.contract("bakery", "north", quota=1)
    world.contract("overseas", "south")
    world.role("releaser", "north", "workspaces.flow.edit", "workspaces.flow.get")
    for workspace, contract, kind in (
        ("workshop", "retail", LIMITED),
        ("store", "retail", FULL),
        ("depot", "retail", FULL),
        ("kitchen", "foods", LIMITED),
        ("shop", "foods", FULL),
        ("windmill", "mill", FULL),
        ("oven", "bakery", FULL),
        ("harbour", "overseas", FULL),
    ):
        world.workspace(workspace, contract, kind)
    world.members("workshop", ada="integrator", berta="integrator", gil="guest")
    world.members("store", ada="admin", berta="guest", gil="guest")
    world.members("kitchen", ada="owner")
    world.members("shop", ada="releaser")
    world.members("windmill", ada="integrator")
    world.members("oven", ada="integrator")
    world.members("harbour", olga="integrator")
    world.contract_members("retail", ada="admin", carl="guest")


def _components(world: WorldBuilder) -> None:
    world.team("house-team", "house", name="acme")
    world.team("lab", "retail")
    world.team("south-team", "overseas", name="acme")
    for key, requires, pub_sub in (
        ("timer", "NONE", False),
        ("mailer", "CREDENTIAL", False),
        ("pubsub", "NONE", True),
    ):
        world.component(key, "house-team", requires=requires, pub_sub=pub_sub, whitelisted=EVERYWHERE)
    world.component("erp", "house-team", TENANT, requires="SECRET", whitelisted=EVERYWHERE)
    world.component("code", "house-team")
    world.component("queue", "house-team", pub_sub=True, topic_field="channel", whitelisted=EVERYWHERE)
    world.component("normalizer", "lab", TEAM)
    world.component("enricher", "lab", TEAM)
    world.component("southern-mailer", "south-team", TENANT, name="mailer")


def _things(world: WorldBuilder) -> None:
    for workspace in ("workshop", "store", "depot", "harbour"):
        world.topic(f"{workspace}-orders", workspace, "Orders", ORDERS)
        world.topic(f"{workspace}-items", workspace, "Items", {"required": ["sku"]})
        world.agent(f"{workspace}-agent", workspace)
    world.topic("store-strict", "store", "Orders, strict", STRICT_ORDERS)
    for workspace, mailer in (("workshop", "mailer"), ("store", "mailer"), ("harbour", "southern-mailer")):
        world.credential(f"{workspace}-mail", workspace, mailer)
    for workspace in ("workshop", "store"):
        world.secret(f"{workspace}-erp", workspace, "erp")


def tick() -> dict[str, object]:
    return step("1", "acme/timer:tick@latest")


def publish(topic: str | None, step_id: str = "2") -> dict[str, object]:
    return step(step_id, "acme/pubsub:pub@latest", topic=topic)


def _flows_of_the_workshop(world: WorldBuilder) -> None:
    bound = graph(
        step("1", "acme/timer:tick", name="Every hour", description="On the hour", fields={"interval": "hour"}),
        step("2", "acme/erp:lookup@1a2b", secret="workshop-erp", agent="workshop-agent", samples={"sample": "s-1"}),
        step("3", "acme/mailer:send", credential="workshop-mail", fields={"subject": "Hello"}),
        step("4", "acme/pubsub:pub@latest", topic="workshop-orders", fields={"priority": "high"}),
        layout={"zoom": 1.0, "grid": 1},
    )
    world.flow(
        "bound",
        "workshop",
        published=bound,
        author="ada",
        cron="0 * * * *",
        description="All that binds",
        type="REAL_TIME",
    )
    world.flow("plain", "workshop", published=graph(tick()), author="ada")
    world.flow("one-topic", "workshop", published=graph(tick(), publish("workshop-orders")), author="ada")
    two = graph(publish("workshop-orders", "a"), publish("workshop-items", "b"), publish(None, "c"))
    world.flow("two-topics", "workshop", published=two, author="ada")
    world.flow("no-topic-yet", "workshop", published=graph(tick(), publish(None)), author="ada")
    lab = graph(
        tick(),
        step("2", "lab/normalizer:run@latest"),
        step("3", "lab/enricher:run@latest"),
        step("4", "acme/code:run@latest"),
        step("5", "lab/normalizer:run@1"),
        step("6", "nobody/knows:it@latest"),
        step("7", "not a command"),
    )
    world.flow("laboratory", "workshop", published=lab, author="ada")


def _flows_in_every_state(world: WorldBuilder) -> None:
    world.flow("only-draft", "workshop", draft=graph(tick()), author="berta")
    old, now = graph(tick(), note="old"), graph(tick(), note="now")
    world.flow(
        "versions", "workshop", published=[old, now], draft=graph(tick(), note="next"), author="ada", status="ACTIVE"
    )
    world.flow("orphan", "workshop", published=graph(tick()), draft=graph(), status="SUSPENDED")


def _flows_of_others(world: WorldBuilder) -> None:
    chosen = graph(
        step("2", "acme/erp:lookup@1a2b", secret="store-erp", agent="store-agent"),
        step("3", "acme/mailer:send", credential="store-mail"),
        step("4", "acme/pubsub:pub@latest", topic="store-orders"),
    )
    world.flow("bound-live", "store", published=chosen, author="ada", status="ACTIVE")
    world.flow("in-the-making", "store", draft=graph(tick()), author="ada")
    mail = step("2", "acme/mailer:send")
    world.flow("live", "store", published=graph(tick()), draft=graph(), author="ada", status="ACTIVE", name="Plain")
    world.flow("store-plain", "store", published=graph(tick()), author="gil")
    world.flow("hidden", "depot", published=graph(tick()), author="olga")
    world.flow("bread", "oven", published=graph(tick()), author="ada")
    world.flow("flour", "windmill", published=graph(tick()), author="ada")
    world.flow("ship", "harbour", published=graph(tick(), mail), draft=graph(tick()), author="olga")
