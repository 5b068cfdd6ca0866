"""Refusals that only starting, stopping and deleting flows know."""

from typing import Self

import strawberry

from app.domain import running
from app.graphql.errors.interfaces import DeleteFlowError, PublishFlowDraftError, StartFlowError, told


@strawberry.type(description="The flow runs: stop it first.")
class FlowIsActive(DeleteFlowError):
    @classmethod
    def of(cls, refusal: running.FlowIsActive) -> Self:
        return cls(**told(refusal))


@strawberry.type(description="The platform suspended the flow; only the platform lifts that.")
class FlowIsSuspended(StartFlowError, PublishFlowDraftError):
    @classmethod
    def of(cls, refusal: running.FlowIsSuspended) -> Self:
        return cls(**told(refusal))


@strawberry.type(description="The flow has no published version that could be started.")
class FlowNotPublished(StartFlowError):
    @classmethod
    def of(cls, refusal: running.FlowNotPublished) -> Self:
        return cls(**told(refusal))
