"""The tables of requested releases: their drafts, decisions and versions."""

from datetime import datetime

from sqlalchemy import Index, false
from sqlmodel import Field

from app.domain.release import ReleaseState
from app.storage.tables.columns import DatabaseTable, IdColumn, id_without_key, one_of, reference, text, time


class ReleaseRequestTable(IdColumn, table=True):
    """A request for a release; it outlives accounts and flows, so their ids have no foreign keys (R7)."""

    __table_args__ = (
        Index(None, "workspace_id", "id"),
        Index(None, "workspace_id", "state", "id"),
        one_of("state", ReleaseState),
    )
    workspace_id: str = reference("workspace.id", on_delete="CASCADE")
    title: str = text()
    comment: str | None = text(nullable=True)
    start: bool
    state: str = text()
    requested_by: str = id_without_key(nullable=False)
    requested_at: datetime = time()
    reviewed_by: str | None = id_without_key()
    review_comment: str | None = text(nullable=True)
    withdrawn_by: str | None = id_without_key()
    closed_at: datetime | None = time(nullable=True)
    undone_at: datetime | None = time(nullable=True)


class ReleaseItemTable(DatabaseTable, table=True):
    """A draft of a request; its ids have no foreign keys, since the request outlives the rows."""

    __table_args__ = (Index(None, "draft_id"),)
    request_id: str = reference("release_request.id", on_delete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    flow_id: str = id_without_key(nullable=False)
    flow_name: str = text()
    draft_id: str = id_without_key(nullable=False)
    revision: int
    over_version_id: str | None = id_without_key()
    version_id: str | None = id_without_key()
    started: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
