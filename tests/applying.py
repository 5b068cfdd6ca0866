"""World documents applied to databases, as the command does it."""

from collections.abc import Collection
from typing import Any

from app.domain.world.sections import NAMES
from app.domain.world.things import ThingInUse, WorldPlan
from app.usecases.apply_world import NotApplied, WorldWish, apply_world, ids_of, plan_world
from tests.commands import working_on


class WorldRefused(Exception):
    """A document was refused."""

    def __init__(self, refused: NotApplied) -> None:
        super().__init__("\n".join(f"{'/'.join(each.path)}: {each.message}" for each in refused.errors))
        self.errors, self.mistakes = refused.errors, refused.plan.mistakes


def wish_of(document: bytes, *, prune: Collection[str] = (), **others: Any) -> WorldWish:
    return WorldWish(document, prune=frozenset(prune), **others)


async def applied(url: str, document: bytes, **others: Any) -> WorldPlan:
    """Apply a document. Raises WorldRefused."""
    async with working_on(url) as work:
        outcome = await apply_world(work, wish_of(document, **others))
    if isinstance(outcome, NotApplied):
        raise WorldRefused(outcome)
    return outcome


async def load_world(url: str, document: bytes, **others: Any) -> dict[str, str]:
    """Apply a document, and answer the ids of its keys; a test begins without the events of that."""
    ids = ids_of(await applied(url, document, **others))
    async with working_on(url) as work, work.database.writing() as connection:
        await connection.execute("delete from pending_event")
    return ids


async def plan_of(url: str, document: bytes, **others: Any) -> WorldPlan:
    async with working_on(url) as work:
        return await plan_world(work, wish_of(document, **others))


def in_use(plan: WorldPlan) -> list[tuple[str, str | None, str, int]]:
    """What can't be removed: section and key, the section of what rests on it, and how many of these do."""
    blockers = (each for each in plan.blockers if isinstance(each, ThingInUse))
    return [(NAMES[each.section], each.key, NAMES[each.by], each.count) for each in blockers]
