"""Messages are for the person who reads them: a sentence or two that names things and says what would help (section 7)."""

from typing import get_args

import pytest

from app.domain.access import FLOW_EDIT, ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.bindings import AgentNotCopied, ExportWarning
from app.domain.component import InaccessibilityReason
from app.domain.draft import StaleDraft
from app.domain.errors import Refusal
from app.domain.graph import steps_of
from app.domain.inaccessible import ComponentNotAccessible, InaccessibleComponent
from app.domain.input import InvalidInput
from app.domain.model import (
    Contract,
    ContractId,
    ContractStatus,
    DraftId,
    FlowId,
    ReferenceKind,
    Target,
    Workspace,
    WorkspaceId,
    WorkspaceType,
)
from app.domain.override import CannotOverrideItself, DraftAlreadyExists
from app.domain.quota import QuotaExceeded
from app.domain.readiness import (
    Blocker,
    ComponentUnavailable,
    DraftNotReady,
    InvalidGraph,
    MissingCredential,
    MissingTopic,
    blockers,
)
from app.domain.references import CredentialNotAccessible
from app.domain.source import RESTORE_ONE, DraftNotFound, VersionNotFound
from app.domain.step import Link, Step, make_steps
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from app.domain.wording import enumerated, shown
from app.graphql.errors.table import LINES
from tests.domain.world import (
    AGENT,
    CREDENTIAL,
    DEVELOPMENT,
    HOME,
    ITEMS,
    LIVE_ORDERS,
    NORTHERN,
    ORDERS,
    PRODUCTION,
    TOPIC,
    called,
    catalogue,
    component,
    native,
    node,
    state,
    step,
    target,
)

Message = Refusal | TopicSchemaMismatch | AgentNotCopied | Blocker


UNKNOWN, OTHER_TENANT = InaccessibilityReason.UNKNOWN_COMPONENT, InaccessibilityReason.OTHER_TENANT
OTHER_CONTRACT = InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT
NOT_WHITELISTED = InaccessibilityReason.NOT_WHITELISTED


def inaccessible(
    name: str, *steps: Step | str, title: str | None = None, reason: InaccessibilityReason = UNKNOWN
) -> InaccessibleComponent:
    using = tuple(called(one) if isinstance(one, str) else one for one in steps)
    return InaccessibleComponent(name, None if title is None else component(name, title=title), using, reason)


def every_message(name: str, id_: str, count: int) -> list[Message]:
    """Every refusal and warning about things that are called so, with lists of so many."""
    contract = Contract(ContractId(id_), name, ContractStatus.SUSPENDED, HOME, False, 3)
    workspace, flow = Workspace(WorkspaceId(id_), name, WorkspaceType.FULL, contract), FlowId("flow_1")
    topics = (Target(id_, TOPIC, workspace.id, name),) * count
    its, named_step = (
        component("a/b", component_id=id_, needs=CREDENTIAL, title=name),
        called(id_, name, shares_name=True),
    )
    components = [
        InaccessibleComponent(id_, its, (named_step,) * count, reason)
        for reason in InaccessibilityReason
        for _ in topics
    ]
    missing = [MissingTopic(called(f"{number} {id_}"), workspace) for number in range(count)]
    nodes = [step(id_, id_), step(id_, "acme/router:route"), step(f"{id_} 2", "acme/router:route")]
    links = [Link(id_, id_), Link(id_, f"{id_} 2"), Link(f"{id_} 2", name), Link(f"{id_} 2", id_)]
    invalid = blockers(state(*nodes, links=links).state, workspace, catalogue(), {})
    return [
        FlowNotFound(id_),
        WorkspaceNotFound(id_),
        VersionNotFound(flow, name, id_),
        VersionNotFound(flow, name, None),
        DraftNotFound(None, None, id_),
        DraftNotFound(flow, name),
        DraftNotFound(flow, name, advice=RESTORE_ONE),
        InsufficientPermission(FLOW_EDIT, workspace),
        ContractSuspended(contract, workspace),
        ComponentNotAccessible(workspace, tuple(components)),
        *(ComponentNotAccessible(workspace, (each,)) for each in components[:: len(topics)]),
        MultipleTopicsNotCopied(topics, refused=True),
        MultipleTopicsNotCopied(topics, refused=False),
        TopicNotAccessible(id_, workspace),
        TopicNotAccessible(id_, workspace, named_step, topics[0]),
        FlowHasNoTopic(flow, name),
        *(
            CredentialNotAccessible(kind, id_, workspace, named_step, of, there)
            for kind in (CREDENTIAL, AGENT)
            for of in (None, its)
            for there in (None, topics[0], Target(id_, kind, workspace.id, name))
        ),
        DraftAlreadyExists(DraftId("draft_1"), flow, name),
        StaleDraft(flow, name, 3, "draft_1", 4),
        StaleDraft(flow, name, 3, None, None),
        DraftNotReady(flow, name, tuple(missing)),
        CannotOverrideItself(flow, name),
        QuotaExceeded(3, 4, contract),
        *missing[:1],
        MissingCredential(named_step, its, workspace),
        *(ComponentUnavailable(named_step, each, workspace) for each in components[:: len(topics)]),
        AgentNotCopied(id_, topics[0], (named_step,) * count, workspace),
        *invalid,
        TopicSchemaMismatch(topics[0], topics[0], tuple(f"{number} {id_}" for number in range(count))),
    ]


HORRID = {
    "long": ("n" * 5000, "i" * 5000),
    "empty": ("", ""),
    "control characters": ("\0\n\r\x1b" * 9, "\n\u202e\u2028\x85" * 9),
    "astral": ("🚀" * 5000, "🛸" * 5000),
    "unprintable": ("\u200b" * 5000, "\ud800" * 5000),
}


@pytest.mark.parametrize(("name", "id_"), HORRID.values(), ids=HORRID)
@pytest.mark.parametrize("count", [1, 1000])
def test_no_message_is_longer_than_a_person_reads_or_torn_apart_by_what_it_quotes(
    name: str, id_: str, count: int
) -> None:
    messages = [each.message for each in every_message(name, id_, count)]
    assert [message for message in messages if len(message) > 2000 or not message.isprintable()] == []


def test_every_message_is_one_or_two_sentences() -> None:
    messages = [each.message for each in every_message("Name", "id_1", 3)]
    assert [message for message in messages if message.count(". ") > 1 or not message.endswith(".")] == []


FLOW = FlowId("flow_1")
ALPHA, SEND, OTHER_SEND = called("1"), called("2", "Send"), called("3", "Send", shares_name=True)
CRM = component("lab/crm", title="Customer records", needs=CREDENTIAL)
THERE = Target("credential_9", CREDENTIAL, PRODUCTION.id, "Mail account")
ELSEWHERE = Target("credential_9", CREDENTIAL, DEVELOPMENT.id, "Mail account")
TUNNEL = target(AGENT, "Tunnel", DEVELOPMENT)
ID = "01jgfjjz00f6xaqg18g7smd3t5"
NORMALIZER = inaccessible("lab/normalizer", SEND, "5", title="Order normalizer", reason=OTHER_CONTRACT)
ENRICHER = inaccessible("lab/enricher", "3", title="Enricher", reason=OTHER_CONTRACT)
ASK = "Check the id, or ask for access."

MESSAGES: list[tuple[Message, str]] = [
    (FlowNotFound(f"flow_{ID}"), f"There is no flow flow_{ID} that you can see. {ASK}"),
    (FlowNotFound("nonsense"), f"There is no flow nonsense that you can see. {ASK}"),
    (
        FlowNotFound(f"workspace_{ID}"),
        f"workspace_{ID} is the id of a workspace, not of a flow. Give the id of a flow.",
    ),
    (
        WorkspaceNotFound(f"agent_{ID}"),
        f"agent_{ID} is the id of an agent, not of a workspace. Give the id of a workspace.",
    ),
    (WorkspaceNotFound("workspace_"), f"There is no workspace workspace_ that you can see. {ASK}"),
    (
        VersionNotFound(FLOW, "Orders", f"version_{ID}"),
        f"The flow Orders has no version version_{ID}. Choose one from its history.",
    ),
    (
        VersionNotFound(FLOW, "Orders", f"draft_{ID}"),
        f"draft_{ID} is the id of a draft, not of a version. Choose one from the history of Orders.",
    ),
    (
        VersionNotFound(FLOW, "Orders", None),
        "The flow Orders was never published. Publish it first, or take its draft.",
    ),
    (
        DraftNotFound(FLOW, "Orders"),
        "The flow Orders has no draft. Take its published version, or edit the flow first.",
    ),
    (
        DraftNotFound(FLOW, "Orders", advice=RESTORE_ONE),
        "The flow Orders has no draft. Restore a draft that was set aside first.",
    ),
    (DraftNotFound(None, None, f"draft_{ID}"), f"There is no draft draft_{ID} that you can see. {ASK}"),
    (
        DraftNotFound(None, None, f"flow_{ID}"),
        f"flow_{ID} is the id of a flow, not of a draft. Give the id of a draft.",
    ),
    (
        InsufficientPermission(FLOW_EDIT, PRODUCTION),
        "You lack the permission workspaces.flow.edit in Production. Ask its admins for a role that has it, such as Integrator.",
    ),
    (
        ContractSuspended(NORTHERN, PRODUCTION, ("flowId",)),
        (
            "The contract Northern Retail is suspended, so nothing can be written into its workspace Production. "
            "Have the contract reactivated."
        ),
    ),
    (
        ContractSuspended(NORTHERN, PRODUCTION, ("destination", "workspaceId")),
        (
            "The contract Northern Retail is suspended, so nothing can be written into its workspace Production. "
            "Choose a workspace of another contract, or have the contract reactivated."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (NORMALIZER, ENRICHER)),
        (
            "Production can't use 2 components of this flow: Order normalizer (steps Send, 5), Enricher (step 3). "
            "Share them with Northern Retail, or replace the steps."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (ENRICHER,)),
        (
            "Production can't use 1 component of this flow: Enricher (step 3). "
            "Share it with Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentNotAccessible(
            PRODUCTION, (inaccessible("lab/code", OTHER_SEND, title="Code", reason=NOT_WHITELISTED),)
        ),
        (
            "Production can't use 1 component of this flow: Code (step Send (3)). "
            "Have it whitelisted for Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (inaccessible("lab/code", "1", title="Code", reason=OTHER_TENANT),)),
        (
            "Production can't use 1 component of this flow: Code (step 1). "
            "Replace the step by what the tenant of Northern Retail has."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (inaccessible("lab/none", "1", "2"),)),
        (
            "Production can't use 1 component of this flow: lab/none (steps 1, 2). "
            "Correct the command of the steps: no such component is known."
        ),
    ),
    (
        ComponentNotAccessible(PRODUCTION, (NORMALIZER, inaccessible("lab/none", "1"), ENRICHER)),
        (
            "Production can't use 3 components of this flow: Order normalizer (steps Send, 5), lab/none (step 1), "
            "Enricher (step 3). Share Order normalizer, Enricher with Northern Retail; correct the commands with "
            "lab/none, which is unknown; or replace the steps."
        ),
    ),
    (
        MultipleTopicsNotCopied((ORDERS, ITEMS), refused=True),
        (
            "The flow uses several topics (Orders, Items), which one topic can't replace. "
            "Export it without a topic, and choose the topics in the draft."
        ),
    ),
    (
        MultipleTopicsNotCopied((), refused=True),
        (
            "The flow uses several topics, which one topic can't replace. "
            "Export it without a topic, and choose the topics in the draft."
        ),
    ),
    (
        MultipleTopicsNotCopied((ORDERS, ITEMS), refused=False),
        "The topics Orders, Items of the flow were not copied. Choose topics of the destination in the draft.",
    ),
    (
        MultipleTopicsNotCopied((ORDERS,), refused=False),
        "The topic Orders of the flow was not copied. Choose a topic of the destination in the draft.",
    ),
    (
        TopicNotAccessible(f"topic_{ID}", PRODUCTION),
        f"Production has no topic topic_{ID}. Choose a topic of Production.",
    ),
    (
        TopicNotAccessible(ORDERS.id, PRODUCTION, SEND, ORDERS),
        "The topic Orders doesn't live in Production. Choose a topic of Production for the step Send.",
    ),
    (
        TopicNotAccessible(THERE.id, PRODUCTION, found=THERE),
        "Mail account is a credential, not a topic. Choose a topic of Production.",
    ),
    (
        TopicNotAccessible(f"agent_{ID}", PRODUCTION, ALPHA),
        f"agent_{ID} is the id of an agent, not of a topic. Choose a topic of Production for the step 1.",
    ),
    (
        FlowHasNoTopic(FLOW, "Orders"),
        "The flow Orders has no pub/sub step, so it can't take a topic. Leave the topic out.",
    ),
    (
        CredentialNotAccessible(CREDENTIAL, f"credential_{ID}", PRODUCTION, SEND, CRM),
        (
            f"Production has no credential credential_{ID}. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, ELSEWHERE.id, PRODUCTION, SEND, CRM, ELSEWHERE),
        (
            "The credential Mail account doesn't live in Production. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, SEND, CRM, THERE),
        (
            "The credential Mail account belongs to another component than the step. "
            "For the step Send, choose one of Production that belongs to Customer records."
        ),
    ),
    (
        CredentialNotAccessible(CREDENTIAL, THERE.id, PRODUCTION, SEND, None, THERE),
        "The step Send can't have a credential, since its component isn't known. Correct the command of the step first.",
    ),
    (
        CredentialNotAccessible(AGENT, f"secret_{ID}", PRODUCTION, OTHER_SEND, CRM),
        f"secret_{ID} is the id of a secret, not of an agent. Choose an agent of Production for the step Send (3).",
    ),
    (
        DraftAlreadyExists(DraftId("draft_1"), FLOW, "Orders"),
        "The flow Orders already has a draft. Publish or discard it first, or let it be set aside.",
    ),
    (
        StaleDraft(FLOW, "Orders", 3, "draft_1", 4),
        (
            "The draft of the flow Orders is at revision 4, not 3: it was changed meanwhile. "
            "Look at it again and repeat the change with its revision."
        ),
    ),
    (
        StaleDraft(FLOW, "Orders", 9, "draft_1", 4),
        (
            "The draft of the flow Orders is at revision 4, not 9: it never had that one. "
            "Look at it again and repeat the change with its revision."
        ),
    ),
    (
        StaleDraft(FLOW, "Orders", 3, None, None),
        "The flow Orders has no draft any more: it was published or discarded since revision 3. Look at the flow again.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION),)),
        "The draft of the flow Orders can't be published: 1 thing stands in the way. See the step Send.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION), MissingTopic(ALPHA, PRODUCTION))),
        "The draft of the flow Orders can't be published: 2 things stand in the way. See the steps Send, 1.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION), InvalidGraph("…", SEND))),
        "The draft of the flow Orders can't be published: 2 things stand in the way. See the step Send.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (InvalidGraph("…"),)),
        "The draft of the flow Orders can't be published: 1 thing stands in the way.",
    ),
    (CannotOverrideItself(FLOW, "Orders"), "The flow Orders can't override itself. Choose another flow, or copy it."),
    (
        QuotaExceeded(1, 1, NORTHERN, ("destination", "workspaceId")),
        (
            "The contract Northern Retail may hold 1 flow in its production workspaces and holds 1. "
            "Override an existing flow, remove one, or have the quota raised."
        ),
    ),
    (
        QuotaExceeded(3, 4, NORTHERN, ("workspaceId",)),
        (
            "The contract Northern Retail may hold 3 flows in its production workspaces and holds 4. "
            "Remove a flow, or have the quota raised."
        ),
    ),
    (
        MissingCredential(SEND, CRM, PRODUCTION),
        "The step Send has no credential of Customer records that lives in Production. Choose one in the draft.",
    ),
    (
        MissingCredential(ALPHA, component("lab/vault", needs=ReferenceKind.SECRET), PRODUCTION),
        "The step 1 has no secret of lab/vault that lives in Production. Choose one in the draft.",
    ),
    (
        MissingTopic(OTHER_SEND, PRODUCTION),
        "The pub/sub step Send (3) has no topic that lives in Production. Choose one in the draft.",
    ),
    (
        ComponentUnavailable(SEND, NORMALIZER, PRODUCTION),
        (
            "Production can't use Order normalizer, which the step Send runs. "
            "Share it with Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentUnavailable(SEND, inaccessible("lab/none", SEND), PRODUCTION),
        (
            "Production can't use lab/none, which the step Send runs. "
            "Correct the command of the step: no such component is known."
        ),
    ),
    (
        AgentNotCopied(TUNNEL.id, TUNNEL, (ALPHA, SEND), PRODUCTION),
        (
            "The steps 1, Send of the source run on the agent Tunnel, which Production can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        ),
    ),
    (
        AgentNotCopied(TUNNEL.id, None, (SEND,), PRODUCTION),
        (
            "The step Send of the source runs on an agent, which Production can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        ),
    ),
    (
        TopicSchemaMismatch(ORDERS, LIVE_ORDERS, ("a",)),
        (
            "With the destination's topic Live orders instead of the source's Orders, 1 property is missing: a. "
            "Check the mappings of the steps that use it."
        ),
    ),
    (
        TopicSchemaMismatch(ORDERS, ORDERS, ("a", "b")),
        (
            "With the destination's topic Orders instead of the source's Orders, 2 properties are missing: a, b. "
            "Check the mappings of the steps that use it."
        ),
    ),
]


@pytest.mark.parametrize(("message", "says"), MESSAGES, ids=lambda each: type(each).__name__)
def test_what_is_said(message: Message, says: str) -> None:
    assert message.message == says


def test_of_every_refusal_and_blocker_it_is_tested_what_is_said() -> None:
    said = {type(message) for message, _ in MESSAGES} | {InvalidGraph, InvalidInput}
    assert said >= {*LINES, *get_args(Blocker), *get_args(ExportWarning)}


@pytest.mark.parametrize("message", [message for message, _ in MESSAGES], ids=lambda each: type(each).__name__)
def test_whatever_has_a_name_is_not_named_by_its_id(message: Message) -> None:
    hidden = ["workspace_production", "contract_northern_retail", "flow_1", "draft_1", "topic_orders", "credential_9"]
    assert [id_ for id_ in hidden if id_ in message.message] == []


def test_of_many_components_and_steps_the_first_are_listed_and_the_rest_counted() -> None:
    steps = [str(number) for number in range(1, 1001)]
    components = (inaccessible("lab/a", *steps), *(inaccessible(f"lab/{number}", "1") for number in range(1, 31)))
    listed = ", ".join(f"lab/{number} (step 1)" for number in range(1, 20))
    assert ComponentNotAccessible(PRODUCTION, components).message == (
        "Production can't use 31 components of this flow: "
        f"lab/a (steps {', '.join(steps[:20])} and 980 more), {listed} and 11 more. "
        "Correct the command of the steps: no such component is known."
    )


def test_one_component_with_long_step_ids_leaves_room_for_the_others() -> None:
    components = (inaccessible("lab/a", *["s" * 60] * 20), inaccessible("lab/b", "1"))
    listed = f"lab/a (steps {', '.join(['s' * 60] * 3)} and 17 more), lab/b (step 1)"
    assert listed in ComponentNotAccessible(PRODUCTION, components).message


@pytest.mark.parametrize(
    ("steps", "labels"),
    [
        ([("1", "Send"), ("2", "Check"), ("3", None)], ["Send", "Check", "3"]),
        ([("1", "Send"), ("2", "Send"), ("3", "send")], ["Send (1)", "Send (2)", "send"]),
        ([("1", "2"), ("2", None), ("3", "3")], ["2 (1)", "2", "3"]),  # a name that is another step's id
        ([("1", "x" * 80 + "a"), ("2", "x" * 80 + "b")], [f"{'x' * 80}… (1)", f"{'x' * 80}… (2)"]),  # alike once cut
    ],
)
def test_a_step_is_called_by_its_name_and_where_that_is_not_unique_its_id(
    steps: list[tuple[str, str | None]], labels: list[str]
) -> None:
    assert [each.label for each in make_steps((step_id, "a/b:c", name) for step_id, name in steps)] == labels


@pytest.mark.parametrize(
    ("name", "known"),
    [(" Send ", "Send"), ("", None), ("  ", None), (None, None), (3, None), ("x" * 300, "x" * 255)],
)
def test_the_name_of_a_step_is_what_can_be_read_of_it(name: object, known: str | None) -> None:
    assert [each.name for each in steps_of(native(node("1", name=name)))] == [known]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ("step_1", "step_1"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 80 + "…"),
        ("a\nb\0c", "a\ufffdb\ufffdc"),
        ("Größe 東京 🚀", "Größe 東京 🚀"),
    ],
)
def test_what_a_caller_sent_is_quoted_in_a_sentences_length(text: str, quoted: str) -> None:
    assert shown(text) == quoted


@pytest.mark.parametrize(
    ("count", "length", "listed", "rest"),
    [(1, 1, 1, 0), (20, 1, 20, 0), (21, 1, 20, 1), (1000, 1, 20, 980), (20, 98, 12, 8), (3, 5000, 1, 2)],
)
def test_a_list_holds_at_most_20_texts_and_1200_characters_but_always_one(
    count: int, length: int, listed: int, rest: int
) -> None:
    more = f" and {rest} more" if rest else ""
    assert enumerated(["x" * length] * count, str) == ", ".join(["x" * length] * listed) + more


def test_what_a_caller_sent_is_quoted_in_lists_too() -> None:
    assert enumerated(["", "a\nb", "x" * 81], shown) == f'"", a\ufffdb, {"x" * 80}…'
