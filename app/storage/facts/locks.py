"""Takes the locks of a transaction, in the order that `app/storage/store.py` describes: the idempotency key first, then all others in one statement.

A caller locks only rows that the caller may write: the permission is a condition of the lock. Facts are read after the
locks and may show a right that was granted meanwhile; `check_locks` compares the two. The outcome of a call with a key is
stored in the transaction of the call's changes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, DateTime, Select, Text, any_, bindparam, func, or_, select, true, union_all

from app.domain.access import FLOW_EDIT, FLOW_TOGGLE_STATUS, counts_against_quota, may_act, may_edit
from app.domain.facts import CopyWish, ExportWish, Facts, OntoFlow
from app.domain.input import KeyedCall
from app.domain.model import ContractStatus, Kind, UserId, is_id
from app.offload import LARGE, offload
from app.storage.connections.connection import ReadConnection, WriteConnection, is_one_of, texts
from app.storage.connections.failures import TransactionConflict
from app.storage.connections.row_changes import insert_rows, write_rows
from app.storage.facts import mirrored_rules
from app.storage.facts.visibility import ACCESSES, BY_VIEWER
from app.storage.tables import CONTRACT, FLOW, IDEMPOTENCY_KEY, ROLE, WORKSPACE, WORKSPACE_ACCESS

NEW_FLOWS_IN = func.array(select(FLOW.c.workspace_id).where(is_one_of(FLOW.c.id, "copied")).scalar_subquery()).op("||")(
    texts("workspaces")
)
"""The workspaces in which new flows are made: those of flows that are copied, and those that are named."""


Wish = ExportWish | CopyWish
KINDS = {
    "changed": Kind.FLOW,
    "kept": Kind.FLOW,
    "copied": Kind.FLOW,
    "workspaces": Kind.WORKSPACE,
    "versions": Kind.VERSION,
    "read": Kind.FLOW,
}


class Touched(NamedTuple):
    """The rows of a transaction, by ids; texts that can't be ids are left out."""

    changed: Sequence[str] = ()
    """Flows that change."""
    kept: Sequence[str] = ()
    """Flows that are copied from, which mustn't be deleted meanwhile."""
    copied: Sequence[str] = ()
    """Flows in whose workspaces new flows are made."""
    workspaces: Sequence[str] = ()
    """Workspaces in which new flows are made."""
    versions: Sequence[str] = ()
    """Versions that are copied, or reverted to."""
    read: Sequence[str] = ()
    """Flows that are read without a lock, or are locked already."""

    def parameters(self) -> dict[str, list[str]]:
        """The ids by name; `ids` has all flows whose states are read."""
        ids = {name: [id_ for id_ in ids if is_id(KINDS[name], id_)] for name, ids in self._asdict().items()}
        return {**ids, "ids": [*ids["changed"], *ids["kept"], *ids["read"]]}


def touched_by(wishes: Iterable[Wish]) -> Touched:
    """Collect the flows, workspaces and versions of wishes."""
    changed, kept, copied, workspaces, versions = (list[str]() for _ in range(5))
    for wish in wishes:
        kept.append(wish.flow_id)
        versions.extend(filter(None, [wish.source.version_id]))
        if isinstance(wish, CopyWish):
            copied.append(wish.flow_id)
        elif isinstance(wish.destination, OntoFlow):
            changed.append(wish.destination.flow_id)
        else:
            workspaces.append(wish.destination.workspace_id)
    return Touched(*(tuple(dict.fromkeys(ids)) for ids in (changed, kept, copied, workspaces, versions)))


PERMISSION = bindparam("permission", type_=Text)
SET_LOCK_TIMEOUT = select(func.set_config("lock_timeout", bindparam("milliseconds", type_=Text), true()).label("id"))
"""Limits the wait for each further lock of the transaction."""


def _is_permitted(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the viewer has the permission in the workspace of a flow, whose contract meets the conditions.

    A scalar subquery, which PostgreSQL asks for each flow: joined, it may read every workspace of the viewer first.
    """
    access = WORKSPACE_ACCESS.join(ROLE, ROLE.c.id == WORKSPACE_ACCESS.c.role_id).join(
        CONTRACT, CONTRACT.c.id == WORKSPACE_ACCESS.c.contract_id
    )
    is_of_workspace = WORKSPACE_ACCESS.c.workspace_id == FLOW.c.workspace_id
    return (
        select(any_(ROLE.c.permissions) == PERMISSION)
        .select_from(access)
        .where(BY_VIEWER, is_of_workspace, *conditions)
        .scalar_subquery()
    )


_FLOWS_TO_LOCK = select(FLOW.c.id).order_by(FLOW.c.id)
_IS_OPEN = or_(CONTRACT.c.status == ContractStatus.ACTIVE.value, PERMISSION == FLOW_TOGGLE_STATUS)
_CONTRACTS = (
    select(CONTRACT.c.id)
    .select_from(ACCESSES)
    .where(
        BY_VIEWER,
        WORKSPACE.c.id == any_(NEW_FLOWS_IN),
        mirrored_rules.COUNTS_AGAINST_QUOTA,
        mirrored_rules.MAY_WRITE_FLOWS,
    )
    .order_by(CONTRACT.c.id)
)
_PARTS: dict[str, Select[Any]] = {
    "timeout": SET_LOCK_TIMEOUT,
    "changed": _FLOWS_TO_LOCK.where(is_one_of(FLOW.c.id, "changed"), _is_permitted(_IS_OPEN)).with_for_update(
        of=FLOW, key_share=True
    ),
    "kept": _FLOWS_TO_LOCK.where(is_one_of(FLOW.c.id, "kept"), _is_permitted()).with_for_update(
        of=FLOW, read=True, key_share=True
    ),
    "contracts": _CONTRACTS.with_for_update(of=CONTRACT, key_share=True),
}
LOCKS = union_all(*(select(part.subquery(name).c.id) for name, part in _PARTS.items()))
"""All locks in one statement, whose parts are done one after the other, each by id.

The first part limits how long the others wait; it comes after the wait for an idempotency key, which has no such limit.
"""


async def lock(
    connection: WriteConnection, viewer: str, touched: Touched, *, permission: str = FLOW_EDIT
) -> frozenset[str]:
    """Lock the rows that the viewer may write, then give back the slot of a call that waits for locks.

    Returns the ids of the locked rows.
    """
    parameters = touched.parameters()
    limited = {"viewer": viewer, "permission": permission, **lock_timeout_of(connection)}
    rows = await connection.rows(LOCKS, {**limited, **parameters}) if any(parameters.values()) else ()
    if connection.lock_slot is not None:
        connection.lock_slot.give_back()
    return frozenset(row.id for row in rows)


def lock_timeout_of(connection: WriteConnection) -> dict[str, str]:
    """The parameter of `SET_LOCK_TIMEOUT`."""
    return {"milliseconds": str(int(connection.lock_seconds * 1000))}


def check_locks(locked: frozenset[str], required: Iterable[str]) -> None:
    """Raise TransactionConflict where the viewer got or lost a right, or a contract got its quota, while locks were taken."""
    if not locked.issuperset(required):
        raise TransactionConflict("the viewer's rights changed while the locks were taken")


def needed_for(facts: Facts, touched: Touched, permission: str = FLOW_EDIT) -> list[str]:
    """The locks required for these changes, copies and exports of flows, and of contracts for new flows that count there."""
    visible = {flow_id: flow.access for flow_id, flow in facts.flows.items()}
    into = (access for access in facts.accesses.values() if may_edit(access))
    return [
        *(id_ for id_ in touched.changed if id_ in visible and may_act(visible[id_], permission)),
        *(id_ for id_ in touched.kept if id_ in visible and FLOW_EDIT in visible[id_].permissions),
        *(access.workspace.contract.id for access in into if counts_against_quota(access.workspace)),
    ]


OutcomeJson = Any
"""The outcome of a call, as JSON: ids by their names, or groups of exports with the same warnings."""

_WAIT = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name", type_=Text), 0)))
"""Waits for a concurrent call with the same key, at most as long as a statement may take."""

_IS_KEY = tuple(
    IDEMPOTENCY_KEY.c[name] == bindparam(f"this_{name}", type_=Text) for name in ("actor_id", "call", "key")
)
_CALL = select(IDEMPOTENCY_KEY.c.input_hash, IDEMPOTENCY_KEY.c.made, IDEMPOTENCY_KEY.c.first_used_at).where(
    *_IS_KEY, IDEMPOTENCY_KEY.c.first_used_at > bindparam("since", type_=DateTime(timezone=True))
)
_STORED = insert_rows(
    IDEMPOTENCY_KEY, ("actor_id", "call", "key", "input_hash", "made", "first_used_at"), replaces=True
)
"""In the place of one that is older than keys are kept."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call with a key: its input, the key's first use and the outcome so far."""

    actor: UserId
    call: KeyedCall
    key: str
    input_hash: str
    first_used_at: datetime
    outcome: OutcomeJson | None = None
    """None: no call with the key has done anything yet."""


async def find_call(
    connection: ReadConnection, actor: UserId, call: KeyedCall, key: str, *, since: datetime
) -> StoredCall | None:
    """The stored call with this key, unless it is older, without waiting for a concurrent one."""
    used = {"this_actor_id": actor, "this_call": call.value, "this_key": key}
    row = await connection.row(_CALL, {**used, "since": since})
    if row is None:
        return None
    outcome = await offload(len(row.made), json.loads, row.made)
    return StoredCall(actor, call, key, row.input_hash, row.first_used_at, outcome)


async def take_key(
    connection: WriteConnection, actor: UserId, call: KeyedCall, key: str, *, since: datetime
) -> StoredCall | None:
    """The first call with this key, if it was done; the key is ours until the transaction ends."""
    await connection.rows(_WAIT, {"name": f"{actor} {call} {key}"})
    return await find_call(connection, actor, call, key, since=since)


async def store_call(connection: WriteConnection, stored: StoredCall) -> None:
    outcome = await offload(LARGE, json.dumps, stored.outcome)
    row = stored.actor, stored.call, stored.key, stored.input_hash, outcome, stored.first_used_at
    await write_rows(connection, (_STORED, [row]))
