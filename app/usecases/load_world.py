"""Load a world file."""

from typing import NamedTuple

from app.storage.store import Store
from app.storage.world.copy import begin_load, end_load
from app.storage.world.keys import IdSource
from app.storage.world.load import Progress, fresh_id, load_into
from app.usecases.transaction import transaction


class WorldFile(NamedTuple):
    document: bytes
    progress: Progress | None = None
    new_id: IdSource = fresh_id


@transaction()
async def load_world(store: Store, world: WorldFile) -> dict[str, str]:
    """Load a world file beside what the database holds, and answer the ids of its keys.

    Raises WorldMistakes with every mistake in the file; then nothing is written.
    """
    await begin_load(store.connection)
    ids = await load_into(store.connection, world.document, progress=world.progress, new_id=world.new_id)
    await end_load(store.connection)
    return ids
