"""The requested releases of a workspace, and their items."""

from sqlalchemy import bindparam
from sqlalchemy.types import Text

from app.domain.release import ReleaseItem
from app.storage.connections.connection import views_of
from app.storage.facts.release_facts import ITEMS
from app.storage.facts.visibility import is_member
from app.storage.pages.paging import ListBelow, Order
from app.storage.reads.releases import RELEASES
from app.storage.reads.rows import ReleaseView
from app.storage.tables import RELEASE_ITEM, RELEASE_REQUEST

STATE = bindparam("release_state", type_=Text)
RELEASES_OF_WORKSPACE = ListBelow(
    RELEASES,
    RELEASE_REQUEST.c.workspace_id,
    Order((RELEASE_REQUEST.c.id,), descending=True),
    views_of(ReleaseView),
    only=is_member,
)
"""The requests of a workspace, the newest first, by id."""
RELEASES_IN_STATE = RELEASES_OF_WORKSPACE.where(RELEASE_REQUEST.c.state == STATE)

ITEMS_OF_RELEASE = ListBelow(ITEMS, RELEASE_ITEM.c.request_id, Order((RELEASE_ITEM.c.position,)), views_of(ReleaseItem))
"""The items of a request in their order, for viewers of the request."""
