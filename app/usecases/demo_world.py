"""The demo world: loaded into an empty database, and put back to its first state."""

import asyncio

from app.storage.store import Store
from app.storage.world import demo
from app.storage.world.demo import DemoIsBusy, NotOnlyTheDemo
from app.storage.world.terms import take_turn_of_command
from app.usecases.apply_world import NotApplied, WorldWish, applied
from app.usecases.transaction import UnitOfWork, transaction

__all__ = ["DemoIsBusy", "NotOnlyTheDemo", "demo_is_loaded", "load_demo_if_empty", "reset_demo_world"]

MOST_WAITS = 20
PAUSE_SECONDS = 0.2
"""How often a reset waits for those who write, and what it leaves them in between."""


async def demo_is_loaded(work: UnitOfWork) -> bool:
    """Whether anybody can get in with the tokens of the demo world."""
    async with work.database.reading() as connection:
        return await demo.has_demo_tokens(connection)


async def load_demo_if_empty(work: UnitOfWork) -> bool:
    """Load the demo world with its tokens if nobody has anything in this database; whether it was loaded."""
    async with work.database.reading() as connection:
        is_empty = await demo.is_empty(connection)
    # Whoever loads something now is waited for.
    return is_empty and await load_demo(work, None)


async def reset_demo_world(work: UnitOfWork) -> None:
    """Delete everything, and load the demo world anew. Raises NotOnlyTheDemo and DemoIsBusy; then nothing is written."""
    for _ in range(MOST_WAITS - 1):
        try:
            return await reset_demo(work, None)
        except DemoIsBusy:
            await asyncio.sleep(PAUSE_SECONDS)
    return await reset_demo(work, None)


@transaction()
async def load_demo(store: Store, _: None) -> bool:
    await take_turn_of_command(store.connection)
    if not await demo.is_empty(store.connection):
        return False
    await apply_demo(store)
    return True


@transaction()
async def reset_demo(store: Store, _: None) -> None:
    await take_turn_of_command(store.connection)
    await demo.clear(store)
    await apply_demo(store)


async def apply_demo(store: Store) -> None:
    outcome = await applied(store, WorldWish(demo.WORLD.read_bytes(), new_id=demo.demo_id))
    if isinstance(outcome, NotApplied):
        raise TypeError(outcome.errors[0].message)
    await demo.add_what_no_document_says(store.connection)
