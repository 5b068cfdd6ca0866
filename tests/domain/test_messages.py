"""Messages are for the person who reads them: they name things and say what would help ("Refusals" in app/domain/README.md)."""

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.access import (
    FLOW_EDIT,
    ApprovalRequired,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    QuotaExceeded,
    WorkspaceNotFound,
)
from app.domain.bindings import AgentNotCopied, ExportWarning
from app.domain.component import Component, InaccessibilityReason, Link, make_steps
from app.domain.draft import CannotOverrideItself, DraftAlreadyExists, StaleDraft
from app.domain.drift import DestinationWasChanged
from app.domain.errors import ErrorCode, enumerated, printable
from app.domain.flow import RESTORE_ONE, DraftNotFound, VersionNotFound
from app.domain.graph import steps_of
from app.domain.input import IdempotencyKeyReused, InvalidInput
from app.domain.model import (
    Contract,
    ContractId,
    ContractStatus,
    DraftId,
    FlowId,
    Target,
    VersionId,
    Workspace,
    WorkspaceId,
    WorkspaceType,
)
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
from app.domain.release import ReleaseState
from app.domain.review import (
    CannotReviewOwnRelease,
    CannotUndoRelease,
    ReleaseIsClosed,
    ReleaseIsStale,
    ReleaseNotFound,
)
from app.domain.running import FlowIsActive, FlowIsSuspended, FlowNotPublished
from app.domain.source_graph import ComponentNotAccessible, InaccessibleComponent
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible, TopicSchemaMismatch
from app.domain.undo import CannotUndo, ChangeSinceExport, ExportNotFound, Instead
from app.domain.world.things import WorldRefusal
from tests.domain.builders import (
    AGENT,
    CREDENTIAL,
    HOME,
    PRODUCTION,
    TOPIC,
    called,
    catalogue,
    component,
    native,
    node,
    state,
    step,
)
from tests.domain.messages import MESSAGES, Message, inaccessible
from tests.domain.messages_of_batches import OF_BATCHES
from tests.domain.messages_of_drafts import OF_DRAFTS
from tests.domain.messages_of_releases import OF_RELEASES, item
from tests.domain.messages_of_warnings import OF_WARNINGS
from tests.property_settings import bounded


def every_message(name: str, id_: str, count: int) -> list[Message]:
    """Every refusal and warning about things that are called so, with lists of so many."""
    contract = Contract(ContractId(id_), name, ContractStatus.SUSPENDED, HOME, False, 3)
    workspace, flow = Workspace(WorkspaceId(id_), name, WorkspaceType.FULL, contract), FlowId("flow_1")
    topics = (Target(id_, TOPIC, workspace.id, name),) * count
    its, named_step = component("a/b", needs=CREDENTIAL, title=name), called(id_, name, shares_name=True)
    return [
        *about_steps(name, id_, count, workspace, its),
        *about_releases(name, id_, count),
        FlowNotFound(id_),
        WorkspaceNotFound(id_),
        VersionNotFound(flow, name, id_),
        VersionNotFound(flow, name, None),
        DraftNotFound(None, None, id_),
        *(DraftNotFound(flow, name), DraftNotFound(flow, name, advice=RESTORE_ONE)),
        InsufficientPermission(FLOW_EDIT, workspace),
        ApprovalRequired(workspace),
        ContractSuspended(contract, workspace),
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
        DraftAlreadyExists(flow, name, DraftId("draft_1")),
        *(StaleDraft(flow, name, 3, "draft_1", 4), DestinationWasChanged(flow, name, VersionId("version_1"), 2)),
        StaleDraft(flow, name, 3, None, None),
        CannotOverrideItself(flow, name),
        QuotaExceeded(3, 4, contract),
        *(FlowIsActive(flow, name), FlowIsSuspended(flow, name)),
        *(IdempotencyKeyReused(datetime(2026, 3, 1, tzinfo=UTC)), ExportNotFound(id_)),
        *(CannotUndo(*about) for about in product((None, name), ChangeSinceExport, (None, *Instead))),
        *(FlowNotPublished(flow, name, has_draft=has_draft) for has_draft in (True, False)),
        TopicSchemaMismatch(topics[0], topics[0], tuple(f"{number} {id_}" for number in range(count))),
    ]


def about_releases(name: str, id_: str, count: int) -> list[Message]:
    items = (item(name),) * count
    return [
        *(ReleaseNotFound(id_), CannotReviewOwnRelease(name)),
        *(ReleaseIsClosed("release_1", name, state) for state in ReleaseState),
        *(ReleaseIsStale(items), CannotUndoRelease(items)),
        CannotUndoRelease((item(name),), ((AGENT, called(id_, name)),) * count),
    ]


def about_steps(name: str, id_: str, count: int, workspace: Workspace, its: Component) -> list[Message]:
    """Those that list steps, or stand in the way of a publish."""
    named_step = called(id_, name, shares_name=True)
    components = {
        reason: (InaccessibleComponent(id_, its, (named_step,) * count, reason),) * count
        for reason in InaccessibilityReason
    }
    missing = [MissingTopic(called(f"{number} {id_}"), workspace) for number in range(count)]
    nodes = [step(id_, id_), step(id_, "acme/router:route"), step(f"{id_} 2", "acme/router:route")]
    links = [Link(id_, id_), Link(id_, f"{id_} 2"), Link(f"{id_} 2", name), Link(f"{id_} 2", id_)]
    return [
        ComponentNotAccessible(workspace, tuple(each for those in components.values() for each in those)),
        *(ComponentNotAccessible(workspace, those) for those in components.values()),
        *(ComponentUnavailable(named_step, those[0], workspace) for those in components.values()),
        DraftNotReady(FlowId("flow_1"), name, tuple(missing)),
        *missing[:1],
        MissingCredential(named_step, its, workspace),
        AgentNotCopied(id_, Target(id_, AGENT, workspace.id, name), (named_step,) * count, workspace.name),
        *blockers(state(*nodes, links=links).state.graph, workspace, catalogue(), {}),
    ]


HORRID = {
    "long": ("n" * 5000, "i" * 5000),
    "empty": ("", ""),
    "control characters": ("\0\n\r\x1b" * 9, "\n\u202e\u2028\x85" * 9),
    "astral": ("🚀" * 5000, "🛸" * 5000),
    "unprintable": ("\u200b" * 5000, "\ud800" * 5000),
}


@pytest.mark.parametrize(("name", "id_"), HORRID.values(), ids=HORRID)
@pytest.mark.parametrize("count", [1, 100])
def test_no_message_is_longer_than_a_person_reads_or_torn_apart_by_what_it_quotes(
    name: str, id_: str, count: int
) -> None:
    messages = [each.message for each in every_message(name, id_, count)]
    assert [message for message in messages if len(message) > 2000 or not message.isprintable()] == []


def test_every_message_is_one_or_two_sentences() -> None:
    messages = [each.message for each in every_message("Name", "id_1", 3)]
    assert [message for message in messages if message.count(". ") > 1 or not message.endswith(".")] == []


ALL = [*MESSAGES, *OF_DRAFTS, *OF_WARNINGS, *OF_BATCHES, *OF_RELEASES]


@pytest.mark.parametrize(("message", "says"), ALL, ids=lambda each: type(each).__name__)
def test_what_is_said(message: Message, says: str) -> None:
    assert message.message == says


def test_of_every_refusal_and_blocker_it_is_tested_what_is_said() -> None:
    said = {type(message) for message, _ in ALL} | {InvalidGraph, InvalidInput, *get_args(WorldRefusal)}
    assert said >= {*get_args(Blocker), *get_args(ExportWarning)}
    assert {getattr(each, "code", None) for each in said} >= {*ErrorCode}


@pytest.mark.parametrize("message", [message for message, _ in ALL], ids=lambda each: type(each).__name__)
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


CONFUSING = st.sampled_from(["", '""', "a", "b", "\0", "\t", "\ufffd", "x" * 80, f"{'x' * 80}a", f"{'x' * 80}…"])
"""What is shown alike, and what isn't."""


@bounded
@given(st.lists(st.tuples(CONFUSING, st.one_of(st.none(), CONFUSING.filter(bool))), max_size=6))
def test_a_step_is_told_by_its_id_where_its_name_is_shown_like_another_name_or_the_id_of_another_step(
    steps: list[tuple[str, str | None]],
) -> None:
    names = [printable(name) for _, name in steps if name is not None]
    ids = {printable(step_id) for step_id, _ in steps}
    assert [each.shares_name for each in make_steps((step_id, "a/b:c", name) for step_id, name in steps)] == [
        name is not None and (names.count(printable(name)) > 1 or printable(name) in ids - {printable(step_id)})
        for step_id, name in steps
    ]


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
    assert printable(text) == quoted


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
    assert enumerated(["", "a\nb", "x" * 81], printable) == f'"", a\ufffdb, {"x" * 80}…'
