"""Start or stop a flow, or up to a thousand in one call."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.access import FLOW_TOGGLE_STATUS
from app.domain.batch import FlowsWish
from app.domain.errors import Refused
from app.domain.flow import Flow
from app.domain.running import StartRefusal, StatusPlan, StopRefusal, plan_each, plan_start, plan_stop
from app.storage.store import Store
from app.storage.writes.lifecycle import set_status
from app.usecases.results import Batch, Toggled
from app.usecases.transaction import transaction

Reason = TypeVar("Reason", StartRefusal, StopRefusal)
Rule = Callable[[Flow | None, str], StatusPlan | Refused[Reason]]


@transaction()
async def start_flow(store: Store, flow_id: str) -> Toggled | Refused[StartRefusal]:
    """Start the flow's published version, unless it runs already (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_start)


@transaction()
async def start_flows(store: Store, wish: FlowsWish) -> Batch[Toggled, StartRefusal]:
    """Start flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_start)


@transaction()
async def stop_flow(store: Store, flow_id: str) -> Toggled | Refused[StopRefusal]:
    """Stop a flow if it runs, also one of a suspended contract (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_stop)


@transaction()
async def stop_flows(store: Store, wish: FlowsWish) -> Batch[Toggled, StopRefusal]:
    """Stop flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_stop)


async def _toggle(store: Store, flow_id: str, rule: Rule[Reason]) -> Toggled | Refused[Reason]:
    flows = await store.flows([flow_id], permission=FLOW_TOGGLE_STATUS)
    plan = rule(flows.get(flow_id), flow_id)
    if isinstance(plan, Refused):
        return plan
    await set_status(store, [plan])
    return Toggled(plan.flow_id)


async def _toggle_each(store: Store, wish: FlowsWish, rule: Rule[Reason]) -> Batch[Toggled, Reason]:
    flows = await store.flows(wish.remaining.values(), permission=FLOW_TOGGLE_STATUS)
    decided = plan_each(rule, flows, wish)
    await set_status(store, decided.plans)
    return Batch.of(decided, [Toggled(plan.flow_id) for plan in decided.plans])
