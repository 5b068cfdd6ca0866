"""A refusal names every reason, and leaves the whole database as it was (X11)."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from app.domain.access import ContractSuspended, FlowNotFound, InsufficientPermission, QuotaExceeded, WorkspaceNotFound
from app.domain.component import InaccessibilityReason
from app.domain.draft import CannotOverrideItself, DraftAlreadyExists, ExistingDraft
from app.domain.errors import ErrorCode, Refusal
from app.domain.flow import DraftNotFound, SourceWish, StateOfFlow, VersionNotFound
from app.domain.model import DraftId, FlowId, ReferenceKind
from app.domain.references import CredentialNotAccessible
from app.domain.source_graph import ComponentNotAccessible
from app.domain.topics import FlowHasNoTopic, MultipleTopicsNotCopied, TopicNotAccessible
from tests.api.world_builder import graph
from tests.domain.builders import called
from tests.usecases.company_database import CompanyDatabase, errors_of
from tests.usecases.steps import code, erp, mailer, sub

Try = Callable[[CompanyDatabase], Awaitable[Any]]

UNKNOWN_FLOW, UNKNOWN_WORKSPACE, UNKNOWN_VERSION = (
    f"{kind}_00000000000000000000000000" for kind in ("flow", "workspace", "version")
)
DRAFT, PUBLISHED = SourceWish(StateOfFlow.DRAFT), SourceWish(StateOfFlow.PUBLISHED_VERSION)
EDIT = "workspaces.flow.edit"


@pytest.fixture
def world(untouched: CompanyDatabase) -> CompanyDatabase:
    return untouched


async def refused_without_a_trace(world: CompanyDatabase, attempt: Try) -> tuple[Refusal, ...]:
    before = await world.contents()
    errors = errors_of(await attempt(world))
    assert await world.contents() == before
    return errors


@pytest.mark.parametrize("flow", [UNKNOWN_FLOW, "ships", "", "flow_", "🦉", "a\0b", "x" * 5000, UNKNOWN_WORKSPACE])
async def test_a_flow_that_is_not_visible_is_not_found_whatever_its_id(world: CompanyDatabase, flow: str) -> None:
    """Ben is a member of development and production; to him the ships of another tenant are nothing (A5)."""
    not_found = (FlowNotFound(world[flow]),)
    attempts: list[Try] = [
        lambda world: world.copy(flow, by="ben"),
        lambda world: world.export(flow, to="production", by="ben"),
        lambda world: world.export("orders", over=flow, by="ben"),
    ]
    assert [await refused_without_a_trace(world, attempt) for attempt in attempts] == [not_found] * 3


@pytest.mark.parametrize("workspace", [UNKNOWN_WORKSPACE, "harbour", "", "workspace_", "🦉", "a\0b", UNKNOWN_FLOW])
async def test_a_workspace_that_is_not_visible_is_not_found_whatever_its_id(
    world: CompanyDatabase, workspace: str
) -> None:
    not_found = (WorkspaceNotFound(world[workspace]),)
    attempts: list[Try] = [
        lambda world: world.export("orders", to=workspace, by="ben"),
        lambda world: world.create(workspace, graph(code("1")), by="ben"),
    ]
    assert [await refused_without_a_trace(world, attempt) for attempt in attempts] == [not_found] * 2


async def test_a_member_of_the_contract_alone_sees_workspaces_but_no_flows(world: CompanyDatabase) -> None:
    """A4: for her the flow doesn't exist; of the workspace she learns what she lacks."""
    production = await world.workspace("production")
    copied = await refused_without_a_trace(world, lambda world: world.copy("orders", by="cora"))
    exported = await refused_without_a_trace(world, lambda world: world.export("orders", to="production", by="cora"))
    created = await refused_without_a_trace(world, lambda world: world.create("production", graph(), by="cora"))
    assert copied == (FlowNotFound(world["orders"]),)
    assert exported == (FlowNotFound(world["orders"]), InsufficientPermission(EDIT, production))
    assert created == (InsufficientPermission(EDIT, production),)


@pytest.mark.parametrize(
    ("flow", "source", "reason"),
    [
        ("orders", SourceWish(version_id=UNKNOWN_VERSION), partial(VersionNotFound, version_id=UNKNOWN_VERSION)),
        ("orders", SourceWish(version_id="\0"), partial(VersionNotFound, version_id="\0")),
        ("unpublished", PUBLISHED, partial(VersionNotFound, version_id=None)),
        ("plain", DRAFT, DraftNotFound),
    ],
    ids=["unknown", "no-id", "never-published", "no-draft"],
)
async def test_a_state_that_the_flow_does_not_have_is_not_found(
    world: CompanyDatabase, flow: str, source: SourceWish, reason: Callable[..., Refusal]
) -> None:
    expected = (reason(flow_id=FlowId(world[flow]), flow_name=flow.capitalize()),)
    attempts: list[Try] = [
        lambda world: world.copy(flow, source=source),
        lambda world: world.export(flow, to="production", source=source),
        lambda world: world.export(flow, over="orders-live", source=source),
    ]
    assert [await refused_without_a_trace(world, attempt) for attempt in attempts] == [expected] * 3


async def test_a_version_of_another_flow_is_not_found(world: CompanyDatabase) -> None:
    [another] = await world.versions("plain")
    source = SourceWish(version_id=another["id"])
    errors = await refused_without_a_trace(world, lambda world: world.copy("orders", source=source))
    assert errors == (VersionNotFound(FlowId(world["orders"]), "Orders", another["id"]),)


async def test_every_workspace_where_the_permission_is_missing_is_named_the_source_first(
    world: CompanyDatabase,
) -> None:
    development, production = await world.workspace("development"), await world.workspace("production")
    here, there = InsufficientPermission(EDIT, development), InsufficientPermission(EDIT, production)
    copied = await refused_without_a_trace(world, lambda world: world.copy("orders", by="gus"))
    into = await refused_without_a_trace(world, lambda world: world.export("orders", to="production", by="gus"))
    over = await refused_without_a_trace(world, lambda world: world.export("orders", over="orders-live", by="gus"))
    inside = await refused_without_a_trace(world, lambda world: world.export("orders", to="development", by="gus"))
    created = await refused_without_a_trace(world, lambda world: world.create("production", graph(), by="gus"))
    assert (copied, into, over, inside, created) == ((here,), (here, there), (here, there), (here,), (there,))


async def test_a_suspended_contract_refuses_every_write(world: CompanyDatabase) -> None:
    cellar = await world.workspace("cellar")
    attempts: list[Try] = [
        lambda world: world.copy("ice"),
        lambda world: world.export("plain", to="cellar"),
        lambda world: world.export("plain", over="ice"),
        lambda world: world.create("cellar", graph(code("1"))),
    ]
    expected = (ContractSuspended(cellar.contract, cellar),)
    assert [await refused_without_a_trace(world, attempt) for attempt in attempts] == [expected] * 4


@pytest.mark.parametrize(("to", "over"), [("kitchen", None), (None, "recipes")])
async def test_a_component_of_the_team_does_not_leave_its_contract(
    world: CompanyDatabase, to: str | None, over: str | None
) -> None:
    errors = await refused_without_a_trace(world, lambda world: world.export("of-the-team", to=to, over=over))
    [refused] = errors
    assert isinstance(refused, ComponentNotAccessible)
    assert refused.workspace == await world.workspace("kitchen")
    [found] = refused.components
    assert found.component is not None
    assert (found.name, found.component.id, found.steps) == ("lab/normalizer", world["normalizer"], (called("1"),))
    assert found.reason is InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT


async def test_the_topics_of_a_flow_are_refused_as_the_table_says(world: CompanyDatabase) -> None:
    production = await world.workspace("production")
    topics = (("dev-orders", "Orders"), ("dev-items", "Items"))
    without = await refused_without_a_trace(
        world, lambda world: world.export("plain", to="production", topic="live-orders")
    )
    many = await refused_without_a_trace(
        world, lambda world: world.export("two-topics", to="production", topic="live-orders")
    )
    elsewhere = await refused_without_a_trace(
        world, lambda world: world.export("orders", to="production", topic="dev-items")
    )
    assert without == (FlowHasNoTopic(FlowId(world["plain"]), "Plain"),)
    [refusal] = many
    assert isinstance(refusal, MultipleTopicsNotCopied)
    assert [(topic.id, topic.name) for topic in refusal.topics] == [(world[key], name) for key, name in topics]
    assert refusal.refused
    assert elsewhere == (TopicNotAccessible(world["dev-items"], production),)


async def test_a_draft_in_the_way_and_the_flow_itself_are_refused(world: CompanyDatabase) -> None:
    busy = await world.draft("busy")
    refuse = ExistingDraft.REFUSE
    in_the_way = await refused_without_a_trace(
        world, lambda world: world.export("plain", over="busy", existing_draft=refuse)
    )
    itself = await refused_without_a_trace(world, lambda world: world.export("plain", over="plain"))
    assert in_the_way == (DraftAlreadyExists(FlowId(world["busy"]), "Busy", DraftId(busy["id"])),)
    assert itself == (CannotOverrideItself(FlowId(world["plain"]), "Plain"),)


async def test_a_full_contract_takes_no_new_flow_into_its_production(world: CompanyDatabase) -> None:
    contract = (await world.workspace("full-live")).contract
    attempts: list[Try] = [
        lambda world: world.copy("only-one"),
        lambda world: world.export("plain", to="full-live"),
        lambda world: world.create("full-live", graph(code("1"))),
    ]
    expected = (QuotaExceeded(1, 1, contract),)
    assert [await refused_without_a_trace(world, attempt) for attempt in attempts] == [expected] * 3


async def test_whoever_may_not_write_there_is_not_told_how_full_a_contract_is(world: CompanyDatabase) -> None:
    attempts: list[Try] = [
        lambda world: world.copy("only-one", by="gus"),
        lambda world: world.export("plain", to="full-live", by="gus"),
        lambda world: world.create("full-live", graph(code("1")), by="gus"),
    ]
    for attempt in attempts:
        errors = await refused_without_a_trace(world, attempt)
        assert {error.code for error in errors} == {ErrorCode.INSUFFICIENT_PERMISSION}


@pytest.mark.parametrize("name", ["", " \t", "a\nb", "a\0b", "x" * 256])
async def test_a_bad_name_is_refused_wherever_a_name_is_given(world: CompanyDatabase, name: str) -> None:
    attempts: list[Try] = [
        lambda world: world.copy("orders", name=name),
        lambda world: world.export("orders", to="production", name=name),
        lambda world: world.export("orders", over="orders-live", name=name),
        lambda world: world.create("development", graph(code("1")), name=name),
    ]
    for attempt in attempts:
        [error] = await refused_without_a_trace(world, attempt)
        assert (error.code, getattr(error, "path", None)) == (ErrorCode.INVALID_INPUT, ("name",))


async def test_references_of_a_created_graph_have_to_live_in_its_workspace(world: CompanyDatabase) -> None:
    production = await world.workspace("production")
    native = graph(sub("1", world["dev-orders"]), mailer("2", world["dev-mail"]), erp("3", world["live-mail"]))
    errors = await refused_without_a_trace(world, lambda world: world.create("production", native))
    assert errors == (
        TopicNotAccessible(world["dev-orders"], production, called("1")),
        CredentialNotAccessible(ReferenceKind.CREDENTIAL, world["dev-mail"], production, called("2")),
        CredentialNotAccessible(ReferenceKind.SECRET, world["live-mail"], production, called("3")),
    )


@pytest.mark.parametrize(
    ("native", "paths"),
    [
        (None, [("graph",)]),
        ({"nodes": []}, [("graph", "edges")]),
        ({"nodes": [{"id": 1}], "edges": [{}]}, None),
        ({"nodes": [], "edges": [], "x": "a\0b"}, [("graph", "x")]),
        ({"nodes": [], "edges": [], "x": 2**70}, [("graph", "x")]),
    ],
)
async def test_what_is_no_graph_is_refused_with_its_path(
    world: CompanyDatabase, native: object, paths: list[tuple[str, ...]] | None
) -> None:
    errors = await refused_without_a_trace(world, lambda world: world.create("development", native))
    expected = paths or [
        ("graph", "nodes", "0", "id"),
        ("graph", "nodes", "0", "command"),
        ("graph", "edges", "0", "target"),
    ]
    assert [getattr(error, "path", None) for error in errors] == expected


async def test_all_reasons_come_together_in_the_order_of_their_codes(world: CompanyDatabase) -> None:
    errors = await refused_without_a_trace(
        world, lambda world: world.export("of-the-team", to="closed-live", by="gus", topic="dev-orders", name="")
    )
    assert [error.code for error in errors] == [
        ErrorCode.INSUFFICIENT_PERMISSION,
        ErrorCode.INSUFFICIENT_PERMISSION,
        ErrorCode.CONTRACT_SUSPENDED,
        ErrorCode.COMPONENT_NOT_ACCESSIBLE,
        ErrorCode.FLOW_HAS_NO_TOPIC,
        ErrorCode.INVALID_INPUT,
    ]
