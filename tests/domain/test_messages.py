"""Messages are for the person who reads them: a sentence or two that names things and says what would help (section 7)."""

import pytest

from app.domain.access import FLOW_EDIT, ContractSuspended, FlowNotFound, InsufficientPermission, WorkspaceNotFound
from app.domain.component import ComponentNotAccessible, InaccessibilityReason, InaccessibleComponent, Link
from app.domain.draft import StaleDraft
from app.domain.errors import Refusal
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
from app.domain.readiness import Blocker, DraftNotReady, InvalidGraph, MissingCredential, MissingTopic, blockers
from app.domain.references import CredentialNotAccessible
from app.domain.source import DraftNotFound, VersionNotFound
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from app.domain.wording import enumerated, named, shown
from tests.domain.world import (
    AGENT,
    CREDENTIAL,
    HOME,
    NORTHERN,
    PRODUCTION,
    TOPIC,
    catalogue,
    component,
    state,
    step,
    topic,
)

Message = Refusal | TopicSchemaMismatch | Blocker


def inaccessible(name: str, *step_ids: str) -> InaccessibleComponent:
    return InaccessibleComponent(name, None, step_ids, InaccessibilityReason.UNKNOWN_COMPONENT)


def every_message(name: str, id_: str, count: int) -> list[Message]:
    """Every refusal and warning about things that are called so, with lists of so many."""
    contract = Contract(ContractId(id_), name, ContractStatus.SUSPENDED, HOME, False, 3)
    workspace, flow = Workspace(WorkspaceId(id_), name, WorkspaceType.FULL, contract), FlowId("flow_1")
    topics = (Target(id_, TOPIC, workspace.id, name),) * count
    components = (inaccessible(id_, *[id_] * count),) * count
    missing = [MissingTopic(f"{number} {id_}", workspace) for number in range(count)]
    nodes = [step(id_, id_), step(id_, "acme/router:route"), step(f"{id_} 2", "acme/router:route")]
    links = [Link(id_, id_), Link(id_, f"{id_} 2"), Link(f"{id_} 2", name), Link(f"{id_} 2", id_)]
    invalid = blockers(state(*nodes, links=links), workspace, catalogue(), {})
    return [
        FlowNotFound(id_),
        WorkspaceNotFound(id_),
        VersionNotFound(flow, name, id_),
        VersionNotFound(flow, name, None),
        DraftNotFound(None, None, id_),
        DraftNotFound(flow, name),
        InsufficientPermission(FLOW_EDIT, workspace),
        ContractSuspended(contract, workspace),
        ComponentNotAccessible(workspace, components),
        MultipleTopicsNotCopied(topics, refused=True),
        MultipleTopicsNotCopied(topics, refused=False),
        TopicNotAccessible(id_, workspace),
        TopicNotAccessible(id_, workspace, id_),
        FlowHasNoTopic(flow, name),
        *(CredentialNotAccessible(kind, id_, workspace, step) for kind in (CREDENTIAL, AGENT) for step in (None, id_)),
        DraftAlreadyExists(DraftId("draft_1"), flow, name),
        StaleDraft(flow, name, 3, "draft_1", 4),
        StaleDraft(flow, name, 3, None, None),
        DraftNotReady(flow, name, tuple(missing)),
        CannotOverrideItself(flow, name),
        QuotaExceeded(3, 4, contract),
        *missing[:1],
        MissingCredential(id_, component(f"{name}/{id_}", component_id=id_, needs=CREDENTIAL), workspace),
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
LONG_NAME = "A name of a topic that is so long that it would fill a whole line of the message, and more"
LONG_ID = "topic_01m8zzzzzzzzzzzzzzzzzzzzzz"


@pytest.mark.parametrize(
    "message",
    [
        InsufficientPermission(FLOW_EDIT, PRODUCTION).message,
        ContractSuspended(NORTHERN, PRODUCTION).message,
        ComponentNotAccessible(PRODUCTION, (inaccessible("lab/x", "1"),)).message,
        TopicNotAccessible("topic_1", PRODUCTION, "1").message,
        CredentialNotAccessible(CREDENTIAL, "credential_1", PRODUCTION, None).message,
    ],
)
def test_a_workspace_is_named_by_name_and_id(message: str) -> None:
    assert "Production (workspace_production)" in message


@pytest.mark.parametrize(
    "message",
    [
        VersionNotFound(FLOW, "Orders", "version_9").message,
        VersionNotFound(FLOW, "Orders", None).message,
        DraftNotFound(FLOW, "Orders").message,
        FlowHasNoTopic(FLOW, "Orders").message,
        DraftAlreadyExists(DraftId("draft_1"), FLOW, "Orders").message,
        StaleDraft(FLOW, "Orders", 3, "draft_1", 4).message,
        StaleDraft(FLOW, "Orders", 3, None, None).message,
        DraftNotReady(FLOW, "Orders", (MissingTopic("1", PRODUCTION),)).message,
        CannotOverrideItself(FLOW, "Orders").message,
    ],
)
def test_a_flow_is_named_by_name_and_id(message: str) -> None:
    assert "flow Orders (flow_1) " in message


def test_a_thing_with_a_long_name_is_still_named_by_its_id() -> None:
    long = Target(LONG_ID, TOPIC, PRODUCTION.id, LONG_NAME)
    for message in (
        MultipleTopicsNotCopied((long, long), refused=True).message,
        MultipleTopicsNotCopied((long, long), refused=False).message,
        TopicSchemaMismatch(long, long, ("a",)).message,
    ):
        assert message.count(f"{LONG_NAME[:80]}… ({LONG_ID})") == 2


def test_what_components_are_refused_for() -> None:
    components = (inaccessible("orders-lab/normalizer", "2", "5"), inaccessible("orders-lab/enricher", "3"))
    assert ComponentNotAccessible(PRODUCTION, components).message == (
        "The flow uses 2 components that the workspace Production (workspace_production) can't use: "
        "orders-lab/normalizer (steps 2, 5), orders-lab/enricher (step 3). "
        "Share them with the contract Northern Retail (contract_northern_retail), or replace the steps."
    )


def test_of_many_components_and_steps_the_first_are_listed_and_the_rest_counted() -> None:
    steps = [str(number) for number in range(1, 1001)]
    components = (inaccessible("lab/a", *steps), *(inaccessible(f"lab/{number}", "1") for number in range(1, 31)))
    listed = ", ".join(f"lab/{number} (step 1)" for number in range(1, 20))
    assert ComponentNotAccessible(PRODUCTION, components).message == (
        "The flow uses 31 components that the workspace Production (workspace_production) can't use: "
        f"lab/a (steps {', '.join(steps[:20])} and 980 more), {listed} and 11 more. "
        "Share them with the contract Northern Retail (contract_northern_retail), or replace the steps."
    )


def test_one_component_with_long_step_ids_leaves_room_for_the_others() -> None:
    components = (inaccessible("lab/a", *["s" * 60] * 20), inaccessible("lab/b", "1"))
    listed = f"lab/a (steps {', '.join(['s' * 60] * 3)} and 17 more), lab/b (step 1)"
    assert listed in ComponentNotAccessible(PRODUCTION, components).message


@pytest.mark.parametrize(
    ("kind", "step", "says"),
    [
        (CREDENTIAL, None, "has no credential x_1 that can be used. Choose one that lives in this workspace and bel"),
        (CREDENTIAL, "7", "has no credential x_1 that can be used for the step 7. Choose one that lives in this wor"),
        (AGENT, "7", "has no agent x_1 that can be used for the step 7. Choose one that lives in this workspace."),
    ],
)
def test_what_a_reference_is_refused_for(kind: ReferenceKind, step: str | None, says: str) -> None:
    assert says in CredentialNotAccessible(kind, "x_1", PRODUCTION, step).message


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


def test_things_are_named_by_name_and_id() -> None:
    assert named(topic("Orders", PRODUCTION)) == "Orders (topic_orders)"


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ((MissingTopic("2", PRODUCTION),), "1 thing is missing. See the steps 2."),
        ((MissingTopic("2", PRODUCTION), MissingTopic("1", PRODUCTION)), "2 things are missing. See the steps 2, 1."),
        ((MissingTopic("2", PRODUCTION), InvalidGraph("…", "2")), "2 things are missing. See the steps 2."),
        ((InvalidGraph("…"),), "1 thing is missing."),
    ],
)
def test_a_draft_that_is_not_ready_names_the_steps_to_look_at(missing: tuple[Blocker, ...], says: str) -> None:
    message = DraftNotReady(FLOW, "Orders", missing).message
    assert message == f"The draft of the flow Orders (flow_1) can't be published: {says}"


def test_a_stale_draft_says_where_the_draft_is_now() -> None:
    assert StaleDraft(FLOW, "Orders", 3, "draft_1", 4).message == (
        "The draft of the flow Orders (flow_1) is at revision 4, not 3: it was changed meanwhile. "
        "Look at it again and repeat the change with its revision."
    )
    assert StaleDraft(FLOW, "Orders", 3, None, None).message == (
        "The flow Orders (flow_1) has no draft any more: it was published or discarded since revision 3. "
        "Look at the flow again."
    )


def test_a_missing_credential_names_the_kind_the_component_and_the_workspace() -> None:
    vault = component("lab/vault", needs=ReferenceKind.SECRET)
    assert MissingCredential("2", vault, PRODUCTION).message == (
        "The step 2 needs a secret of the component lab/vault. "
        "Choose one that lives in the workspace Production (workspace_production)."
    )
