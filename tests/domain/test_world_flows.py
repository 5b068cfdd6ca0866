"""The versions and drafts of the flows that a document creates: their references as ids, or the mistakes in them; their status (W10)."""

from typing import Any

import pytest

from app.domain.world.flows import FlowReader
from app.domain.world.planning import Planning
from app.domain.world.sections import SECTIONS
from app.domain.world.things import Item, Mistake, Thing, WorldFacts
from tests.domain.builders import AGENT, CREDENTIAL, SECRET, TOPIC, native, node
from tests.domain.provisioned import (
    ADA,
    CORE,
    DEV,
    HOME,
    MAIL,
    OF_HOME,
    ORDERS,
    PROD,
    mistakes_of,
    of_home,
    planned,
    the_world,
)

SHELF = "component_00000000000000000000000007"
OFFICE, FAR, NEWS, LOCK = (f"{kind}_00000000000000000000000007" for kind in ("agent", "agent", "topic", "secret"))
FAR = FAR.replace("7", "8")
FLOW = Thing("flow_00000000000000000000000009", {"workspace": DEV}, HOME, "made", DEV)
SEND, PUBLISH = "core/mailer:send", "core/shelf:publish"


def reader(*removed: str) -> tuple[FlowReader, list[Mistake]]:
    world = the_world()
    shelf = {"access": "TEAM", "requires": "NONE", "pubSub": True, "topicField": "subject"}
    world["components"].append(of_home(SHELF, "shelf", team=CORE, name="shelf", **shelf))
    world["agents"] = [of_home(OFFICE, "office", workspace=DEV), of_home(FAR, "far", workspace=PROD)]
    world["topics"] = [of_home(NEWS, "news", workspace=DEV)]
    world["secrets"] = [of_home(LOCK, "lock", workspace=DEV, component=SHELF)]
    world["components"].append(of_home(SHELF.replace("7", "8"), None, team=CORE.replace("1", "9"), name="x", **shelf))
    names = Planning(WorldFacts(OF_HOME, world), [], lambda kind, _: f"{kind}_{'0' * 26}").names
    return FlowReader(names, removed), names.mistakes


def item(malformed: frozenset[str] = frozenset(), **values: Any) -> Item:
    return Item(SECTIONS["flows"], 0, {"key": "made", "workspace": "dev", "name": "Made", **values}, malformed)


def drafted(*nodes: Any, **said: Any) -> dict[str, Any]:
    return {"draft": {"author": "ada", "graph": native(*nodes), **said}}


@pytest.mark.parametrize(
    ("nodes", "bound"),
    [
        ([node("1", SEND, credentials_id="mail")], [{CREDENTIAL: MAIL}]),
        ([node("1", SEND, vpn_agent_id="office")], [{AGENT: OFFICE}]),
        ([node("1", PUBLISH, secret_id="lock", fields={"subject": "news"})], [{SECRET: LOCK, TOPIC: NEWS}]),
        ([node("1", SEND, fields={"subject": "news"})], []),  # its component publishes nothing
        ([node("1", "nobody/knows:it", vpn_agent_id=None)], [{AGENT: None}]),
        ([node("1"), node("2", SEND, credentials_id=MAIL)], [{CREDENTIAL: MAIL}]),
    ],
)
def test_references_of_a_new_flow_become_ids(nodes: list[Any], bound: list[dict[Any, Any]]) -> None:
    flows, mistakes = reader()
    made = flows.read(item(), drafted(*nodes), FLOW)
    assert mistakes == []
    assert made is not None
    assert made.draft is not None
    assert made.draft.author == ADA
    assert [step.values for step in made.draft.state.graph.bindings if step.values] == bound


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        ({}, ("Made", None, None)),
        ({"name": " Draft ", "cron": "0 1 * * *", "description": "Its own"}, ("Draft", "Its own", "0 1 * * *")),
        ({"name": None, "description": ""}, ("Made", "", None)),
    ],
)
def test_a_state_says_what_the_flow_says_unless_it_says_it_itself(said: dict[str, Any], texts: object) -> None:
    flows, _ = reader()
    made = flows.read(item(), {"versions": [drafted()["draft"]], **drafted(**said)}, FLOW)
    assert made is not None
    assert made.draft is not None
    state = made.draft.state
    assert (state.name, state.description, state.cron) == texts
    assert made.current_state.name == "Made"


GRAPH = "$.flows[0].draft.graph"


@pytest.mark.parametrize(
    ("values", "raw", "mistakes"),
    [
        ({}, {}, [("$.flows[0]", "A flow has a version, a draft, or both.")]),
        ({"status": "ACTIVE"}, drafted(), [("$.flows[0].status", "A flow without a version can't be ACTIVE.")]),
        ({"malformed": frozenset({"draft"})}, {"draft": 1}, []),
        ({"malformed": frozenset({"draft"})}, {"draft": {"author": 3, "name": 4, "graph": native()}}, []),
        ({}, {"draft": {"author": "", "graph": native()}}, []),
        ({}, {"draft": {"author": "nobody", "graph": native()}}, [("$.flows[0].draft.author", 'There is no user with the key or id "nobody".')]),
        ({}, {"versions": [{"publishedBy": "x", "graph": native()}]}, [("$.flows[0].versions[0].publishedBy", 'There is no user with the key or id "x".')]),
        ({}, drafted(node("1"), node("2", SEND, credentials_id="x")), [(f"{GRAPH}.nodes[1].credentials_id", 'There is no credential with the key or id "x".')]),
        ({}, drafted(node("1", SEND, vpn_agent_id="far")), [(f"{GRAPH}.nodes[0].vpn_agent_id", 'The agent "far" belongs to another workspace.')]),
        ({}, drafted(node("1", PUBLISH, credentials_id="mail")), [(f"{GRAPH}.nodes[0].credentials_id", 'The credential "mail" belongs to another component.')]),
        ({}, drafted(node("1", PUBLISH, fields={"subject": "x"})), [(f"{GRAPH}.nodes[0].fields.subject", 'There is no topic with the key or id "x".')]),
        (
            {},
            drafted(3, node("2", SEND, vpn_agent_id="far")),
            [
                (f"{GRAPH}.nodes[0]", "A step is an object."),
                (f"{GRAPH}.nodes[1].vpn_agent_id", 'The agent "far" belongs to another workspace.'),
            ],
        ),
        ({}, {"draft": {"author": "ada", "graph": []}}, [(GRAPH, "A graph is an object with `nodes` and `edges`.")]),
    ],
)  # fmt: skip
def test_every_mistake_of_a_new_flow_has_its_path(
    values: dict[str, Any], raw: dict[str, Any], mistakes: list[tuple[str, str]]
) -> None:
    flows, noted = reader()
    made = flows.read(item(**values), raw, FLOW)
    assert [(mistake.json_path, mistake.message) for mistake in noted] == mistakes
    assert made is None or not mistakes


def test_a_flow_that_is_not_created_is_only_checked() -> None:
    flows, mistakes = reader()
    assert flows.read(item(), drafted(node("1", SEND, credentials_id="mail")), None) is None
    assert flows.read(item(), {}, None) is None
    assert mistakes == []


def test_a_component_that_the_document_removes_publishes_nothing() -> None:
    flows, _ = reader(SHELF)
    made = flows.read(item(), drafted(node("1", PUBLISH, fields={"subject": "news"})), FLOW)
    assert made is not None
    assert made.draft is not None
    assert [step.values for step in made.draft.state.graph.bindings if step.values] == []


def test_the_fingerprint_is_of_everything_that_is_read() -> None:
    def fingerprint(*raws: dict[str, Any]) -> str:
        flows, _ = reader()
        for raw in raws:
            flows.read(item(), raw, FLOW)
        return flows.fingerprint

    mailed = drafted(node("1", SEND, credentials_id="mail"))
    different = [
        fingerprint(),
        fingerprint(mailed),
        fingerprint(mailed, mailed),
        fingerprint(drafted(node("1", SEND, credentials_id=MAIL))),
        fingerprint(drafted(node("1", SEND, credentials_id="mail"), name="Named")),
        fingerprint({"versions": [mailed["draft"]]}),
    ]
    assert len({*different}) == len(different)
    assert fingerprint(mailed) == fingerprint(mailed)


@pytest.mark.parametrize(
    ("status", "suspended", "then"),
    [
        ("ACTIVE", True, "SUSPENDED"),
        ("ACTIVE", False, "ACTIVE"),
        ("ACTIVE", None, "ACTIVE"),
        ("INACTIVE", True, "SUSPENDED"),
        ("INACTIVE", False, "INACTIVE"),
        ("SUSPENDED", False, "INACTIVE"),
        ("SUSPENDED", None, "SUSPENDED"),
    ],
)
def test_the_status_of_a_flow_follows_whether_it_is_suspended(status: str, suspended: bool | None, then: str) -> None:
    """W10: of a flow that gets its key besides; None: the document doesn't say."""
    flow = Thing(ORDERS, {"workspace": DEV, "suspended": status == "SUSPENDED", "status": status}, HOME, None, DEV)
    said = {} if suspended is None else {"suspended": suspended}
    plan = planned({"flows": [{"id": ORDERS, "key": "orders", **said}]}, world=the_world() | {"flows": [flow]})
    assert mistakes_of(plan) == {}
    assert [each.thing.values["status"] for each in plan.effects] == [then]
