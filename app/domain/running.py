"""Starting, stopping and deleting flows (H9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app.domain.access import (
    FLOW_TOGGLE_STATUS,
    ApprovalRequired,
    ContractSuspended,
    FlowNotFound,
    InsufficientPermission,
    approval_required,
    contract_suspended,
    is_reviewed,
    rights_missing,
    writing_refused,
)
from app.domain.batch import Batch, BatchNotApplied, FlowsWish, decide_items
from app.domain.errors import FLOW, FlowRefusal, Path, Refused, printable, refused
from app.domain.flow import Flow
from app.domain.input import InvalidInput
from app.domain.model import FlowId, FlowStatus


@dataclass(frozen=True, slots=True)
class FlowIsActive(FlowRefusal):
    @property
    def message(self) -> str:
        return f"The flow {printable(self.flow_name)} is running. Stop it first, then delete it."


@dataclass(frozen=True, slots=True)
class FlowIsSuspended(FlowRefusal):
    @property
    def message(self) -> str:
        return (
            f"The platform suspended the flow {printable(self.flow_name)}, so it can't be started. "
            "Only the platform can lift that: ask its support."
        )


@dataclass(frozen=True, slots=True)
class FlowNotPublished(FlowRefusal):
    has_draft: bool = field(default=True, compare=False)

    @property
    def message(self) -> str:
        help_ = "Publish its draft first" if self.has_draft else "Restore a draft that was set aside and publish it"
        return f"The flow {printable(self.flow_name)} was never published, so there is nothing to start. {help_}."


StartRefusal = (
    FlowNotFound
    | InsufficientPermission
    | ContractSuspended
    | FlowIsSuspended
    | FlowNotPublished
    | InvalidInput
    | BatchNotApplied
)
StopRefusal = FlowNotFound | InsufficientPermission | ContractSuspended | InvalidInput | BatchNotApplied
"""A suspended contract lets flows be stopped; callers are prepared for a rule that doesn't."""
DeleteRefusal = FlowNotFound | InsufficientPermission | ApprovalRequired | ContractSuspended | FlowIsActive


@dataclass(frozen=True, slots=True)
class StatusPlan:
    flow_id: FlowId
    status: FlowStatus | None
    """The new status; None where it stays as it is."""


@dataclass(frozen=True, slots=True)
class DeletePlan:
    """The flow goes with its drafts and versions."""

    flow_id: FlowId
    without_review: bool = False
    """Whether the caller deletes a published flow of a reviewed workspace alone (R3)."""


def plan_start(flow: Flow | None, flow_id: str) -> StatusPlan | Refused[StartRefusal]:
    """Decide to start a flow; one that runs already goes on running.

    Refuses a flow that the platform suspended, one without a published version, and all flows of a suspended contract.
    None: the caller can't see the flow.
    """
    if flow is None:
        return Refused((FlowNotFound(flow_id, path=FLOW),))
    errors: tuple[StartRefusal, ...] = (
        *starting_refused(flow),
        *contract_suspended(flow.access, FLOW),
        *(
            ()
            if flow.published is not None
            else (FlowNotPublished(flow.id, flow.name, flow.draft is not None, path=FLOW),)
        ),
    )
    return refused(*errors) or StatusPlan(flow.id, None if flow.status is FlowStatus.ACTIVE else FlowStatus.ACTIVE)


def plan_stop(flow: Flow | None, flow_id: str) -> StatusPlan | Refused[StopRefusal]:
    """Decide to stop a flow, also one of a suspended contract; one that doesn't run stays as it is.

    Refuses for missing rights alone. None: the caller can't see the flow.
    """
    if flow is None:
        return Refused((FlowNotFound(flow_id, path=FLOW),))
    errors = rights_missing(flow.access, FLOW, permission=FLOW_TOGGLE_STATUS)
    return refused(*errors) or StatusPlan(flow.id, FlowStatus.INACTIVE if flow.status is FlowStatus.ACTIVE else None)


Reason = TypeVar("Reason", StartRefusal, StopRefusal)


def plan_each(
    rule: Callable[[Flow | None, str], StatusPlan | Refused[Reason]], flows: Mapping[str, Flow], wish: FlowsWish
) -> Batch[StatusPlan, Reason]:
    """Decide to start or stop several flows, each by `plan_start` or `plan_stop` (B3)."""
    names = {flow_id: flow.name for flow_id, flow in flows.items()}
    return decide_items(wish, lambda flow_id: rule(flows.get(flow_id), flow_id), str, names)


def plan_delete(flow: Flow | None, flow_id: str) -> DeletePlan | Refused[DeleteRefusal]:
    """Decide to delete a flow; refuses one that runs, and a published one of a reviewed workspace (R2).

    None: the caller can't see the flow.
    """
    if flow is None:
        return Refused((FlowNotFound(flow_id, path=FLOW),))
    errors: tuple[DeleteRefusal, ...] = (
        *writing_refused(flow.access, FLOW),
        *(() if flow.published is None else approval_required(flow.access, FLOW)),
        *((FlowIsActive(flow.id, flow.name, path=FLOW),) if flow.status is FlowStatus.ACTIVE else ()),
    )
    return refused(*errors) or DeletePlan(flow.id, flow.published is not None and is_reviewed(flow.access))


def starting_refused(flow: Flow) -> tuple[InsufficientPermission | FlowIsSuspended, ...]:
    """Refuse to start a flow without the permission, or one that the platform suspended."""
    return (*rights_missing(flow.access, FLOW, permission=FLOW_TOGGLE_STATUS), *suspended_by_platform(flow))


def suspended_by_platform(flow: Flow, path: Path = FLOW) -> tuple[FlowIsSuspended, ...]:
    """Refuse to start a flow that the platform suspended."""
    return (FlowIsSuspended(flow.id, flow.name, path=path),) if flow.status is FlowStatus.SUSPENDED else ()
