"""Loading world files into databases."""

from datetime import UTC, datetime

from app.storage.connections.database import opened
from app.storage.world.keys import IdSource
from app.storage.world.load import Progress, fresh_id
from app.usecases import load_world as loading
from app.usecases.transaction import UnitOfWork


async def load_world(
    url: str, document: bytes, *, progress: Progress | None = None, new_id: IdSource = fresh_id
) -> dict[str, str]:
    """The ids of its keys."""
    async with opened(url) as database:
        work = UnitOfWork(database, clock=lambda: datetime.now(UTC))
        return await loading.load_world(work, loading.WorldFile(document, progress, new_id))
