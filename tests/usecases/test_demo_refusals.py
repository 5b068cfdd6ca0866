"""Every refusal and warning of copying and exporting can be seen in the demo world, with one call each."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.domain.draft import ExistingDraft
from app.domain.edit import CreateWish
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import SourceWish, StateOfFlow
from app.domain.model import Kind, UserId
from app.storage.connections.database import Database
from app.storage.world.demo import demo_id
from app.usecases.change_flow import create_flow
from app.usecases.copy_and_export import copy_flow, export_flow
from app.usecases.transaction import UnitOfWork
from tests.databases import Databases

INTEGRATOR, ADMIN, GUEST = (demo_id(Kind.USER, f"demo-{who}") for who in ("integrator", "admin", "guest"))


def flow(key: str) -> str:
    return demo_id(Kind.FLOW, key)


def topic(key: str) -> str:
    return demo_id(Kind.TOPIC, key)


def into(key: str) -> IntoWorkspace:
    return IntoWorkspace(demo_id(Kind.WORKSPACE, key))


def onto(key: str) -> OntoFlow:
    return OntoFlow(flow(key))


@pytest.fixture(scope="module")
async def work(databases: Databases, loaded_demo: str) -> AsyncIterator[UnitOfWork]:
    """One demo world for all of them: what one export writes doesn't change what the next is refused for."""
    async with databases.copy(loaded_demo) as url:
        database = Database(url)
        yield UnitOfWork(database, clock=lambda: datetime.now(UTC))
        await database.close()


@pytest.mark.parametrize(
    ("caller", "wish", "codes"),
    [
        (INTEGRATOR, ExportWish(flow("order-normalization"), into("foods-prod")), ["COMPONENT_NOT_ACCESSIBLE"]),
        (INTEGRATOR, ExportWish(flow("legacy-import"), into("foods-dev")), ["COMPONENT_NOT_ACCESSIBLE"]),
        (ADMIN, ExportWish(flow("order-normalization"), into("overseas-prod")), ["COMPONENT_NOT_ACCESSIBLE"]),
        (INTEGRATOR, ExportWish(flow("order-fan-out"), into("retail-prod"), topic_id=topic("orders-live")), ["MULTIPLE_TOPICS_NOT_COPIED"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("retail-prod"), topic_id=topic("orders-dev")), ["TOPIC_NOT_ACCESSIBLE"]),
        (INTEGRATOR, ExportWish(flow("order-confirmation"), into("retail-prod"), topic_id=topic("orders-live")), ["FLOW_HAS_NO_TOPIC"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("retail-staging")), ["INSUFFICIENT_PERMISSION"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("logistics-prod")), ["INSUFFICIENT_PERMISSION"]),
        (GUEST, ExportWish(flow("order-intake"), into("retail-prod")), ["INSUFFICIENT_PERMISSION"] * 2),
        (INTEGRATOR, ExportWish(flow("customs-declarations"), into("retail-prod")), ["FLOW_NOT_FOUND"]),
        (INTEGRATOR, ExportWish(flow("truck-tracking"), into("retail-prod")), ["FLOW_NOT_FOUND"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("overseas-prod")), ["WORKSPACE_NOT_FOUND"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("mill-prod")), ["CONTRACT_SUSPENDED"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("bakery-prod")), ["QUOTA_EXCEEDED"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), onto("order-intake")), ["CANNOT_OVERRIDE_ITSELF"]),
        (INTEGRATOR, ExportWish(flow("price-feed"), onto("price-feed-live"), existing_draft=ExistingDraft.REFUSE), ["DRAFT_ALREADY_EXISTS"]),
        (INTEGRATOR, ExportWish(flow("support-router"), into("retail-prod"), source=SourceWish(StateOfFlow.PUBLISHED_VERSION)), ["VERSION_NOT_FOUND"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("retail-prod"), source=SourceWish(StateOfFlow.DRAFT)), ["DRAFT_NOT_FOUND"]),
        (INTEGRATOR, ExportWish(flow("order-intake"), into("retail-prod"), name="a\nb"), ["INVALID_INPUT"]),
    ],
)  # fmt: skip
async def test_every_refusal_of_an_export_can_be_seen(
    work: UnitOfWork, caller: str, wish: ExportWish, codes: list[str]
) -> None:
    refused = await export_flow(work.of(UserId(caller)), wish)
    assert isinstance(refused, Refused)
    assert [error.code for error in refused.errors] == codes


async def test_all_inaccessible_components_are_named_with_all_their_steps(work: UnitOfWork) -> None:
    refused = await export_flow(
        work.of(UserId(INTEGRATOR)), ExportWish(flow("order-normalization"), into("foods-prod"))
    )
    assert isinstance(refused, Refused)
    [error] = refused.errors
    assert [
        (each.name, tuple(step.id for step in each.steps), each.reason.value)
        for each in getattr(error, "components", ())
    ] == [
        ("orders-lab/normalizer", ("2", "5"), "TEAM_OF_ANOTHER_CONTRACT"),
        ("orders-lab/enricher", ("3",), "TEAM_OF_ANOTHER_CONTRACT"),
        ("harbor/code", ("4",), "NOT_WHITELISTED"),
    ]


async def test_a_credential_of_another_workspace_is_refused_when_a_flow_is_created(work: UnitOfWork) -> None:
    step = {"id": "1", "command": "harbor/mailer:send", "credentials_id": demo_id(Kind.CREDENTIAL, "mail-sandbox")}
    wish = CreateWish(into("retail-prod").workspace_id, "Mail", {"nodes": [step], "edges": []})
    refused = await create_flow(work.of(UserId(INTEGRATOR)), wish)
    assert isinstance(refused, Refused)
    assert [error.code for error in refused.errors] == ["CREDENTIAL_NOT_ACCESSIBLE"]


async def test_the_refusals_of_a_copy_can_be_seen(work: UnitOfWork) -> None:
    answers = [
        await copy_flow(work.of(UserId(caller)), CopyWish(flow(key)))
        for caller, key in ((GUEST, "order-intake"), (INTEGRATOR, "flour-prices"), (INTEGRATOR, "cake-orders"))
    ]
    codes = [error.code for answer in answers if isinstance(answer, Refused) for error in answer.errors]
    assert codes == ["INSUFFICIENT_PERMISSION", "CONTRACT_SUSPENDED", "QUOTA_EXCEEDED"]


@pytest.mark.parametrize(
    ("key", "given", "warnings"),
    [
        ("order-fan-out", None, ["MultipleTopicsNotCopied"]),
        ("order-intake", "orders-2-live", ["TopicSchemaMismatch"]),
        ("order-intake", "orders-live", []),
    ],
)
async def test_every_warning_can_be_seen(work: UnitOfWork, key: str, given: str | None, warnings: list[str]) -> None:
    topic_id = None if given is None else topic(given)
    exported = await export_flow(
        work.of(UserId(INTEGRATOR)), ExportWish(flow(key), into("retail-prod"), topic_id=topic_id)
    )
    assert isinstance(exported, Exported)
    assert [type(warning).__name__ for warning in exported.warnings] == warnings


async def test_a_second_release_keeps_the_credentials_of_production(work: UnitOfWork) -> None:
    wish = ExportWish(flow("order-confirmation"), onto("order-confirmation-live"))
    exported = await export_flow(work.of(UserId(INTEGRATOR)), wish)
    assert isinstance(exported, Exported)
    assert [(each.step_id, each.kind.value, each.action.value, each.to_id) for each in exported.references] == [
        ("2", "SECRET", "REPLACED", demo_id(Kind.SECRET, "erp-live")),
        ("2", "AGENT", "REPLACED", demo_id(Kind.AGENT, "data-centre")),
        ("2", "DATA_SAMPLES", "CLEARED", None),
        ("3", "CREDENTIAL", "REPLACED", demo_id(Kind.CREDENTIAL, "mail-relay")),
    ]
