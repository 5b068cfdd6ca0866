"""Mappings of what the caller can't see (P2, A5): refused at their place, unless a source of the call is bound to it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.domain.batch import BatchMode, BatchNotApplied
from app.domain.choices import ReferenceMapping, by_reference
from app.domain.errors import OfCall, Refusal, Refused
from app.domain.export import Exported
from app.domain.export_batch import ExportsWish
from app.domain.facts import ExportWish
from app.domain.model import Kind, ReferenceKind
from app.storage.ids import new_id
from app.usecases.copy_and_export import ExportPreviews, export_flow, export_flows, preview_export, preview_exports
from tests.domain.planning import mappings_of
from tests.sent_statements import statements_sent
from tests.usecases.company_database import CompanyDatabase, errors_of, exported

ADD_CREDENTIAL = """
    insert into credential (id, workspace_id, name, name_key, component_id)
    values (:id, :workspace, 'Hidden', 'hidden', :component)
"""


def orders(world: CompanyDatabase, *pairs: tuple[str, str]) -> ExportWish:
    wish = world.export_wish("orders", to="production", topic="live-orders")
    return replace(wish, mappings=tuple(mappings_of(*((world[old], world[new]) for old, new in pairs))))


def call(
    *items: ExportWish, mappings: Sequence[ReferenceMapping] = (), mode: BatchMode = BatchMode.ATOMIC
) -> ExportsWish:
    """A call of exports with mappings of its own."""
    given = tuple(replace(each, path=OfCall(each.path)) for each in mappings)
    shared = by_reference(given)
    return ExportsWish(tuple(replace(item, shared_mappings=shared) for item in items), mode, mappings=given)


async def planned_all(world: CompanyDatabase, wish: ExportsWish) -> ExportPreviews:
    return await preview_exports(world.work.of(world.user("ada")), wish)


def codes_and_paths(errors: Sequence[Refusal]) -> list[tuple[str, str]]:
    return [(error.code.value, "/".join(error.path)) for error in errors]


async def test_what_is_hidden_is_refused_in_the_words_for_what_does_not_exist(world: CompanyDatabase) -> None:
    hidden, unknown, ben = new_id(Kind.CREDENTIAL), new_id(Kind.CREDENTIAL), world.user("ben")
    await world.execute(ADD_CREDENTIAL, id=hidden, workspace=world["kitchen"], component=world["mailer"])
    before = await world.contents()
    outcomes = [
        errors_of(
            await export_flow(world.work.of(ben), orders(world, ("dev-mail", "live-mail"), (from_id, "live-mail")))
        )
        for from_id in (hidden, unknown)
    ]
    assert [codes_and_paths(errors) for errors in outcomes] == [[("INVALID_INPUT", "mappings/1/fromId")]] * 2
    [[of_hidden], [of_unknown]] = outcomes
    assert of_hidden.message.replace(hidden, unknown) == of_unknown.message
    assert of_unknown.message == f"There is no credential {unknown} that you can see. Check the id, or ask for access."
    wish = orders(world, (unknown, "live-mail"))
    plan = await preview_export(world.work.of(ben), wish)
    assert isinstance(plan.decision, Refused)
    assert codes_and_paths(plan.decision.errors) == [("INVALID_INPUT", "mappings/0/fromId")]
    assert await world.contents() == before


@pytest.mark.parametrize(
    ("from_id", "to_id", "message"),
    [
        ("development", "development", "is the id of a workspace. Map credentials, secrets, agents or topics."),
        ("credential_gone", "live-mail", "There is no credential credential_gone that you can see."),
        ("mail", "mail", "There is nothing with the id mail that you can see. Check the id, or ask for access."),
        ("credentail_gone", "live-mail", "There is nothing with the id credentail_gone that you can see."),
    ],
)
async def test_what_can_not_be_mapped_at_all_is_refused_too(
    untouched: CompanyDatabase, from_id: str, to_id: str, message: str
) -> None:
    before, wish = await untouched.contents(), orders(untouched, (from_id, to_id))
    [error] = errors_of(await export_flow(untouched.work.of(untouched.user("ada")), wish))
    assert message in error.message
    assert await untouched.contents() == before


async def test_a_mapping_of_two_kinds_is_refused_for_that_alone(untouched: CompanyDatabase) -> None:
    before, wish = await untouched.contents(), orders(untouched, (new_id(Kind.AGENT), "live-mail"))
    [error] = errors_of(await export_flow(untouched.work.of(untouched.user("ada")), wish))
    assert error.path == ("mappings", "0", "toId")
    assert await untouched.contents() == before


async def test_what_is_seen_and_not_used_is_ignored_whatever_takes_its_place(world: CompanyDatabase) -> None:
    outcome = exported(
        await export_flow(world.work.of(world.user("ada")), orders(world, ("dev-items", new_id(Kind.TOPIC))))
    )
    assert [one.to_id for one in outcome.references if one.kind is ReferenceKind.TOPIC] == [world["live-orders"]]


async def test_what_is_gone_and_still_bound_in_the_source_can_be_mapped(world: CompanyDatabase) -> None:
    """By its own source, and in a call of many by that of another item."""
    ada, agent = world.user("ada"), world["dev-agent"]
    await world.execute("delete from agent where id = :agent", agent=agent)
    wish = orders(world, ("dev-agent", "live-agent"))
    outcome = exported(await export_flow(world.work.of(ada), wish))
    assert [one.to_id for one in outcome.references if one.from_id == agent] == [world["live-agent"]]
    plain = replace(world.export_wish("plain", to="production"), mappings=wish.mappings)
    alone = errors_of(await export_flow(world.work.of(ada), plain))
    assert codes_and_paths(alone) == [("INVALID_INPUT", "mappings/0/fromId")]
    beside = await export_flows(world.work.of(ada), call(wish, plain, mappings=wish.mappings))
    assert (beside.errors, [type(result) for result in beside.results]) == ((), [Exported, Exported])


async def test_in_a_call_of_many_it_is_refused_in_its_item_or_as_a_mistake_of_the_call(
    untouched: CompanyDatabase,
) -> None:
    before, ada = await untouched.contents(), untouched.user("ada")
    good, lost = orders(untouched), orders(untouched, (new_id(Kind.TOPIC), "live-items"))
    batch = await export_flows(untouched.work.of(ada), call(good, lost))
    first, second = map(errors_of, batch.results)
    assert first == (BatchNotApplied((1,)),)
    assert codes_and_paths(second) == [("INVALID_INPUT", "items/1/mappings/0/fromId")]
    assert batch.errors == ()
    of_call = call(good, mappings=lost.mappings, mode=BatchMode.BEST_EFFORT)
    batch = await export_flows(untouched.work.of(ada), of_call)
    assert codes_and_paths(batch.errors) == [("INVALID_INPUT", "mappings/0/fromId")]
    assert [errors_of(result) for result in batch.results] == [(BatchNotApplied(()),)]
    assert await untouched.contents() == before


async def test_a_call_that_is_repeated_for_what_is_left_of_it_is_not_refused_for_what_has_gone_since(
    world: CompanyDatabase,
) -> None:
    """P5: what was done is answered again, and what was refused tried again."""
    ada, used = world.user("ada"), orders(world, ("dev-agent", "live-agent"))
    full = world.export_wish("plain", to="full-live")
    wish = call(replace(used, mappings=()), full, mappings=used.mappings, mode=BatchMode.BEST_EFFORT)
    wish = replace(wish, idempotency_key="key")
    first = await export_flows(world.work.of(ada), wish)
    assert [type(result) for result in first.results] == [Exported, Refused]
    await world.execute("delete from agent where id = :agent", agent=world["dev-agent"])
    again = await export_flows(world.work.of(ada), wish)
    done, refused = again.results
    assert (again.errors, exported(done).replayed) == ((), True)
    assert codes_and_paths(errors_of(refused)) == [("QUOTA_EXCEEDED", "items/1/destination/workspaceId")]


async def test_what_is_mapped_is_looked_up_with_all_else(untouched: CompanyDatabase) -> None:
    """In one statement, however many items have mappings."""
    unknown = [(new_id(Kind.CREDENTIAL), "live-mail") for _ in range(50)]
    items = [orders(untouched, *unknown[number : number + 10]) for number in range(0, 50, 10)]
    counts = []
    for wish in (call(orders(untouched)), call(*items, mappings=orders(untouched, *unknown).mappings)):
        with statements_sent() as sent:
            await planned_all(untouched, wish)
        counts.append(len(sent))
    assert counts == [3, 3]
