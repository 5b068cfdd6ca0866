"""The demo world is put back while others write to it, or it stays as it is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from app.domain.edit import CreateWish
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace
from app.domain.model import Kind, UserId
from app.storage.connections.database import Database
from app.storage.world.demo import DemoIsBusy, demo_id
from app.usecases import apply_world
from app.usecases.change_flow import create_flow
from app.usecases.copy_and_export import copy_flow, export_flow
from app.usecases.transaction import UnitOfWork
from tests.commands import reset_demo
from tests.databases import Databases, connected
from tests.serving.real import soon_true
from tests.usecases.test_demo import without_times
from tests.usecases.world_files import contents

INTEGRATOR = UserId(demo_id(Kind.USER, "demo-integrator"))
FLOW, WORKSPACE = demo_id(Kind.FLOW, "order-intake"), demo_id(Kind.WORKSPACE, "retail-dev")
GRAPH = {"nodes": [{"id": "1", "command": "harbor/code:execute"}], "edges": []}
CHANGE = "update flow set name = 'Changed'"
WAITS = "select exists(select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"


@pytest.fixture
async def url(databases: Databases, loaded_demo: str) -> AsyncIterator[str]:
    async with databases.copy(loaded_demo) as copied:
        yield copied


@asynccontextmanager
async def waiting_reset(url: str) -> AsyncIterator["asyncio.Task[None]"]:
    """One that waits for a lock that somebody holds."""
    resetting = asyncio.create_task(reset_demo(url))
    async with connected(url) as other:

        async def waits() -> bool:
            return bool(await other.fetchval(WAITS)) or resetting.done()

        assert await soon_true(waits)
    yield resetting
    await asyncio.wait({resetting})


async def test_a_reset_waits_for_those_who_write(url: str) -> None:
    first = without_times(await contents(url))
    async with connected(url) as writer:
        await writer.execute(f"begin; {CHANGE}")
        async with waiting_reset(url) as resetting:
            await writer.execute("delete from flow_draft; commit")
        resetting.result()
    assert without_times(await contents(url)) == first


@pytest.mark.parametrize(
    ("held", "needed"), [("contract", "flow"), ("flow", "contract"), ("flow_draft", "user_account")]
)
async def test_those_who_write_never_lose_to_a_reset_what_they_have_done(url: str, held: str, needed: str) -> None:
    """Whichever tables they lock first: the reset gives way, and is done after them."""
    first = without_times(await contents(url))
    async with connected(url) as writer:
        # Were the two to wait for each other, PostgreSQL would end the reset.
        await writer.execute("set deadlock_timeout = '1h'")
        await writer.execute(f"begin; select from {held} for update")
        async with waiting_reset(url) as resetting:
            await writer.execute(f"select from {needed} for update; {CHANGE}; commit")
        resetting.result()
    assert without_times(await contents(url)) == first


async def test_a_reset_that_waits_in_vain_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply_world, "MOST_WAITS", 2)
    first = await contents(url)
    async with connected(url) as writer:
        await writer.execute(f"begin; {CHANGE}")
        with pytest.raises(
            DemoIsBusy, match=r"^Others are writing to the demo world all the time\. Nothing was changed\."
        ):
            await reset_demo(url)
        await writer.execute("rollback")
    assert await contents(url) == first


async def test_resets_beside_real_writers_are_all_done(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # How long they wait for one another on a busy machine is not what is tested.
    monkeypatch.setattr(apply_world, "MOST_WAITS", 1_000)
    first = without_times(await contents(url))
    database, resets_are_done = Database(url, pool_size=32, lock_timeout_seconds=60), asyncio.Event()
    work = UnitOfWork(database, clock=lambda: datetime.now(UTC))

    async def write(number: int) -> None:
        while not resets_are_done.is_set():
            await copy_flow(work.of(INTEGRATOR), CopyWish(FLOW))
            await create_flow(work.of(INTEGRATOR), CreateWish(WORKSPACE, f"New {number}", GRAPH))
            there = IntoWorkspace(demo_id(Kind.WORKSPACE, "bakery-dev"))
            await export_flow(work.of(INTEGRATOR), ExportWish(FLOW, there))

    writers = [asyncio.create_task(write(number)) for number in range(4)]
    for _ in range(3):
        await reset_demo(url)
        assert not [each for each in writers if each.done()]
    resets_are_done.set()
    await asyncio.gather(*writers)
    await database.close()
    await reset_demo(url)
    assert without_times(await contents(url)) == first
