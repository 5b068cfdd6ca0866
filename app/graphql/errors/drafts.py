"""Refusals that only changes of a draft know: one that has moved, and one that isn't ready."""

from app.domain import draft, readiness
from app.execution.relations import one
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.errors.interfaces import Error
from app.graphql.types.flow import FlowDraft
from app.graphql.types.readiness import DraftBlocker


@shows(draft.StaleDraft, "The draft was changed since the revision that the change is based on, or is gone.")
class StaleDraft(Error):
    current_draft: FlowDraft | None = one(
        "drafts", "draft_id", "The draft as it is now; null when it was published or discarded meanwhile."
    )


@shows(readiness.DraftNotReady, "The draft can't be published yet.")
class DraftNotReady(Error):
    blockers: list[DraftBlocker] = about("What keeps it from being published, as `FlowDraft.readiness` has it.")
