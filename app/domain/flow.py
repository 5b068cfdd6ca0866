"""A flow, and what its draft, its versions, and every plan for one of them hold alike."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.access import WorkspaceAccess
from app.domain.graph import Bindings
from app.domain.model import ExportId, FlowId, FlowStatus, FlowType, VersionId, VersionOrigin
from app.domain.step import Link, Step


@dataclass(frozen=True, slots=True)
class FlowState:
    """What a draft or a version says, its graph apart: only the outline of steps and links, and the bindings."""

    name: str
    description: str | None
    cron: str | None
    content_hash: str
    steps: tuple[Step, ...]
    bindings: Bindings
    links: tuple[Link, ...] = ()
    origin: VersionOrigin = VersionOrigin.EDIT
    revert_of: VersionId | None = None
    """The version that the content was taken from, where it is a revert."""
    export_id: ExportId | None = None
    """The record of the copy or export that the content came from, unless it was changed since (P6)."""

    def taken_over(self, name: str, bindings: Bindings, origin: VersionOrigin) -> "FlowState":
        """What a copy or an export of it says. Not by `replace`, which takes several times as long."""
        return FlowState(
            name=name,
            description=self.description,
            cron=self.cron,
            content_hash=self.content_hash,
            steps=self.steps,
            bindings=bindings,
            links=self.links,
            origin=origin,
            export_id=self.export_id,
        )


@dataclass(frozen=True, slots=True)
class SavedState:
    """A draft or a version."""

    id: str
    state: FlowState
    revision: int = 0
    """Of drafts (H1)."""


@dataclass(frozen=True, slots=True)
class ShownFlow:
    """What a flow shows, and when it was changed last."""

    name: str
    description: str | None
    cron: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    id: FlowId
    name: str
    type: FlowType
    access: WorkspaceAccess
    published: SavedState | None = None
    draft: SavedState | None = None
    draft_revision: int = 0
    """Of the latest draft that it had (H1)."""
    status: FlowStatus = FlowStatus.INACTIVE
    shows: ShownFlow | None = None
    """Where it is overridden, which may be undone (P6)."""
