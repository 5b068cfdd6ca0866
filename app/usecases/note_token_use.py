"""Note when an API token was last used."""

from app.storage.store import Store
from app.storage.tokens import note_use
from app.usecases.transaction import transaction


@transaction()
async def note_token_use(store: Store, token_id: str) -> None:
    """Note that a token was used just now."""
    await note_use(store.connection, token_id, store.at)
