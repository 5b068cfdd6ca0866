"""exportFlow onto a flow: only its draft changes, and no draft is lost (X5, X6, X7a, H1)."""

from app.domain.flow import SourceWish
from app.domain.references import ReferenceAction
from tests.usecases.company_database import NOW, CompanyDatabase, exported
from tests.usecases.contents import Written, written
from tests.usecases.rows import bound, new_draft, record
from tests.usecases.test_export_flow import AGENT, CLEARED, CREDENTIAL, REPLACED, SAMPLES, SECRET, TOPIC, report


async def test_an_override_of_a_running_flow_writes_a_draft_and_nothing_else(world: CompanyDatabase) -> None:
    before = await world.contents()
    _, published = await world.versions("orders")

    outcome = exported(await world.export("orders", over="orders-live"))

    found = written(before, await world.contents())
    bindings = [
        bound(0, topic=world["live-orders"]),
        bound(1, credential=world["live-mail"], agent=world["live-agent"]),
        bound(2, secret=world["live-erp"]),
    ]
    flow = before["flow"][(world["orders-live"],)]
    draft = new_draft(world, outcome, published, bindings, origin="EXPORT", name="Orders live")
    assert outcome.flow_id == world["orders-live"]
    assert found == Written(
        added={
            "flow_draft": [draft],
            "flow_export": [
                record(world, outcome, source="orders", state=published, workspace="production", before=flow)
            ],
        },
        changed={"flow": [{"id": world["orders-live"], "draft_revision": 1, "updated_at": NOW}]},
    )


async def test_a_second_release_asks_for_no_credential_again(world: CompanyDatabase) -> None:
    """X7a: everything that was chosen for the running flow is there again, and is reported."""
    for _ in range(2):
        outcome = exported(await world.export("orders", over="orders-live"))
        assert report(outcome) == [
            ("in", TOPIC, REPLACED, world["dev-orders"], world["live-orders"]),
            ("mail", CREDENTIAL, REPLACED, world["dev-mail"], world["live-mail"]),
            ("mail", AGENT, REPLACED, world["dev-agent"], world["live-agent"]),
            ("mail", SAMPLES, CLEARED, None, None),
            ("erp", SECRET, REPLACED, world["dev-erp"], world["live-erp"]),
        ]


async def test_what_was_chosen_in_the_draft_of_a_flow_never_published_is_taken_too(world: CompanyDatabase) -> None:
    outcome = exported(await world.export("orders", over="never-published"))
    assert ("mail", CREDENTIAL, REPLACED, world["dev-mail"], world["draft-mail"]) in report(outcome)
    again = exported(await world.export("orders", over="never-published"))
    assert ("mail", CREDENTIAL, REPLACED, world["dev-mail"], world["draft-mail"]) in report(again)


async def test_a_choice_that_has_gone_from_the_workspace_is_not_taken(world: CompanyDatabase) -> None:
    await world.execute("delete from credential where id = :id", id=world["live-mail"])
    outcome = exported(await world.export("orders", over="orders-live"))
    assert ("mail", CREDENTIAL, CLEARED, world["dev-mail"], None) in report(outcome)


async def test_a_colleagues_draft_is_set_aside_with_who_did_it_and_when(world: CompanyDatabase) -> None:
    before = await world.contents()
    colleagues = await world.draft("busy")
    [version] = await world.versions("plain")

    outcome = exported(await world.export("plain", over="busy"))

    found = written(before, await world.contents())
    assert outcome.set_aside == colleagues["id"]
    flow = before["flow"][(world["busy"],)]
    assert found == Written(
        added={
            "flow_draft": [new_draft(world, outcome, version, [], origin="EXPORT", name="Busy", revision=2)],
            "flow_export": [record(world, outcome, source="plain", state=version, workspace="production", before=flow)],
        },
        changed={
            "flow": [{"id": world["busy"], "draft_revision": 2, "updated_at": NOW}],
            "flow_draft": [{"id": colleagues["id"], "set_aside_at": NOW, "set_aside_by": world["ada"]}],
        },
    )


async def test_revisions_grow_by_one_with_every_draft_and_each_draft_keeps_its_own(world: CompanyDatabase) -> None:
    outcomes = [exported(await world.export("plain", over="busy")) for _ in range(3)]
    drafts = await world.drafts("busy")
    assert [draft["revision"] for draft in drafts] == [1, 2, 3, 4]
    assert [draft["id"] for draft in drafts[1:]] == [one.draft_id for one in outcomes]
    assert [one.set_aside for one in outcomes] == [draft["id"] for draft in drafts[:-1]]


async def test_a_flow_that_was_never_published_shows_what_its_new_draft_says(world: CompanyDatabase) -> None:
    before = await world.contents()
    outcome = exported(await world.export("orders", over="never-published", name="Orders Übersee"))
    found = written(before, await world.contents())
    assert found.changed["flow"] == [
        {
            "id": world["never-published"],
            "name": "Orders Übersee",
            "name_key": "orders übersee",
            "description": "Sends orders on",
            "cron": "*/15 * * * *",
            "updated_at": NOW,
            "draft_revision": 2,
        }
    ]
    assert (await world.draft(outcome.flow_id))["name"] == "Orders Übersee"


async def test_a_published_flow_keeps_its_name_when_its_draft_gets_another(world: CompanyDatabase) -> None:
    exported(await world.export("orders", over="orders-live", name="Orders to come"))
    flow = (await world.contents())["flow"][(world["orders-live"],)]
    assert (flow["name"], flow["cron"], flow["type"], flow["status"]) == (
        "Orders live",
        "0 1 * * *",
        "ORDINARY",
        "ACTIVE",
    )
    draft = await world.draft("orders-live")
    assert (draft["name"], draft["description"], draft["cron"]) == (
        "Orders to come",
        "Sends orders on",
        "*/15 * * * *",
    )


async def test_an_older_version_can_go_over_a_flow_of_the_same_workspace(world: CompanyDatabase) -> None:
    older, _ = await world.versions("orders")
    outcome = exported(await world.export("orders", over="plain", source=SourceWish(version_id=older["id"])))
    assert {one.action for one in outcome.references} == {ReferenceAction.KEPT}
    assert (await world.draft("plain"))["bindings"] == older["bindings"]


async def test_an_override_needs_no_place_in_the_quota(world: CompanyDatabase) -> None:
    exported(await world.export("plain", over="only-one"))
