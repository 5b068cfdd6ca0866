"""The company whose drafts live, and what its people do to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.batch import Batch, BatchWish, FlowsWish, UndosWish
from app.domain.draft import DiscardPlan, DiscardWish, ExistingDraft, RestorePlan
from app.domain.edit import CreateWish, Saved, UpdateWish
from app.domain.errors import Refused
from app.domain.export import Exported
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import BY_DEFAULT, SourceWish, StateOfFlow
from app.domain.model import UserId
from app.domain.publish import Published, PublishWish, Reverted, RevertWish
from app.domain.release import ReleaseOutcome, RequestWish
from app.domain.review import ReviewDecision, ReviewWish
from app.domain.running import DeletePlan, StatusPlan
from app.domain.undo import Undone
from app.storage.connections.database import Database
from app.usecases.change_flow import (
    create_flow,
    delete_flow,
    discard_draft,
    publish_draft,
    publish_drafts,
    request_release,
    restore_draft,
    revert_flow,
    review_release,
    start_flow,
    start_flows,
    stop_flow,
    stop_flows,
    undo_release,
    update_draft,
    withdraw_release,
)
from app.usecases.copy_and_export import copy_flow, export_flow, undo_export, undo_exports
from app.usecases.transaction import UnitOfWork

BEGINNING = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Company:
    """The company in a database. Its clock goes on by a second whenever somebody looks at it."""

    ids: Mapping[str, str]
    url: str
    database: Database
    now: datetime = field(default=BEGINNING)

    def __getitem__(self, key: str) -> str:
        """The id that has this key in the company; whatever isn't there is taken for an id."""
        return self.ids.get(key, key)

    @property
    def work(self) -> UnitOfWork:
        return UnitOfWork(self.database, clock=self._tick)

    def kept(self) -> UnitOfWork:
        """What cleanups are run with, whose clock stands still."""
        return UnitOfWork(self.database, clock=lambda: self.now)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    async def create(self, workspace: str, graph: object, *, by: str = "ada", **said: Any) -> Saved | Refused[Any]:
        wish = CreateWish(self[workspace], said.pop("name", "New flow"), graph, **said)
        return await create_flow(self.work.of(self._user(by)), wish)

    async def copy(
        self, flow: str, *, by: str = "ada", source: str | None = None, name: str | None = None
    ) -> Exported | Refused[Any]:
        return await copy_flow(self.work.of(self._user(by)), CopyWish(self[flow], name, source_of(source)))

    async def export(
        self,
        flow: str,
        *,
        by: str = "ada",
        to: str | None = None,
        onto: str | None = None,
        source: str | None = None,
        refuse: bool = False,
    ) -> Exported | Refused[Any]:
        destination = IntoWorkspace(self[to or ""]) if onto is None else OntoFlow(self[onto])
        existing = ExistingDraft.REFUSE if refuse else ExistingDraft.SET_ASIDE
        wish = ExportWish(self[flow], destination, source=source_of(source), existing_draft=existing)
        return await export_flow(self.work.of(self._user(by)), wish)

    async def update(self, flow: str, *, by: str = "ada", **wanted: Any) -> Saved | Refused[Any]:
        return await update_draft(self.work.of(self._user(by)), UpdateWish(self[flow], **wanted))

    async def publish(
        self, flow: str, *, by: str = "ada", expected: int | None = None, start: bool = False
    ) -> Published | Refused[Any]:
        return await publish_draft(self.work.of(self._user(by)), PublishWish(self[flow], expected, start))

    async def publish_all(
        self, *drafts: tuple[str, int], by: str = "ada", start: bool = False, **said: Any
    ) -> Batch[Published, Any]:
        """Publish drafts, each of a flow at a revision."""
        items = tuple(PublishWish(self[flow], revision, start) for flow, revision in drafts)
        return await publish_drafts(self.work.of(self._user(by)), BatchWish(items, **said))

    async def start_all(self, *flows: str, by: str = "ada", **said: Any) -> Batch[StatusPlan, Any]:
        return await start_flows(self.work.of(self._user(by)), FlowsWish(flows, **said))

    async def stop_all(self, *flows: str, by: str = "ada", **said: Any) -> Batch[StatusPlan, Any]:
        return await stop_flows(self.work.of(self._user(by)), FlowsWish(flows, **said))

    async def start(self, flow: str, *, by: str = "ada") -> StatusPlan | Refused[Any]:
        return await start_flow(self.work.of(self._user(by)), self[flow])

    async def stop(self, flow: str, *, by: str = "ada") -> StatusPlan | Refused[Any]:
        return await stop_flow(self.work.of(self._user(by)), self[flow])

    async def delete(self, flow: str, *, by: str = "ada") -> DeletePlan | Refused[Any]:
        return await delete_flow(self.work.of(self._user(by)), self[flow])

    async def revert(
        self, flow: str, version: str, *, by: str = "ada", publish: bool = False, refuse: bool = False
    ) -> Reverted | Refused[Any]:
        existing = ExistingDraft.REFUSE if refuse else ExistingDraft.SET_ASIDE
        wish = RevertWish(self[flow], version, publish, existing)
        return await revert_flow(self.work.of(self._user(by)), wish)

    async def discard(self, flow: str, *, by: str = "ada", expected: int | None = None) -> DiscardPlan | Refused[Any]:
        return await discard_draft(self.work.of(self._user(by)), DiscardWish(self[flow], expected))

    async def restore(self, draft: str, *, by: str = "ada") -> RestorePlan | Refused[Any]:
        return await restore_draft(self.work.of(self._user(by)), draft)

    async def request(
        self, *drafts: tuple[str, int], by: str = "ada", title: str = "Spring", **said: Any
    ) -> ReleaseOutcome | Refused[Any]:
        """Request a release of drafts, each of a flow at a revision."""
        items = tuple(PublishWish(self[flow], revision) for flow, revision in drafts)
        return await request_release(self.work.of(self._user(by)), RequestWish(items, title=title, **said))

    async def review(
        self, release: str, *, by: str = "ben", reject: bool = False, comment: str | None = None
    ) -> ReleaseOutcome | Refused[Any]:
        decision = ReviewDecision.REJECT if reject else ReviewDecision.APPROVE
        return await review_release(self.work.of(self._user(by)), ReviewWish(release, decision, comment))

    async def withdraw(self, release: str, *, by: str = "ada") -> ReleaseOutcome | Refused[Any]:
        return await withdraw_release(self.work.of(self._user(by)), release)

    async def undo_release(self, release: str, *, by: str = "ben") -> ReleaseOutcome | Refused[Any]:
        return await undo_release(self.work.of(self._user(by)), release)

    async def undo(self, export_id: str, *, by: str = "ada") -> Undone | Refused[Any]:
        return await undo_export(self.work.of(self._user(by)), export_id)

    async def undo_all(self, *export_ids: str, by: str = "ada", **said: Any) -> Batch[Undone, Any]:
        return await undo_exports(self.work.of(self._user(by)), UndosWish(export_ids, **said))

    def _user(self, key: str) -> UserId:
        return UserId(self.ids[key])


def source_of(wanted: str | None) -> SourceWish:
    """A state of the flow, the id of a version, or neither."""
    if wanted is None:
        return BY_DEFAULT
    is_state = wanted in StateOfFlow.__members__
    return SourceWish(state=StateOfFlow(wanted)) if is_state else SourceWish(version_id=wanted)


def codes_of(outcome: object) -> set[str]:
    """What a call was refused for; nothing: it went through."""
    return {str(error.code.value) for error in outcome.errors} if isinstance(outcome, Refused) else set()
