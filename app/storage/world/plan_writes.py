"""Writes what a plan says, set by set: what goes, what changes, what comes; then the flows that it creates."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Table

from app.domain.graph import Json
from app.domain.input import email_key, name_key
from app.domain.model import EventType, Kind
from app.domain.world.flows import NewFlow
from app.domain.world.planning import IdSource
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import Planned, Terms, Thing, WorldChange, WorldPlan
from app.storage import tables
from app.storage.connections.connection import WriteConnection, statement
from app.storage.connections.row_changes import (
    NOW,
    RowsOfTable,
    delete_rows,
    insert_rows,
    update_rows,
)
from app.storage.event_writes import FlowEvent, flow_events, removed_flows, world_events
from app.storage.facts.states import SHOWN, STATE, shown_values, state_values
from app.storage.store import Store
from app.storage.world.access import LET_GO_OF_ROLES, run_each, write_members
from app.storage.world.section_tables import OF_WORKSPACES, STORED, columns_of
from app.storage.writes.lifecycle import COMPONENTS, CONTENTS, component_rows, content_row

CREATED_TO_ANALYZE = 20
"""Objects that a document creates from which on tables are analyzed."""
_COMPUTED = {
    "name": ("name_key", name_key),
    "email": ("email_key", email_key),
    "firstName": ("first_name_key", name_key),
    "lastName": ("last_name_key", name_key),
}
"""Columns that follow from a property."""
_EMPTY = [
    statement(f"DELETE FROM {stored.table.name} WHERE workspace_id = ANY($1)", "workspaces")  # noqa: S608 - our own names
    for stored in OF_WORKSPACES.values()
]
_LEAVE_TENANTS = tuple(
    statement(text, "users", "tenants")
    for text in (
        """
        DELETE FROM workspace_access USING contract
        WHERE contract.id = contract_id AND tenant_id = ANY($2) AND user_id = ANY($1)
        """,
        """
        DELETE FROM contract_access USING contract
        WHERE contract.id = contract_id AND tenant_id = ANY($2) AND user_id = ANY($1)
        """,
        "DELETE FROM tenant_member WHERE tenant_id = ANY($2) AND user_id = ANY($1)",
        "DELETE FROM external_key WHERE scope_id = ANY($2) AND section = 'users' AND id = ANY($1)",
    )
)
_FORGET_WHITELISTS = statement("DELETE FROM component_whitelist WHERE component_id = ANY($1)", "components")
_WHITELIST = insert_rows(tables.COMPONENT_WHITELIST, ("component_id", "contract_id"))
_KEYS = insert_rows(tables.EXTERNAL_KEY, ("scope_id", "section", "key", "id"))


async def write_plan(store: Store, planned: Sequence[Planned], terms: Terms) -> None:
    """Write everything of a plan but the flows that it creates, of which the external keys come first."""
    differing = [each for each in planned if each.change is not WorldChange.UNCHANGED]
    removed = [each for each in differing if each.change is WorldChange.REMOVED]
    created = [each for each in differing if each.change is WorldChange.CREATED and not each.is_guest]
    changed = [each for each in differing if each.change is WorldChange.CHANGED]
    await _remove(store, removed, [*terms.tenants])
    for section in SECTIONS.values():
        if section.kind is not None:
            await _write(store, section, changed, terms, _update)
            await _write(store, section, created if section.name != "flows" else (), terms, _insert)
    await _write_whitelists(store, [*created, *changed])
    await write_members(store.connection, differing, terms)
    keys = [
        (each.thing.scope, each.section.name, each.thing.key, each.thing.id)
        for each in differing
        if each.section.kind and each.thing.key and each.differs_in("key")
    ]
    await store.write(world_events(_tenants_of(differing)), (_KEYS, keys))


async def analyze_tables(connection: WriteConnection, plan: WorldPlan) -> None:
    """Have PostgreSQL count what is there after many things have come: only then are its plans right at once."""
    if plan.created >= CREATED_TO_ANALYZE:
        await connection.execute(f"ANALYZE {', '.join(tables.METADATA.tables)}")


async def _remove(store: Store, removed: Sequence[Planned], tenants: Sequence[str]) -> None:
    """Remove things, those that refer to others first; with a workspace goes what lives in it."""
    connection = store.connection
    workspaces = [each.thing.id for each in removed if each.section.name == "workspaces"]
    await run_each(connection, _EMPTY, workspaces=workspaces)
    roles = [each.thing.id for each in removed if each.section.name == "roles"]
    await run_each(connection, LET_GO_OF_ROLES, roles=roles)
    guests = [each.thing.id for each in removed if each.is_guest]
    await run_each(connection, _LEAVE_TENANTS, users=guests, tenants=tenants)
    for name, section in reversed([*SECTIONS.items()]):
        ids = [each.thing.id for each in removed if each.section is section and not each.is_guest]
        if name == "flows":
            await store.write(*removed_flows(ids))
        elif section.kind is not None:
            await store.write((_delete(STORED[name].table), [(each,) for each in ids]))


async def _write(
    store: Store, section: Section, planned: Sequence[Planned], terms: Terms, change: Callable[..., RowsOfTable]
) -> None:
    of_section = [each for each in planned if each.section is section]
    if of_section:
        rows = [_row_of(section, each.thing, terms) for each in of_section]
        written = change(STORED[section.name].table, tuple(rows[0])), [(*row.values(),) for row in rows]
        await store.write(flow_events(_suspensions(of_section)), written)


def _suspensions(planned: Iterable[Planned]) -> Iterator[FlowEvent]:
    """Events of flows that a document suspends or resumes (W10)."""
    for each in planned:
        if each.changes("suspended"):
            is_suspended = each.thing.values["suspended"]
            yield FlowEvent(EventType.FLOW_SUSPENDED if is_suspended else EventType.FLOW_RESUMED, each.thing.id)


def _tenants_of(planned: Iterable[Planned]) -> list[str]:
    """The tenants in which something changes; of a guest only what is in the scope of its key."""
    tenants = {each.thing.scope if each.is_guest else each.thing.tenant for each in planned}
    return sorted(tenant for tenant in tenants if tenant)


# Made once for each table, since `in_one_statement` keeps a statement for each of them.
_insert, _delete = cache(insert_rows), cache(delete_rows)


@cache
def _update(table: Table, columns: tuple[str, ...]) -> RowsOfTable:
    return update_rows(table, columns[1:], updated_at=NOW)


def _row_of(section: Section, thing: Thing, terms: Terms) -> dict[str, Any]:
    """The columns of a thing, beginning with its id."""
    table, values = STORED[section.name].table, thing.values
    if section.name == "flows":
        return {"id": thing.id, "status": values["status"]}
    row = {"id": thing.id, **{column: values[name] for name, column in columns_of(section.name).items()}}
    for name, (column, computed) in _COMPUTED.items():
        if column in table.c:
            row[column] = computed(values[name])
    if section.name == "teams":
        row["tenant_id"] = thing.tenant
    if section.name == "users":
        row.update(_activity_of(values, terms))
    return row


def _activity_of(user: Mapping[str, Json], terms: Terms) -> dict[str, bool]:
    """The command switches users on and off everywhere, a provisioner in their own tenant (W9)."""
    is_active, is_barred = user["active"], user.get("isBarred", False)
    was_at_home = user.get("isActiveAtHome", True) and (terms.by_command or is_barred)
    active = bool(is_active) if terms.by_command else not is_barred
    return {"active": active, "active_at_home": is_active is True or was_at_home}


async def _write_whitelists(store: Store, planned: Sequence[Planned]) -> None:
    """Write the contracts that components whitelist."""
    components = [
        each.thing for each in planned if each.section.name == "components" and each.differs_in("whitelistedContracts")
    ]
    await run_each(store.connection, [_FORGET_WHITELISTS], components=[each.id for each in components])
    listed = [(each.id, contract) for each in components for contract in each.values["whitelistedContracts"]]
    await store.write((_WHITELIST, listed))


BETWEEN_VERSIONS = timedelta(hours=1)
_FLOWS = insert_rows(
    tables.FLOW,
    (
        *("id", "workspace_id", "type", "status", "created_by", "created_at", "updated_at", "published_version_id"),
        *("draft_revision", *SHOWN),
    ),
)
_VERSIONS = insert_rows(tables.FLOW_VERSION, ("id", "flow_id", "number", "published_by", "published_at", *STATE))
_DRAFTS = insert_rows(tables.FLOW_DRAFT, ("id", "flow_id", "revision", "author_id", "created_at", "updated_at", *STATE))


async def write_flows(store: Store, flows: Sequence[NewFlow], new_id: IdSource) -> None:
    """Write new flows. A document doesn't say when things happened: one version came an hour after the other."""
    now = store.at
    contents = {state.content.hash: state.content for flow in flows for state in flow.states}
    new = await store.write((CONTENTS, [content_row(each) for each in contents.values()]))
    await store.write((COMPONENTS, [named for row in new for named in component_rows(contents[row.hash])]))
    versions = [[*_version_rows(flow, now, new_id)] for flow in flows]
    pairs = zip(flows, versions, strict=True)
    created = [
        FlowEvent(EventType.FLOW_CREATED, flow.thing.id, flow.current_state.name, flow.thing.values["workspace"])
        for flow in flows
    ]
    await store.write(
        flow_events(created), (_FLOWS, [_flow_row(flow, [row[0] for row in its], now) for flow, its in pairs])
    )
    await store.write((_VERSIONS, [row for its in versions for row in its]))
    drafts = [
        (
            *(new_id(Kind.DRAFT, f"{flow.thing.key}/draft"), flow.thing.id, 1, flow.draft.author, now, now),
            *state_values(flow.draft.state),
        )
        for flow in flows
        if flow.draft is not None
    ]
    await store.write((_DRAFTS, drafts))


def _flow_row(flow: NewFlow, versions: Sequence[str], now: datetime) -> tuple[object, ...]:
    values = flow.thing.values
    return (
        flow.thing.id,
        values["workspace"],
        values["type"],
        values["status"],
        values["author"],
        now - BETWEEN_VERSIONS * (len(versions) + 1),
        now,
        versions[-1] if versions else None,
        0 if flow.draft is None else 1,
        *shown_values(flow.current_state),
    )


def _version_rows(flow: NewFlow, now: datetime, new_id: IdSource) -> Iterator[tuple[Any, ...]]:
    for number, version in enumerate(flow.versions, start=1):
        published_at = now - BETWEEN_VERSIONS * (len(flow.versions) + 1 - number)
        version_id = new_id(Kind.VERSION, f"{flow.thing.key}/{number}")
        yield (version_id, flow.thing.id, number, version.author, published_at, *state_values(version.state))
