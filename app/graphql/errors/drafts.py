"""Refusals that only changes of a draft know: one that has moved, and one that isn't ready."""

from typing import Self

import strawberry

from app.domain import draft, readiness
from app.execution.relations import one
from app.graphql.describe import field
from app.graphql.errors.interfaces import (
    DiscardFlowDraftError,
    PublishFlowDraftError,
    RevertFlowError,
    UpdateFlowDraftError,
    told,
)
from app.graphql.types.flow import FlowDraft
from app.graphql.types.readiness import Blockers, DraftBlocker


@strawberry.type(description="The draft was changed since the revision that the change is based on, or is gone.")
class StaleDraft(UpdateFlowDraftError, PublishFlowDraftError, DiscardFlowDraftError):
    draft_id: strawberry.Private[str | None]
    current_draft: FlowDraft | None = one(
        lambda loaders: loaders.drafts,
        lambda error: error.draft_id,
        "The draft as it is now; null when it was published or discarded meanwhile.",
    )

    @classmethod
    def of(cls, refusal: draft.StaleDraft) -> Self:
        return cls(**told(refusal), draft_id=refusal.draft_id)


@strawberry.type(description="The draft can't be published yet.")
class DraftNotReady(PublishFlowDraftError, RevertFlowError):
    found: strawberry.Private[Blockers]

    @field
    async def blockers(self) -> list[DraftBlocker]:
        """What keeps it from being published, as `FlowDraft.readiness` has it."""
        return await self.found.listed()

    @classmethod
    def of(cls, refusal: readiness.DraftNotReady) -> Self:
        return cls(**told(refusal), found=Blockers(refusal.blockers))
