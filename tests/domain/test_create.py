"""Creating a flow (C6): any component, however unfinished, but no reference that lives elsewhere."""

import copy as copying
from collections.abc import Callable

import pytest

from app.domain.access import QuotaExceeded, WorkspaceAccess, WorkspaceNotFound
from app.domain.content import topic_fields
from app.domain.edit import CreatePlan, CreateRefusal, CreateWish
from app.domain.errors import Refused
from app.domain.graph import Json, canonical, content_hash, join
from app.domain.model import FlowType, ReferenceKind, Workspace
from app.domain.references import CredentialNotAccessible
from app.domain.topics import TopicNotAccessible
from tests.domain import planning
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    LIVE_ORDERS,
    MAILER,
    ORDERS,
    PRODUCTION,
    SECRET,
    TIMER,
    called,
    catalogue,
    component,
    contract,
    guest,
    integrator,
    known,
    native,
    node,
    target,
    workspace,
)
from tests.domain.planning import codes, refusals

LOGIN, TIMERS_LOGIN = (
    target(CREDENTIAL, "Mail", DEVELOPMENT, of=MAILER),
    target(CREDENTIAL, "Time", DEVELOPMENT, of=TIMER),
)
LIVE_LOGIN, TUNNEL = target(CREDENTIAL, "Live", PRODUCTION, of=MAILER), target(AGENT, "Tunnel", DEVELOPMENT)
MAIL_KEY = target(SECRET, "Mail key", DEVELOPMENT, of=MAILER)
CHANNEL = component("lab/channel", pub_sub=True, topic_field="channel")
COMPONENTS = catalogue(MAILER, TIMER, CHANNEL, component("acme/pub-sub", pub_sub=True))
THINGS = known(LOGIN, TIMERS_LOGIN, LIVE_LOGIN, TUNNEL, MAIL_KEY, ORDERS, LIVE_ORDERS)
HERE = integrator(DEVELOPMENT)


def create(
    *nodes: Json, at: WorkspaceAccess | None = HERE, name: str = "Orders", flows_used: int = 0, **graph: Json
) -> CreatePlan | Refused[CreateRefusal]:
    return plan_of(at, CreateWish("workspace_wanted", name, native(*nodes, **graph)), flows_used=flows_used)


def plan_of(
    at: WorkspaceAccess | None, wish: CreateWish, *, flows_used: int = 0
) -> CreatePlan | Refused[CreateRefusal]:
    return planning.create(at, wish, components=COMPONENTS, knowing=THINGS, flows_used=flows_used)


def test_a_plan_holds_the_graph_as_content_and_bindings() -> None:
    mail = node("1", credentials_id=LOGIN.id, secret_id=MAIL_KEY.id, vpn_agent_id=TUNNEL.id, fields={"to": 1.0})
    topics = [
        node("2", "acme/pub-sub:pub", fields={"topic": ORDERS.id}),
        node("3", "lab/channel:sub", fields={"channel": ORDERS.id}),
    ]
    graph = {"nodes": [mail, *topics], "edges": [{"source": "1", "target": "2"}], "unknown": [True]}
    before = copying.deepcopy(graph)
    wish = CreateWish("w", "  Orders ", graph, FlowType.REAL_TIME, "Takes them over.", "*/5 * * * *")
    plan = plan_of(HERE, wish)
    assert isinstance(plan, CreatePlan)
    content = graph | {"nodes": [node("1", fields={"to": 1.0}), *(topic | {"fields": {}} for topic in topics)]}
    assert plan.content.canonical == canonical(content)
    assert plan.content.hash == content_hash(canonical(content))
    assert join(content, plan.state.graph.bindings) == graph == before
    assert (plan.workspace_id, plan.state.name, plan.type) == (DEVELOPMENT.id, "Orders", FlowType.REAL_TIME)
    assert (plan.state.description, plan.state.cron) == ("Takes them over.", "*/5 * * * *")


@pytest.mark.parametrize(
    "nodes",
    [
        (),
        (node("1", "lab/none:a"),),
        (node("1", "nonsense"), node("1", "")),
        (node("1", "lab/none:a", fields={"topic": LIVE_ORDERS.id}),),  # no pub/sub mark, no topic
        (node("1", fields={"topic": LIVE_ORDERS.id}, selected_data_samples=["sample_of_anywhere"]),),
        (node("1", "acme/pub-sub:pub", fields=None), node("2", "acme/pub-sub:pub", fields={"topic": None})),
        (node("1", credentials_id=None, secret_id=None, vpn_agent_id=None),),
    ],
)
def test_a_draft_may_be_unfinished(nodes: tuple[Json, ...]) -> None:
    assert isinstance(create(*nodes), CreatePlan)


@pytest.mark.parametrize("elsewhere", [LIVE_ORDERS.id, "topic_nowhere", TUNNEL.id])
def test_a_topic_that_lives_elsewhere_is_refused(elsewhere: str) -> None:
    outcome = create(node("1", "acme/pub-sub:pub", fields={"topic": elsewhere}))
    assert refusals(outcome) == (TopicNotAccessible(elsewhere, DEVELOPMENT, called("1")),)


@pytest.mark.parametrize(
    ("key", "kind", "elsewhere"),
    [
        ("credentials_id", CREDENTIAL, LIVE_LOGIN.id),
        ("credentials_id", CREDENTIAL, TIMERS_LOGIN.id),  # belongs to another component
        ("credentials_id", CREDENTIAL, MAIL_KEY.id),  # is a secret
        ("credentials_id", CREDENTIAL, ""),
        ("secret_id", SECRET, "secret_nowhere"),
        ("secret_id", SECRET, LOGIN.id),
        ("vpn_agent_id", AGENT, "agent_nowhere"),
        ("vpn_agent_id", AGENT, LOGIN.id),
    ],
)
def test_a_reference_that_lives_elsewhere_or_belongs_to_another_component_is_refused(
    key: str, kind: ReferenceKind, elsewhere: str
) -> None:
    assert refusals(create(node("7", **{key: elsewhere}))) == (
        CredentialNotAccessible(kind, elsewhere, DEVELOPMENT, called("7")),
    )


def test_every_such_reference_is_named_in_the_order_of_the_steps() -> None:
    nowhere = {"credentials_id": "c", "secret_id": "s", "vpn_agent_id": "a"}
    nodes = (node("2", "acme/pub-sub:pub", fields={"topic": "t"}, vpn_agent_id="a"), node("1", **nowhere))
    assert refusals(create(*nodes)) == (
        TopicNotAccessible("t", DEVELOPMENT, called("2")),
        CredentialNotAccessible(AGENT, "a", DEVELOPMENT, called("2")),
        CredentialNotAccessible(CREDENTIAL, "c", DEVELOPMENT, called("1")),
        CredentialNotAccessible(SECRET, "s", DEVELOPMENT, called("1")),
        CredentialNotAccessible(AGENT, "a", DEVELOPMENT, called("1")),
    )


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [(guest, "INSUFFICIENT_PERMISSION"), (integrator, "QUOTA_EXCEEDED")],
    ids=["guest", "integrator"],
)
def test_all_refusals_come_at_once_in_order(allowed: Callable[[Workspace], WorkspaceAccess], refused: str) -> None:
    """A quota is judged only for a caller who may write there (X10)."""
    closed = workspace("Closed", contract("Lapsed Goods", suspended=True, quota=1))
    graph = {"nodes": [node("1", "acme/pub-sub:pub", credentials_id="c", fields={"topic": "t"})], "edges": []}
    wish = CreateWish("w", "", graph, description="x" * 1001, cron="often")
    assert codes(plan_of(allowed(closed), wish, flows_used=1)) == [
        *["INSUFFICIENT_PERMISSION"] * (refused == "INSUFFICIENT_PERMISSION"),
        "CONTRACT_SUSPENDED",
        "TOPIC_NOT_ACCESSIBLE",
        "CREDENTIAL_NOT_ACCESSIBLE",
        *["QUOTA_EXCEEDED"] * (refused == "QUOTA_EXCEEDED"),
        *["INVALID_INPUT"] * 3,
    ]


def test_of_a_workspace_that_isnt_there_nothing_is_asked_but_of_the_rest_everything() -> None:
    outcome = create(node("1", credentials_id="c"), node("2", fields=[]), at=None, name="\n")
    missing, *mistakes = refusals(outcome)
    assert missing == WorkspaceNotFound("workspace_wanted")
    assert [getattr(mistake, "path", None) for mistake in mistakes] == [("name",), ("graph", "nodes", "1", "fields")]


def test_a_new_flow_counts_against_the_quota() -> None:
    two = contract("Northern Retail", quota=2)
    live = integrator(workspace("Live", two))
    assert refusals(create(at=live, flows_used=2)) == (QuotaExceeded(2, 2, two),)
    assert isinstance(create(at=live, flows_used=1), CreatePlan)


def test_only_the_mark_says_where_a_step_names_its_topic() -> None:
    topic_field = topic_fields(COMPONENTS, DEVELOPMENT.contract.tenant_id)
    commands = ("acme/pub-sub:pub", "lab/channel:anything@1", "acme/mailer:pub", "lab/none:pub", "nonsense")
    assert [topic_field(command) for command in commands] == ["topic", "channel", None, None, None]
