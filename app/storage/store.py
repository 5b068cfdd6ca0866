"""The store of a use case: the facts and the writes of one transaction.

All transactions take their locks in this order: idempotency keys, the request for a release, then **flows before contracts, by id**, for a whole
call in one statement (`app/storage/facts/locks.py`). Flows that are changed come first, locked with `FOR NO KEY UPDATE`; then flows that are copied
from, with `FOR KEY SHARE`, which only keeps them from being deleted and waits for nothing else, so that a flow can be
exported from while it is exported onto. New flows lock the contract, if that has a quota. The record of an export changes
only under the lock of the destination flow. Reports of references come after contracts, by hash. With a replica, the
caller's row in `caller_position` comes last, before the commit. Facts are read after the lock, in statements of their
own, so that they show the commit of the last holder.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from app.domain.access import FLOW_EDIT, FLOW_REVIEW, may_edit
from app.domain.edit import KEEP, CreateWish, Keep
from app.domain.export import Exported
from app.domain.facts import Facts
from app.domain.flow import Flow, SavedState
from app.domain.graph import Json
from app.domain.input import KeyedCall
from app.domain.model import UserId
from app.domain.release import ReleaseFacts
from app.domain.review import undo_permission
from app.domain.undo import UndoFacts
from app.storage.connections.connection import Row, WriteConnection
from app.storage.connections.row_changes import Part, write_rows
from app.storage.facts.flows import (
    StateChoice,
    StateChoices,
    draft_state,
    named_states,
    read_flow_facts,
)
from app.storage.facts.gather import SentGraph, facts_about, gather
from app.storage.facts.locks import (
    StoredCall,
    Touched,
    Wish,
    check_locks,
    lock,
    needed_for,
    take_key,
    touched_by,
)
from app.storage.facts.record_facts import find_flows_of_exports, lock_release, read_release_items, read_undo_facts
from app.storage.facts.states import read_draft
from app.storage.reads.exports import read_keyed_exports


class Store:
    """The facts and the writes of one transaction, for one caller."""

    def __init__(
        self, connection: WriteConnection, actor: UserId, clock: Callable[[], datetime], keys_kept: timedelta
    ) -> None:
        self.connection = connection
        self.actor = actor
        self._clock = clock
        self._keys_kept = keys_kept

    async def lock_export_facts(self, wishes: Sequence[Wish]) -> Facts:
        """Lock and read the facts of copies and exports."""
        touched = touched_by(wishes)
        locked = await lock(self.connection, self.actor, touched)
        facts = await gather(self.connection, self.actor, wishes, touched)
        check_locks(locked, needed_for(facts, touched))
        return facts

    async def lock_create_facts(self, wish: CreateWish) -> Facts:
        """Lock the contract's quota and read the facts of a new flow."""
        facts = await self._lock_and_read_flows({}, workspaces=[wish.workspace_id])
        if not facts.accesses:
            return facts
        sent = SentGraph(wish.graph, facts.accesses[wish.workspace_id].workspace)
        return await facts_about(self.connection, self.actor, facts, sent=sent)

    async def lock_draft_facts(
        self,
        choices: StateChoices,
        *versions: str | None,
        sent: Json | Keep = KEEP,
        bound: Iterable[str] = (),
    ) -> Facts:
        """Lock flows if the caller may change them, and read the facts of changes of their drafts.

        `sent` is the graph that the caller sent for the only flow, `bound` are the ids that the caller bound steps to.
        """
        facts = await self._lock_and_read_flows(choices, *versions)
        graph: SentGraph | None = None
        if facts.flows and not isinstance(sent, Keep):
            [flow] = facts.flows.values()
            base = flow.draft or flow.published
            graph = SentGraph(sent, flow.access.workspace, None if base is None else base.state)
        return await self._add_facts(facts, bound, graph)

    async def lock_release(self, release_id: str) -> ReleaseFacts | None:
        """Lock a request and read it with its items. None: no such request."""
        return await lock_release(self.connection, self.actor, release_id)

    async def lock_release_drafts(self, release: ReleaseFacts) -> ReleaseFacts:
        """Lock the flows of a request for its reviewer, then read their drafts and the items."""
        return await self._lock_and_read_release(release, FLOW_REVIEW, draft_state)

    async def lock_release_versions(self, release: ReleaseFacts) -> ReleaseFacts:
        """Lock the flows of an applied release, and read the versions from before it."""
        before = [item.over_version_id for item in release.items]
        return await self._lock_and_read_release(release, undo_permission(release.access), named_states, before)

    async def _lock_and_read_release(
        self, release: ReleaseFacts, permission: str, choice: StateChoice, versions: Sequence[str | None] = ()
    ) -> ReleaseFacts:
        choices = {item.flow_id: [choice] for item in release.items}
        facts = await self._lock_and_read_flows(choices, *versions, permission=permission)
        items = await read_release_items(self.connection, release.id)
        # An item that moved is refused. The flow of any other item exists: a reviewer who can't see it has lost the right.
        unmoved = [item.flow_id for item in items if not (item.draft_has_moved or item.version_has_moved)]
        check_locks(frozenset(facts.flows), unmoved)
        access = next((flow.access for flow in facts.flows.values()), release.access)
        return replace(release, access=access, items=items, drafts=await self._add_facts(facts))

    async def _add_facts(self, facts: Facts, bound: Iterable[str] = (), sent: SentGraph | None = None) -> Facts:
        return await facts_about(self.connection, self.actor, facts, bound, sent) if facts.flows else facts

    async def lock_flows(self, flow_ids: Iterable[str], *, permission: str) -> Mapping[str, Flow]:
        """Lock flows that the caller has the permission for, and read them without their graphs, by id."""
        return (await self._lock_and_read_flows(dict.fromkeys(flow_ids, ()), permission=permission)).flows

    async def lock_flow_and_draft(self, draft_id: str) -> tuple[Flow | None, SavedState | None]:
        """Lock the flow of a draft and read both; no flow where the caller can't see it, no draft where it has gone meanwhile."""
        flow_id, _ = await read_draft(self.connection, self.actor, draft_id)
        flows = {} if flow_id is None else await self.lock_flows([flow_id], permission=FLOW_EDIT)
        _, draft = await read_draft(self.connection, self.actor, draft_id) if flows else (None, None)
        return next(iter(flows.values()), None), draft

    async def lock_undo_facts(self, export_ids: Collection[str]) -> dict[str, UndoFacts]:
        """Lock the destination flows of exports, and read the facts of undoing them, by the ids of the records."""
        flow_ids = await find_flows_of_exports(self.connection, self.actor, export_ids)
        locked = await lock(self.connection, self.actor, Touched(changed=flow_ids))
        facts = await read_undo_facts(self.connection, self.actor, export_ids)
        writable = (each.draft for each in facts.values() if may_edit(each.access))
        check_locks(locked, [draft.flow_id for draft in writable if draft is not None])
        return facts

    async def take_key(self, call: KeyedCall, key: str, input_hash: str) -> StoredCall:
        """The stored call with this key or, without one, this call; concurrent calls with the key wait from here on (P5)."""
        now = self._clock()
        stored = await take_key(self.connection, self.actor, call, key, since=now - self._keys_kept)
        return stored or StoredCall(self.actor, call, key, input_hash, now)

    async def read_keyed_exports(self, groups: Sequence[Json]) -> dict[int, Exported]:
        """Read the outcomes of a stored call, by the indexes of its items, as the caller may see them now."""
        return await read_keyed_exports(self.connection, self.actor, groups)

    @cached_property
    def at(self) -> datetime:
        """The time of all writes of this transaction, fixed at the first write, after the locks."""
        return self._clock()

    async def write(self, *parts: Part) -> list[Row]:
        """Write rows of several tables in one statement (`write_rows`)."""
        return await write_rows(self.connection, *parts, by=self.actor, now=self.at)

    async def _lock_and_read_flows(
        self,
        choices: StateChoices,
        *versions: str | None,
        workspaces: Sequence[str] = (),
        permission: str = FLOW_EDIT,
    ) -> Facts:
        """Read flows, the versions with these ids, and workspaces in which new flows are made.

        Locked are flows that the caller has the permission to change, and contracts of the workspaces with a quota.
        """
        touched = Touched(changed=[*choices], workspaces=workspaces)
        locked = await lock(self.connection, self.actor, touched, permission=permission)
        named = Touched(read=[*choices], workspaces=workspaces, versions=[*filter(None, versions)])
        facts = await read_flow_facts(self.connection, self.actor, choices, named)
        check_locks(locked, needed_for(facts, touched, permission))
        return facts
