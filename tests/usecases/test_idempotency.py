"""A call that is repeated with the same idempotency key is done once (P5)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.edit import CreateWish
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace, OntoFlow
from app.domain.input import IdempotencyKeyReused
from app.domain.publish import PublishWish, RevertWish
from app.storage.connections.connection import WriteConnection
from app.storage.facts.locks import store_call
from app.usecases.change_flow import create_flow, publish_draft, revert_flow
from app.usecases.copy_and_export import copy_flow, export_flow
from app.usecases.transaction import UnitOfWork
from app.usecases.upkeep import expire, remove_keys
from tests.sent_statements import statements_sent
from tests.usecases.company_database import NOW, CompanyDatabase

GRAPH = {"nodes": [{"id": "1", "command": "core/code:run"}], "edges": []}
DAY = timedelta(hours=24)


async def calls_of(world: CompanyDatabase) -> dict[str, tuple[Callable[..., Awaitable[Any]], Any, Any]]:
    """Of each call: the use case, a wish that goes through, and another one."""
    [version] = await world.versions("plain")
    copy, export = CopyWish(world["orders"], "A copy"), ExportWish(world["orders"], IntoWorkspace(world["production"]))
    create = CreateWish(world["development"], "Made", GRAPH)
    publish, revert = PublishWish(world["busy"]), RevertWish(world["plain"], version["id"])
    return {
        "copy": (copy_flow, copy, replace(copy, name="Another")),
        "export": (export_flow, export, replace(export, destination=OntoFlow(world["orders-live"]))),
        "create": (create_flow, create, replace(create, graph={**GRAPH, "note": 1})),
        "publish": (publish_draft, publish, replace(publish, start=True)),
        "revert": (revert_flow, revert, replace(revert, publish=True)),
    }


CALLS = pytest.mark.parametrize("call", ["copy", "export", "create", "publish", "revert"])


def keyed(wish: Any, key: str = "key 1") -> Any:
    return replace(wish, idempotency_key=key)


def as_replay(outcome: Any) -> Any:
    """What a repeated call comes to: references of exports are read with the record, where they are asked for."""
    read = {"references": ()} if isinstance(outcome, Exported) else {}
    return replace(outcome, replayed=True, **read)


@CALLS
async def test_the_same_key_and_input_answer_like_the_first_time_and_change_nothing(
    world: CompanyDatabase, call: str
) -> None:
    do, wish, _ = (await calls_of(world))[call]
    first = await do(world.work.of(world.user("ada")), keyed(wish))
    assert not isinstance(first, Refused)
    assert not first.replayed
    before = await world.contents()
    assert await do(world.work.of(world.user("ada")), keyed(wish)) == as_replay(first)
    assert await world.contents() == before


@CALLS
async def test_the_same_key_for_another_input_is_refused_and_writes_nothing(world: CompanyDatabase, call: str) -> None:
    do, wish, other = (await calls_of(world))[call]
    await do(world.work.of(world.user("ada")), keyed(wish))
    before = await world.contents()
    refused = await do(world.work.of(world.user("ada")), keyed(other))
    assert refused == Refused((IdempotencyKeyReused(NOW),))
    assert await world.contents() == before


@CALLS
@pytest.mark.parametrize(("key", "says"), [("", "0 characters"), ("x" * 256, "256 characters"), ("a\0", "NUL")])
async def test_what_can_be_no_key_is_refused_with_everything_else(
    world: CompanyDatabase, call: str, key: str, says: str
) -> None:
    do, wish, _ = (await calls_of(world))[call]
    before = await world.contents()
    for who in ("ada", "gus"):
        refused = await do(world.work.of(world.user(who)), keyed(wish, key))
        assert isinstance(refused, Refused)
        [mistake] = [error for error in refused.errors if error.path == ("idempotencyKey",)]
        assert says in mistake.message
        assert (len(refused.errors) > 1) == (who == "gus")
    assert await world.contents() == before


async def test_a_key_belongs_to_its_caller_and_to_one_kind_of_call(world: CompanyDatabase) -> None:
    calls = await calls_of(world)
    outcomes = [
        await do(world.work.of(world.user(who)), keyed(wish))
        for do, wish, _ in (calls["copy"], calls["export"])
        for who in ("ada", "ben")
    ]
    assert [outcome.replayed for outcome in outcomes] == [False] * 4
    assert len({outcome.flow_id for outcome in outcomes}) == 4


async def test_a_refusal_may_be_tried_again(world: CompanyDatabase) -> None:
    wish = keyed(CopyWish(world["orders"], "A copy"))
    refused = await copy_flow(world.work.of(world.user("gus")), wish)
    assert isinstance(refused, Refused)
    await world.execute(
        "update workspace_access set role_id = (select id from role where name = 'integrator' and scope = 'WORKSPACE' and tenant_id is null)"
        " where user_id = :user",
        user=world["gus"],
    )
    done = await copy_flow(world.work.of(world.user("gus")), wish)
    assert not isinstance(done, Refused)
    assert not done.replayed


def at(world: CompanyDatabase, after: timedelta, kept: timedelta = DAY) -> UnitOfWork:
    return UnitOfWork(world.database, clock=lambda: NOW + after, keys_kept=kept)


@pytest.mark.parametrize("kept", [timedelta(hours=1), DAY])
async def test_a_key_is_kept_as_long_as_the_setting_says_and_may_then_be_used_again(
    world: CompanyDatabase, kept: timedelta
) -> None:
    wish, other = keyed(CopyWish(world["orders"], "A copy")), keyed(CopyWish(world["orders"], "Another"))
    ada, moment = world.user("ada"), timedelta(microseconds=1)
    first = await copy_flow(at(world, timedelta(0), kept).of(ada), wish)
    assert not isinstance(first, Refused)
    assert await copy_flow(at(world, kept - moment, kept).of(ada), wish) == as_replay(first)
    assert isinstance(await copy_flow(at(world, kept - moment, kept).of(ada), other), Refused)
    again = await copy_flow(at(world, kept, kept).of(ada), other)
    assert not isinstance(again, Refused)
    assert again.flow_id != first.flow_id
    assert await copy_flow(at(world, 2 * kept - moment, kept).of(ada), other) == as_replay(again)


async def test_old_keys_are_removed_and_others_stay(world: CompanyDatabase) -> None:
    ada = world.user("ada")
    for number in range(3):
        work = at(world, timedelta(hours=number))
        await copy_flow(work.of(ada), keyed(CopyWish(world["orders"], "A copy"), f"key {number}"))
    assert await expire(at(world, DAY + timedelta(hours=1)), remove_keys, DAY) == 2
    held = await world.contents()
    assert [key for _, _, key in held["idempotency_key"]] == ["key 2"]
    assert await expire(at(world, DAY), remove_keys, DAY) == 0


@CALLS
async def test_two_calls_at_once_are_done_once_and_answer_the_same(world: CompanyDatabase, call: str) -> None:
    do, wish, _ = (await calls_of(world))[call]
    outcomes = await asyncio.gather(*(do(world.work.of(world.user("ada")), keyed(wish)) for _ in range(3)))
    assert sorted(outcome.replayed for outcome in outcomes) == [False, True, True]
    assert len({repr(as_replay(outcome)) for outcome in outcomes}) == 1


async def test_who_waits_for_a_call_that_is_refused_or_lost_does_it_itself(
    world: CompanyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's death between the change and the key leaves neither: both are one transaction."""
    keep = store_call
    lost = 0

    async def lose_the_first(connection: WriteConnection, *given: Any) -> None:
        nonlocal lost
        await keep(connection, *given)
        lost += 1
        if lost == 1:
            await asyncio.sleep(0.05)
            raise ConnectionError("the server died")

    monkeypatch.setattr("app.usecases.keyed_calls.store_call", lose_the_first)
    before = await world.contents()
    wish = keyed(CopyWish(world["orders"], "A copy"))
    outcomes = await asyncio.gather(
        *(copy_flow(world.work.of(world.user("ada")), wish) for _ in range(2)), return_exceptions=True
    )
    assert [type(outcome).__name__ for outcome in outcomes].count("ConnectionError") == 1
    [done] = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert not isinstance(done, Refused)
    assert not done.replayed
    held = await world.contents()
    assert len(held["flow"]) == len(before["flow"]) + 1
    assert len(held["idempotency_key"]) == 1


@CALLS
async def test_without_a_key_no_statement_is_sent_for_it(world: CompanyDatabase, call: str) -> None:
    do, wish, other = (await calls_of(world))[call]
    with statements_sent() as sent:
        await do(world.work.of(world.user("ada")), wish)
    assert [sql for sql, _ in sent if "idempotency" in sql or "advisory" in sql] == []
    with statements_sent() as with_key:
        await do(
            world.work.of(world.user("ada")), keyed(other) if call in {"copy", "create", "export"} else keyed(wish)
        )
    assert len([sql for sql, _ in with_key if "idempotency" in sql or "advisory" in sql]) in {2, 3}
