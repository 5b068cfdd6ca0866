"""A company of people who see little of each other: every name stands in places that only some of them may see.

- Mia edits in the workshop and the store of retail, and knows the depot by name, through its contract; she reads in the
  counter of the stall, which has more flows than its quota allows. Gil reads in the workshop only; Carl is a member of
  the contract and of none of its workspaces; Nils works in the same tenant, for foods; Olga in another tenant.
- Ann works everywhere in the north, and Bo at home in the south: what they do is what the others must not see.
"""

from tests.api.world_builder import FULL, LIMITED, TEAM, TENANT, WorldBuilder, graph, step

CALLERS = ("mia", "gil", "carl", "nils", "olga")

NORTH = ("workshop", "store", "depot", "kitchen", "pantry", "counter", "backroom")
SOUTH = ("harbour", "quay")

ORDERS = {"properties": {"id": {}, "total": {}}, "required": ["id"]}


def company() -> WorldBuilder:
    world = WorldBuilder()
    for user in (*CALLERS, "ann", "bo", "zoe"):
        world.user(user)
    _places(world)
    _components(world)
    for workspace in (*NORTH, *SOUTH):
        _things(world, workspace)
        _flows(world, workspace)
    return world


def _places(world: WorldBuilder) -> None:
    world.tenant("north", whitelist=True)
    world.tenant("south")
    for contract, tenant in (("house", "north"), ("retail", "north"), ("foods", "north"), ("overseas", "south")):
        world.contract(contract, tenant)
    world.contract("closed", "north", suspended=True)
    world.contract("stall", "north", quota=1)
    for workspace, contract, kind in (
        ("workshop", "retail", LIMITED),
        ("store", "retail", FULL),
        ("depot", "retail", FULL),
        ("kitchen", "foods", LIMITED),
        ("pantry", "closed", FULL),
        ("counter", "stall", FULL),
        ("backroom", "stall", FULL),
        ("harbour", "overseas", FULL),
        ("quay", "overseas", LIMITED),
    ):
        world.workspace(workspace, contract, kind)
    world.role("reviewer", "north", "workspaces.flow.get")
    world.members("workshop", ann="admin", mia="admin", gil="guest")
    world.members("store", ann="admin", mia="integrator", zoe="reviewer")
    world.members("depot", ann="owner", zoe="guest")
    world.members("kitchen", ann="integrator", nils="admin")
    world.members("pantry", ann="integrator", nils="admin")
    world.members("counter", ann="integrator", mia="guest")
    world.members("backroom", ann="integrator")
    world.members("harbour", bo="owner", olga="integrator")
    world.members("quay", bo="integrator")
    world.contract_members("retail", mia="guest", carl="guest", ann="admin")
    world.contract_members("foods", ann="guest")
    world.contract_members("overseas", bo="admin")


def _components(world: WorldBuilder) -> None:
    everywhere = ("house", "retail", "foods", "closed", "stall")
    world.team("acme", "house")
    world.team("lab", "retail")
    world.team("oven-makers", "foods")
    world.team("southern-acme", "overseas", name="acme")
    world.component("timer", "acme", whitelisted=everywhere)
    world.component("mailer", "acme", requires="CREDENTIAL", whitelisted=everywhere)
    world.component("pubsub", "acme", pub_sub=True, whitelisted=everywhere)
    world.component("erp", "acme", TENANT, requires="SECRET", whitelisted=everywhere)
    world.component("code", "acme", whitelisted=("foods",))
    world.component("normalizer", "lab", TEAM)
    world.component("oven", "oven-makers", TEAM, requires="CREDENTIAL", pub_sub=True, topic_field="tray")
    world.component("southern-erp", "southern-acme", TENANT, name="erp", requires="SECRET")
    world.component("southern-oven", "southern-acme", TEAM, name="oven")


def _things(world: WorldBuilder, workspace: str) -> None:
    """The same in every workspace, by name."""
    erp = "southern-erp" if workspace in SOUTH else "erp"
    world.topic(f"{workspace}-orders", workspace, "Orders", ORDERS)
    world.topic(f"{workspace}-items", workspace, f"Items of {workspace}", {"required": ["sku"]})
    world.credential(f"{workspace}-mail", workspace, "mailer", name="Mail")
    world.secret(f"{workspace}-erp", workspace, erp, name="ERP")
    world.agent(f"{workspace}-agent", workspace, name="Agent")
    if workspace == "kitchen":
        world.credential("kitchen-oven", workspace, "oven", name="Oven")


def _flows(world: WorldBuilder, workspace: str) -> None:
    """In every workspace: one flow that binds all there is, one with a history, one draft, one set aside by SQL.

    And one whose steps SQL binds to what lives elsewhere. Drafts use a component of another contract's team.
    """
    author = "bo" if workspace in SOUTH else "ann"
    tick, then = step("1", "acme/timer:tick@latest"), step("9", "acme/code:run@latest")
    bake = step("5", "oven-makers/oven:bake", fields={"tray": f"{workspace}-items", "heat": 200})
    bound = graph(
        tick,
        step("2", "acme/erp:lookup@1a2b", secret=f"{workspace}-erp", agent=f"{workspace}-agent", samples={"at": "s-1"}),
        step("3", "acme/mailer:send", credential=f"{workspace}-mail", fields={"subject": "Hello"}),
        step("4", "acme/pubsub:pub@latest", topic=f"{workspace}-orders"),
    )
    world.flow(f"{workspace}-bound", workspace, published=bound, author=author, name="Bound", cron="0 * * * *")
    old, now, following = (graph(tick, note=note) for note in ("old", "now", "next"))
    world.flow(
        f"{workspace}-history",
        workspace,
        published=[old, now],
        draft=following,
        author=author,
        name="History",
        status="ACTIVE",
    )
    world.flow(f"{workspace}-draft", workspace, draft=graph(tick, bake), author=author, name="Draft")
    strays = graph(*bound["nodes"], bake, step("6", "acme/pubsub:sub", topic=f"{workspace}-items"))
    world.flow(f"{workspace}-strays", workspace, published=strays, draft=strays, author=author, name="Strays")
    world.flow(f"{workspace}-stashed", workspace, published=graph(tick), draft=graph(then), author=author, name="Stash")
