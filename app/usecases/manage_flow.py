"""Create, start, stop and delete flows."""

from collections.abc import Callable
from typing import TypeVar

from app.domain.access import FLOW_EDIT, FLOW_TOGGLE_STATUS
from app.domain.batch import Batch, FlowsWish
from app.domain.edit import Created, CreateRefusal, CreateWish, plan_create
from app.domain.errors import Refused
from app.domain.flow import Flow
from app.domain.input import KeyedCall
from app.domain.running import (
    DeletePlan,
    DeleteRefusal,
    StartRefusal,
    StatusPlan,
    StopRefusal,
    plan_delete,
    plan_each,
    plan_start,
    plan_stop,
)
from app.storage.store import Store
from app.storage.writes.copies import write_flow
from app.storage.writes.lifecycle import remove_flow, set_status
from app.usecases.transaction import decide, transaction

Reason = TypeVar("Reason", StartRefusal, StopRefusal)
Rule = Callable[[Flow | None, str], StatusPlan | Refused[Reason]]


@transaction(key=KeyedCall.CREATE_FLOW)
async def create_flow(store: Store, wish: CreateWish) -> Created | Refused[CreateRefusal]:
    """Create a flow with a draft, however unfinished (C6). On a refusal nothing is written."""
    facts = await store.create_facts(wish)
    plan = await decide(facts, lambda: plan_create(facts, wish))
    return plan if isinstance(plan, Refused) else await write_flow(store, plan)


@transaction()
async def start_flow(store: Store, flow_id: str) -> StatusPlan | Refused[StartRefusal]:
    """Start the flow's published version, unless it runs already (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_start)


@transaction()
async def start_flows(store: Store, wish: FlowsWish) -> Batch[StatusPlan, StartRefusal]:
    """Start flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_start)


@transaction()
async def stop_flow(store: Store, flow_id: str) -> StatusPlan | Refused[StopRefusal]:
    """Stop a flow if it runs, also one of a suspended contract (H9). On a refusal nothing is written."""
    return await _toggle(store, flow_id, plan_stop)


@transaction()
async def stop_flows(store: Store, wish: FlowsWish) -> Batch[StatusPlan, StopRefusal]:
    """Stop flows, all or none unless the call is best effort (B3). A refused flow is left as it is."""
    return await _toggle_each(store, wish, plan_stop)


@transaction()
async def delete_flow(store: Store, flow_id: str) -> DeletePlan | Refused[DeleteRefusal]:
    """Delete a flow that doesn't run, with its drafts and versions (H9). On a refusal nothing is written."""
    flows = await store.flows([flow_id], permission=FLOW_EDIT)
    plan = plan_delete(flows.get(flow_id), flow_id)
    if not isinstance(plan, Refused):
        await remove_flow(store, plan.flow_id)
    return plan


async def _toggle(store: Store, flow_id: str, rule: Rule[Reason]) -> StatusPlan | Refused[Reason]:
    flows = await store.flows([flow_id], permission=FLOW_TOGGLE_STATUS)
    plan = rule(flows.get(flow_id), flow_id)
    if not isinstance(plan, Refused):
        await set_status(store, [plan])
    return plan


async def _toggle_each(store: Store, wish: FlowsWish, rule: Rule[Reason]) -> Batch[StatusPlan, Reason]:
    flows = await store.flows(wish.remaining.values(), permission=FLOW_TOGGLE_STATUS)
    decided = plan_each(rule, flows, wish)
    await set_status(store, decided.done)
    return decided
