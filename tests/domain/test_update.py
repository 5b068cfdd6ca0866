"""Saving a draft: what it says and where it came from (H1, H7); its graph and bindings are `test_update_bindings.py`."""

from collections.abc import Callable

import pytest

from app.domain.access import FlowNotFound
from app.domain.draft import StaleDraft
from app.domain.edit import KEEP, Keep, UpdatePlan, UpdateRefusal
from app.domain.errors import Refused
from app.domain.flow import Flow
from app.domain.graph import Json, canonical, split
from app.domain.input import InvalidInput
from app.domain.model import DraftId, VersionId, VersionOrigin
from tests.domain.builders import (
    CREDENTIAL,
    DEVELOPMENT,
    MAILER,
    contract,
    draft,
    flow,
    guest,
    native,
    node,
    saying,
    sends,
    state,
    target,
    workspace,
)
from tests.domain.lifecycle import agreed, choose, codes, reasons, state_of, update

EDIT, COPY, EXPORT, REVERT = VersionOrigin.EDIT, VersionOrigin.COPY, VersionOrigin.EXPORT, VersionOrigin.REVERT
LOGIN = target(CREDENTIAL, "Mail", DEVELOPMENT, of=MAILER)
DRAFT = draft(sends("1", credential=LOGIN.id), sends("2"), name="Drafted", revision=4)
PUBLISHED = state(sends("1"), state_id="version_2", name="Published", description="Runs.", cron=None)
WITH_BOTH, WITHOUT_DRAFT, NEVER_PUBLISHED = flow(PUBLISHED, DRAFT), flow(PUBLISHED), flow(None, DRAFT)
EMPTY_FLOW = flow(None, None, name="Nothing but a name")


@pytest.mark.parametrize(("its_flow", "renames"), [(WITH_BOTH, False), (NEVER_PUBLISHED, True)])
def test_a_save_keeps_what_it_does_not_name(its_flow: Flow, renames: bool) -> None:
    assert update(its_flow, name="Drafted") == UpdatePlan(its_flow, DRAFT.state, None)
    assert (its_flow.draft_id, its_flow.shows_draft) == (DraftId("draft_1"), renames)


def test_a_flow_without_a_draft_gets_one_from_its_published_version() -> None:
    plan = agreed(update(WITHOUT_DRAFT))
    assert (plan.flow.draft_id, plan.flow.shows_draft) == (None, False)
    assert (plan.state.name, plan.state.description, plan.state.cron) == ("Published", "Runs.", None)
    assert (plan.content, plan.state.content_hash, plan.state.graph.bindings) == (
        None,
        "hash of version_2",
        PUBLISHED.state.graph.bindings,
    )


@pytest.mark.parametrize(
    ("name", "description", "cron", "says"),
    [
        ("New", KEEP, KEEP, ("New", "Takes the orders over.", "*/15 * * * *")),
        ("  New\n", KEEP, KEEP, ("New", "Takes the orders over.", "*/15 * * * *")),
        (None, "Other.", KEEP, ("Drafted", "Other.", "*/15 * * * *")),
        (None, "", KEEP, ("Drafted", "", "*/15 * * * *")),
        (None, None, KEEP, ("Drafted", None, "*/15 * * * *")),
        (None, KEEP, "0 * * * *", ("Drafted", "Takes the orders over.", "0 * * * *")),
        (None, KEEP, None, ("Drafted", "Takes the orders over.", None)),
        ("New", None, None, ("New", None, None)),
    ],
)
def test_name_description_and_schedule_are_set_kept_or_cleared(
    name: str | None, description: str | Keep | None, cron: str | Keep | None, says: tuple[str | None, ...]
) -> None:
    plan = agreed(update(WITH_BOTH, name=name, description=description, cron=cron))
    assert (plan.state.name, plan.state.description, plan.state.cron) == says
    assert (plan.state.content_hash, plan.state.graph.bindings) == (
        DRAFT.state.content_hash,
        DRAFT.state.graph.bindings,
    )


@pytest.mark.parametrize(("its_flow", "renames"), [(WITH_BOTH, False), (WITHOUT_DRAFT, False), (NEVER_PUBLISHED, True)])
def test_a_flow_follows_the_name_of_its_draft_until_it_is_published(its_flow: Flow, renames: bool) -> None:
    assert agreed(update(its_flow, name="New")).flow.shows_draft is renames


def test_a_flow_with_neither_draft_nor_version_starts_anew_from_a_graph_under_its_own_name() -> None:
    graph = native(node("1", credentials_id=LOGIN.id))
    plan = agreed(update(EMPTY_FLOW, graph=graph, knowing=[LOGIN]))
    assert (plan.flow.draft_id, plan.flow.shows_draft, plan.state.origin, plan.state.revert_of) == (
        None,
        True,
        EDIT,
        None,
    )
    assert (plan.state.name, plan.state.description, plan.state.cron) == ("Nothing but a name", None, None)
    assert (plan.state.content_hash, plan.state.graph.bindings) == (
        state_of(graph).state.content_hash,
        state_of(graph).state.graph.bindings,
    )


def test_a_flow_with_neither_draft_nor_version_needs_a_graph() -> None:
    (refusal,) = reasons(update(EMPTY_FLOW, choose("1", credential=None), name="New"))
    assert isinstance(refusal, InvalidInput)
    assert refusal.path == ("graph",)


# Refusals -----------------------------------------------------------------------------------------------------------


def test_every_mistake_in_the_input_is_named_with_its_path() -> None:
    outcome = update(WITH_BOTH, choose("9", agent=None), name=" ", description="\0", cron="often")
    paths = [refusal.path for refusal in reasons(outcome) if isinstance(refusal, InvalidInput)]
    assert paths == [("name",), ("description",), ("cron",), ("bindings", "0", "stepId")]


@pytest.mark.parametrize(
    ("graph", "path"),
    [
        (None, ("graph",)),
        ([], ("graph",)),
        ({}, ("graph", "nodes")),
        (native({"id": 1, "command": "a/b:c"}), ("graph", "nodes", "0", "id")),
        (native(node("1", fields=[])), ("graph", "nodes", "0", "fields")),
    ],
)
def test_what_is_no_graph_is_refused_and_of_its_steps_nothing_is_asked(graph: Json, path: tuple[str, ...]) -> None:
    first, *_ = reasons(update(WITH_BOTH, choose("unknown", credential="nowhere"), graph=graph))
    assert isinstance(first, InvalidInput)
    assert first.path == path
    assert set(codes(update(WITH_BOTH, choose("unknown", credential="nowhere"), graph=graph))) == {"INVALID_INPUT"}


def test_everything_that_stands_in_the_way_of_a_save_is_said_at_once_in_order() -> None:
    closed = workspace("Closed", contract("Lapsed Goods", suspended=True))
    its_flow = flow(PUBLISHED, draft(sends("1"), revision=4), at=guest(closed))
    graph = native(node("1", "acme/pub-sub:pub", fields={"topic": "nowhere"}), node("2", secret_id="nowhere"))
    assert codes(update(its_flow, choose("9", agent=None), expecting=3, name="", graph=graph)) == [
        "INSUFFICIENT_PERMISSION",
        "CONTRACT_SUSPENDED",
        "TOPIC_NOT_ACCESSIBLE",
        "CREDENTIAL_NOT_ACCESSIBLE",
        "STALE_DRAFT",
        "INVALID_INPUT",
        "INVALID_INPUT",
    ]


def test_of_a_flow_that_isnt_there_nothing_is_asked_but_of_the_input_everything() -> None:
    missing, *rest = reasons(update(None, choose("9", agent="nowhere"), expecting=1, name="", graph=[]))
    assert missing == FlowNotFound("flow_wanted")
    assert [mistake.path for mistake in rest if isinstance(mistake, InvalidInput)] == [("name",), ("graph",)]
    assert len(rest) == 2


def test_a_stale_save_tells_what_the_draft_is_now() -> None:
    stale = StaleDraft(WITH_BOTH.id, "Orders", 3, "draft_1", 4)
    assert reasons(update(WITH_BOTH, expecting=3, name="New")) == (stale,)


# Where the content came from (H7) -----------------------------------------------------------------------------------

GRAPH = native(
    node("1", credentials_id=LOGIN.id, fields={"to": "a"}), node("2"), edges=[{"source": "1", "target": "2"}]
)
CHANGED = native(node("1", fields={"to": "b"}), node("2"), edges=[{"source": "1", "target": "2"}])
SWAPPED = native(node("2"), node("1", fields={"to": "a"}), edges=[{"source": "1", "target": "2"}])
ORIGINS = [(EDIT, None), (COPY, None), (EXPORT, None), (REVERT, "version_1")]


def came(origin: VersionOrigin, revert_of: str | None) -> Flow:
    version = None if revert_of is None else VersionId(revert_of)
    return flow(PUBLISHED, saying(state_of(GRAPH), origin=origin, revert_of=version))


@pytest.mark.parametrize(("origin", "revert_of"), ORIGINS)
@pytest.mark.parametrize(
    "plan",
    [
        lambda it: update(it, name="New"),
        lambda it: update(it, name="New", description=None, cron="0 * * * *"),
        lambda it: update(it, choose("1", credential=None), choose("2", credential=LOGIN.id), knowing=[LOGIN]),
        lambda it: update(it, graph=GRAPH, knowing=[LOGIN]),
        lambda it: update(it, graph=first_step(GRAPH, credentials_id=None), knowing=[LOGIN]),
    ],
    ids=["name", "name, description, cron", "bindings", "the same graph", "bindings in the graph"],
)
def test_a_draft_keeps_its_origin_while_its_content_stays(
    origin: VersionOrigin, revert_of: str | None, plan: Callable[[Flow], UpdatePlan | Refused[UpdateRefusal]]
) -> None:
    saved = agreed(plan(came(origin, revert_of)))
    assert (saved.state.origin, saved.state.revert_of) == (origin, revert_of)
    assert saved.state.content_hash == state_of(GRAPH).state.content_hash


def first_step(graph: Json, **bound: Json) -> Json:
    """The graph with its first step bound otherwise."""
    first, *others = graph["nodes"]
    return graph | {"nodes": [first | bound, *others]}


@pytest.mark.parametrize(("origin", "revert_of"), ORIGINS)
@pytest.mark.parametrize(
    "graph",
    [
        CHANGED,
        SWAPPED,
        native(node("1"), node("2")),
        GRAPH | {"unknown": None},
        first_step(GRAPH, fields={"to": "a", "topic": None}),
    ],
    ids=["a field", "the order", "fewer edges", "an unknown key", "no topic of a pub/sub step"],
)
def test_a_draft_whose_content_changes_is_an_edit(origin: VersionOrigin, revert_of: str | None, graph: Json) -> None:
    saved = agreed(update(came(origin, revert_of), graph=graph, knowing=[LOGIN]))
    assert (saved.state.origin, saved.state.revert_of) == (EDIT, None)
    assert saved.content is not None
    assert saved.content.hash == saved.state.content_hash == state_of(graph).state.content_hash
    assert saved.content.canonical == canonical(split(graph, lambda _: None)[0])


@pytest.mark.parametrize("graph", [KEEP, GRAPH])
def test_a_draft_made_from_a_version_is_an_edit_wherever_the_version_came_from(graph: Json | Keep) -> None:
    version = saying(state_of(GRAPH, state_id="version_3"), origin=REVERT, revert_of=VersionId("version_1"))
    saved = agreed(update(flow(version), graph=graph, knowing=[LOGIN]))
    assert (saved.state.origin, saved.state.revert_of, saved.flow.draft_id) == (EDIT, None, None)
