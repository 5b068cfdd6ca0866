"""copyFlow: what is in the database afterwards (X1, X3, X4)."""

import pytest

from app.domain.flow import CopiedFrom, SourceWish, StateOfFlow
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction
from app.storage.reads.by_id import read_drafts, read_flows
from tests.api.world_builder import graph
from tests.usecases.company_database import CompanyDatabase, created, exported
from tests.usecases.contents import Written, written
from tests.usecases.rows import bound, new_draft, new_flow, record
from tests.usecases.steps import code

KEPT = ReferenceAction.KEPT


async def test_a_copy_is_a_new_inactive_flow_with_everything_in_its_draft(world: CompanyDatabase) -> None:
    before = await world.contents()
    _, published = await world.versions("orders")

    outcome = exported(await world.copy("orders"))

    found = written(before, await world.contents())
    name = "Copy of Orders"
    described = {"description": "Sends orders on", "cron": "*/15 * * * *"}
    bindings = [
        bound(0, topic=world["dev-orders"]),
        bound(1, credential=world["dev-mail"], agent=world["dev-agent"], data_samples={"sample": "one"}),
        bound(2, secret=world["dev-erp"]),
    ]
    assert found == Written(
        added={
            "flow": [new_flow(world, outcome, "development", name, type="REAL_TIME", **described)],
            "flow_draft": [new_draft(world, outcome, published, bindings, origin="COPY", name=name)],
            "flow_export": [record(world, outcome, source="orders", state=published, workspace="development")],
        }
    )
    assert outcome.set_aside is None
    assert outcome.warnings == ()
    assert [(one.step_id, one.kind, one.action, one.from_id, one.to_id) for one in outcome.references] == [
        ("in", ReferenceKind.TOPIC, KEPT, world["dev-orders"], world["dev-orders"]),
        ("mail", ReferenceKind.CREDENTIAL, KEPT, world["dev-mail"], world["dev-mail"]),
        ("mail", ReferenceKind.AGENT, KEPT, world["dev-agent"], world["dev-agent"]),
        ("mail", ReferenceKind.DATA_SAMPLES, KEPT, None, None),
        ("erp", ReferenceKind.SECRET, KEPT, world["dev-erp"], world["dev-erp"]),
    ]


async def test_the_flow_and_draft_of_copies_and_overrides_are_known_as_they_are_read(world: CompanyDatabase) -> None:
    for outcome in (
        exported(await world.copy("orders")),
        exported(await world.export("orders", over="orders-live")),
        exported(await world.export("orders", over="never-published")),
    ):
        async with world.database.reading() as connection:
            flows = await read_flows(connection, world.user("ada"), [outcome.flow_id])
            drafts = await read_drafts(connection, world.user("ada"), [outcome.draft_id])
        assert (outcome.flow, outcome.draft) == (flows[outcome.flow_id], drafts[outcome.draft_id])


async def test_an_exact_copy_has_the_bindings_of_its_source_letter_by_letter(world: CompanyDatabase) -> None:
    [source] = await world.versions("two-topics")
    outcome = exported(await world.copy("two-topics"))
    copied = await world.draft(outcome.flow_id)
    assert (copied["content_hash"], copied["bindings"]) == (source["content_hash"], source["bindings"])


async def test_a_copy_has_the_name_that_is_given_without_white_space_around_it(world: CompanyDatabase) -> None:
    outcome = exported(await world.copy("orders", name="  Orders, again "))
    flow = (await world.contents())["flow"][(outcome.flow_id,)]
    draft = await world.draft(outcome.flow_id)
    assert (flow["name"], flow["name_key"], draft["name"]) == ("Orders, again", "orders, again", "Orders, again")


async def test_a_copy_of_a_copy_is_a_flow_of_its_own(world: CompanyDatabase) -> None:
    first = exported(await world.copy("orders"))
    second = exported(await world.copy(first.flow_id))
    flow = (await world.contents())["flow"][(second.flow_id,)]
    assert second.copied_from is CopiedFrom.DRAFT
    assert flow["name"] == "Copy of Copy of Orders"
    assert (await world.draft(second.flow_id))["bindings"] == (await world.draft(first.flow_id))["bindings"]


@pytest.mark.parametrize(
    ("wanted", "version", "copied_from", "name"),
    [
        (None, None, CopiedFrom.PUBLISHED_VERSION, "Copy of Orders"),
        (StateOfFlow.PUBLISHED_VERSION, None, CopiedFrom.PUBLISHED_VERSION, "Copy of Orders"),
        (StateOfFlow.DRAFT, None, CopiedFrom.DRAFT, "Copy of Orders to come"),
        (None, 1, CopiedFrom.OLDER_VERSION, "Copy of Orders before"),
        (None, 2, CopiedFrom.PUBLISHED_VERSION, "Copy of Orders"),
    ],
)
async def test_the_state_that_is_asked_for_is_copied_and_named(
    world: CompanyDatabase, wanted: StateOfFlow | None, version: int | None, copied_from: CopiedFrom, name: str
) -> None:
    versions = await world.versions("orders")
    named = None if version is None else versions[version - 1]
    is_draft = copied_from is CopiedFrom.DRAFT
    source = await world.draft("orders") if is_draft else named or versions[-1]

    outcome = exported(await world.copy("orders", source=SourceWish(wanted, None if named is None else named["id"])))

    copied = await world.draft(outcome.flow_id)
    columns = ("content_hash", "bindings", "description", "cron")
    assert outcome.copied_from is copied_from
    assert [copied[column] for column in columns] == [source[column] for column in columns]
    assert copied["name"] == name
    [row] = [row for row in (await world.contents())["flow_export"].values() if row["draft_id"] == outcome.draft_id]
    assert row["source_version_id"] == (None if is_draft else source["id"])


async def test_a_flow_that_was_never_published_is_copied_from_its_draft(world: CompanyDatabase) -> None:
    outcome = exported(await world.copy("unpublished"))
    assert outcome.copied_from is CopiedFrom.DRAFT
    assert (await world.draft(outcome.flow_id))["content_hash"] == (await world.draft("unpublished"))["content_hash"]


async def test_the_content_of_a_large_flow_is_stored_once_however_often_it_is_copied(world: CompanyDatabase) -> None:
    large = graph(*(code(str(number), "return msg;" * 50) for number in range(200)))
    first = created(await world.create("development", large))
    content_hash = (await world.draft(first.flow_id))["content_hash"]
    before = await world.contents()

    for number in range(5):
        exported(await world.copy(first.flow_id, name=f"Copy {number}"))
        exported(await world.export(first.flow_id, to="production"))
    again = created(await world.create("production", large))

    found = written(before, await world.contents())
    assert {table: len(rows) for table, rows in found.added.items()} == {
        "flow": 11,
        "flow_draft": 11,
        "flow_export": 10,
    }
    assert {row["content_hash"] for row in found.added["flow_draft"]} == {content_hash}
    assert {row["flow_id"] for row in found.added["flow_draft"]} >= {again.flow_id}
    assert found.changed == found.removed == {}


async def test_components_and_topics_are_no_reason_to_refuse_a_copy(world: CompanyDatabase) -> None:
    """C4 and T2: even what the workspace could not use if the flow came from elsewhere."""
    await world.execute("update component set access = 'TEAM' where name = 'normalizer'")
    await world.execute("update team set contract_id = :contract where name = 'lab'", contract=world["foods"])
    exported(await world.copy("of-the-team"))
    outcome = exported(await world.copy("two-topics"))
    assert {one.action for one in outcome.references} == {KEPT}
    assert outcome.warnings == ()
