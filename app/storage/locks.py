"""The locks that a unit of work takes, all in one statement, in the order that `app/storage/store.py` tells."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Text, any_, bindparam, func, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from app.storage.database_connections import WriteConnection
from app.storage.ids import Kind, is_id
from app.storage.mirrored_rules import counts_against_quota
from app.storage.tables import CONTRACT, FLOW, WORKSPACE
from app.storage.visibility import ACCESSES, BY_VIEWER, FLOWS

IDS = ARRAY(Text)

NEW_FLOWS_IN = func.array(
    select(FLOW.c.workspace_id).where(FLOW.c.id == any_(bindparam("copied", type_=IDS))).scalar_subquery()
).op("||")(bindparam("workspaces", type_=IDS))
"""The workspaces in which new flows are made: those of flows that are copied, and those that are named."""


class Touched(NamedTuple):
    """What a unit of work is about, by ids; those that can't be ids are left out."""

    changed: Sequence[str] = ()
    """Flows."""
    kept: Sequence[str] = ()
    """Flows that are copied from, which only must not go meanwhile."""
    copied: Sequence[str] = ()
    """Flows in whose workspaces new flows are made."""
    workspaces: Sequence[str] = ()
    """Workspaces in which new flows are made."""

    def parameters(self) -> dict[str, list[str]]:
        return {
            name: [one for one in ids if is_id(Kind.WORKSPACE if name == "workspaces" else Kind.FLOW, one)]
            for name, ids in self._asdict().items()
        }


def _locks() -> CompoundSelect[Any]:
    """In one statement, whose parts are done one after the other, each by id."""
    flows = select(FLOW.c.id).select_from(FLOWS).order_by(FLOW.c.id)
    contracts = (
        select(CONTRACT.c.id)
        .select_from(ACCESSES)
        .where(BY_VIEWER, WORKSPACE.c.id == any_(NEW_FLOWS_IN), counts_against_quota())
        .order_by(CONTRACT.c.id)
    )
    parts = {
        "changed": flows.where(FLOW.c.id == any_(bindparam("changed", type_=IDS))).with_for_update(
            of=FLOW, key_share=True
        ),
        "kept": flows.where(FLOW.c.id == any_(bindparam("kept", type_=IDS))).with_for_update(
            of=FLOW, read=True, key_share=True
        ),
        "contracts": contracts.with_for_update(of=CONTRACT, key_share=True),
    }
    return union_all(*(select(part.subquery(name).c.id) for name, part in parts.items()))


LOCKS = _locks()


async def lock(connection: WriteConnection, viewer: str, touched: Touched) -> None:
    """Lock all of it, as far as the viewer can see it."""
    parameters = touched.parameters()
    if any(parameters.values()):
        await connection.rows(LOCKS, {"viewer": viewer, **parameters})
