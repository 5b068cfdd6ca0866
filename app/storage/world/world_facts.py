"""What exists of all that a document names, in a number of statements that doesn't depend on how much that is."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.domain.component import ComponentAccess
from app.domain.id_prefixes import kind_of
from app.domain.input import email_key
from app.domain.model import FlowStatus
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import COMMAND, ELSEWHERE, Item, Terms, Thing, WorldFacts
from app.storage.connections.compiled import CompiledStatement, compile_statement
from app.storage.connections.connection import ReadConnection, Row
from app.storage.tables import (
    COMPONENT,
    COMPONENT_WHITELIST,
    CONTRACT,
    CONTRACT_ACCESS,
    EXTERNAL_KEY,
    TENANT_MEMBER,
)
from app.storage.world.raw_statements import statement
from app.storage.world.section_tables import INACTIVE, OF_WORKSPACES, TABLES, columns_of, with_tenant

Named = dict[str, set[str]]
"""Keys and ids, by the section of what they name."""
_KEYED = statement(
    "SELECT section, key, id, scope_id FROM unnest($1::text[], $2::text[]) AS named (section, key) "
    "JOIN external_key USING (section, key) WHERE scope_id = ANY($3) AND (scope_id <> '' OR section <> 'users' OR $4)",
    *("sections", "keys", "scopes", "own_users"),
)
_KEYED_FLOWS = statement(
    "SELECT section, key, id, scope_id FROM unnest($1::text[], $2::text[]) AS named (scope_id, key) "
    "JOIN external_key USING (scope_id, key) WHERE section = 'flows'",
    *("workspaces", "keys"),
)
_KEYED_FLOWS_ANYWHERE = statement(
    "SELECT section, key, id, scope_id FROM external_key "
    "WHERE section = 'flows' AND (key = ANY($2) OR $3) AND scope_id IN ("
    "SELECT workspace.id FROM workspace JOIN contract ON contract.id = contract_id WHERE tenant_id = ANY($1))",
    *("tenants", "keys", "all"),
)
_PRUNABLE = statement(
    "SELECT section, key, id, scope_id FROM external_key WHERE scope_id = ANY($1) AND section = ANY($2)",
    "tenants",
    "sections",
)
IDS, EMAILS, WORKSPACES = (bindparam(name, type_=ARRAY(Text)) for name in ("ids", "emails", "workspaces"))
SCOPES, OWNERS = (bindparam(name, type_=ARRAY(Text)) for name in ("scopes", "tenants"))
EVERYONE = bindparam("everyone", type_=Boolean)


async def read_facts(connection: ReadConnection, terms: Terms, items: Sequence[Item]) -> WorldFacts:
    """What exists of what the items name or refer to, and of what is pruned."""
    return await _Reader(connection, terms).read(items)


class _Reader:
    def __init__(self, connection: ReadConnection, terms: Terms) -> None:
        self._connection = connection
        self._terms = terms
        self._scopes = [*terms.tenants, COMMAND]
        self._scopes_of_users = self._scopes if terms.owns(None) else [*terms.tenants]
        self._ids: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """By section and key."""
        self._flows: set[tuple[str, str]] = set()
        """The scopes and keys of what exists; those of flows are in their workspaces."""
        self._things: dict[str, list[Thing]] = {}

    async def read(self, items: Sequence[Item]) -> WorldFacts:
        named = _named_by(items)
        await self._find_keys(named, items)
        for name in ("roles", "teams", "components"):
            self._things[name] = await self._read(name, ())
        await self._read_whitelists()
        new_in = self._workspaces_of_flows(items)
        for section in SECTIONS.values():
            if section.kind is not None and section.name not in self._things:
                self._things[section.name] = await self._read(section.name, named[section.name], items, new_in)
        for section in SECTIONS.values():
            if section.kind is None:
                self._things[section.name] = await self._read_members(section, items)
        return WorldFacts(self._terms, self._things)

    def _meant(self, section: str, text: object) -> list[str]:
        """The ids of what a text may name."""
        return [str(text)] if kind_of(str(text)) is not None else self._ids.get((section, str(text)), [])

    async def _find_keys(self, named: Named, items: Sequence[Item]) -> None:
        pairs = [(section, text) for section, texts in named.items() for text in texts if kind_of(text) is None]
        sections, keys = ([each[part] for each in pairs if each[0] != "flows"] for part in (0, 1))
        owns = self._terms.owns(None)
        parameters = {"sections": sections, "keys": keys, "scopes": self._scopes, "own_users": owns}
        self._note(await self._connection.rows(_KEYED, parameters))
        prune = {"tenants": [*self._terms.tenants], "sections": [*self._terms.prune]}
        if self._terms.prune:
            self._note(await self._connection.rows(_PRUNABLE, prune), named)
        flows = [item for item in items if item.section.name == "flows" and item.key is not None and item.id is None]
        within = self._keys_in_workspaces(flows)
        parameters = {"workspaces": [each[0] for each in within], "keys": [each[1] for each in within]}
        self._note(await self._connection.rows(_KEYED_FLOWS, parameters), named)
        anywhere = [item.key for item in flows if "workspace" not in item.values]
        prunes = "flows" in self._terms.prune
        if anywhere or prunes:
            parameters = {"tenants": [*self._terms.tenants], "keys": anywhere, "all": prunes}
            self._note(await self._connection.rows(_KEYED_FLOWS_ANYWHERE, parameters), named)

    def _note(self, rows: Iterable[Row], named: Named | None = None) -> None:
        for row in rows:
            self._ids[row.section, row.key].append(row.id)
            self._flows.add((row.scope_id, row.key))
            if named is not None:
                named[row.section].add(row.id)

    async def _read(
        self, name: str, named: Collection[str], items: Sequence[Item] = (), new_in: Sequence[str] = ()
    ) -> list[Thing]:
        parameters: dict[str, Any] = {
            "ids": [thing_id for text in named for thing_id in self._meant(name, text)],
            "scopes": self._scopes_of_users if name == "users" else self._scopes,
            "tenants": [*self._terms.tenants],
            "workspaces": new_in,
            "everyone": self._terms.by_command,
            "emails": [email_key(email) for item in items if isinstance(email := item.values.get("email"), str)],
        }
        section = SECTIONS[name]
        return [_thing(section, row, self._terms) for row in await self._connection.rows(_things_of(name), parameters)]

    async def _read_whitelists(self) -> None:
        components = {each.id: each for each in self._things["components"]}
        listed: defaultdict[str, list[str]] = defaultdict(list)
        contracts = COMPONENT_WHITELIST.c.contract_id
        rows = select(COMPONENT_WHITELIST.c.component_id, contracts).where(
            COMPONENT_WHITELIST.c.component_id == any_(IDS)
        )
        for row in await self._connection.rows(rows.order_by(contracts), {"ids": [*components]}):
            listed[row.component_id].append(row.contract_id)
        self._things["components"] = [
            replace(each, values={**each.values, "whitelistedContracts": listed[each.id]})
            for each in components.values()
        ]

    def _workspaces_of_flows(self, items: Sequence[Item]) -> list[str]:
        """The workspaces in which flows may be created: what lives there may be named by their steps."""
        flows = [item for item in items if item.section.name == "flows" and item.states and not item.id]
        return sorted({place for place, key in self._keys_in_workspaces(flows) if (place, key) not in self._flows})

    def _keys_in_workspaces(self, flows: Iterable[Item]) -> list[tuple[str, str | None]]:
        """The ids of the workspaces of flows, with the flows' keys."""
        places = ((self._meant("workspaces", item.values.get("workspace", "")), item.key) for item in flows)
        return [(place, key) for ids, key in places for place in ids]

    async def _read_members(self, section: Section, items: Sequence[Item]) -> list[Thing]:
        place = section.references[0]
        pairs: set[tuple[str, str]] = set()
        for item in items:
            if item.section is section:
                default = self._terms.tenant if place.name == "tenant" else None
                places = self._meant(place.refers_to, item.values.get(place.name, default))
                pairs.update(product(places, self._meant("users", item.values.get("user"))))
        prunes = section.name in self._terms.prune
        if not pairs and not prunes:
            return []
        parameters = {
            "places": [each[0] for each in pairs],
            "users": [each[1] for each in pairs],
            "scopes": self._scopes_of_users,
            "tenants": [*self._terms.tenants] if prunes else [],
        }
        tables = [each[section.name] for each in (TABLES, INACTIVE) if section.name in each]
        statements = [_members_of(place.name, table) for table in tables]
        return [
            _membership(place.name, row) for each in statements for row in await self._connection.rows(each, parameters)
        ]


def _named_by(items: Iterable[Item]) -> Named:
    """The keys and ids of what items are about and refer to."""
    named: Named = defaultdict(set)
    for item in items:
        named[item.section.name].update(text for text in (item.id, item.values.get("key")) if text)
        named["users"].update(item.users)
        for each in item.section.references:
            value = item.values.get(each.name)
            named[each.refers_to].update(value if isinstance(value, list) else [value] if value else [])
    return named


@cache
def _things_of(name: str) -> CompiledStatement:
    """The things of a section that a document may be about, with their tenants and external keys."""
    table, (source, tenant) = TABLES[name], with_tenant(TABLES[name])
    scope = EXTERNAL_KEY.c.scope_id
    in_scope = scope == table.c.workspace_id if name == "flows" else scope == any_(SCOPES)
    has_key = and_(EXTERNAL_KEY.c.id == table.c.id, EXTERNAL_KEY.c.section == literal(name), in_scope)
    # Of other tenants' users it is told here alone whether they provision one of these tenants.
    provisions = or_(tenant == any_(OWNERS), TENANT_MEMBER.c.tenant_id == any_(OWNERS))
    is_provisioner = exists().where(TENANT_MEMBER.c.user_id == table.c.id, provisions) if name == "users" else false()
    columns = [
        table.c[column].label(f"its_{each}") for each, column in columns_of(SECTIONS[name]).items() if column in table.c
    ]
    if name == "users":
        columns.append(and_(table.c.active, table.c.active_at_home).label("its_active"))
    things = select(
        table.c.id,
        tenant.label("tenant"),
        EXTERNAL_KEY.c.key.label("key"),
        (table.c.workspace_id if name == "flows" else func.coalesce(scope, tenant)).label("scope"),
        is_provisioner.label("is_provisioner"),
        (not_(table.c.active) if name == "users" else false()).label("is_barred"),
        *columns,
    )
    return compile_statement(things.select_from(source.outerjoin(EXTERNAL_KEY, has_key)).where(_is_meant(name, tenant)))


def _is_meant(name: str, tenant: ColumnElement[str]) -> ColumnElement[bool]:
    table = TABLES[name]
    of_tenants = tenant == any_(OWNERS)
    if name == "roles":
        return or_(of_tenants, tenant.is_(null()))
    if name in {"teams", "components"}:
        of_teams = COMPONENT.c.team_id == TABLES["teams"].c.id
        is_global = COMPONENT.c.access == literal(ComponentAccess.GLOBAL.value)
        return or_(of_tenants, is_global if name == "components" else exists().where(of_teams, is_global))
    by_id = table.c.id == any_(IDS)
    if name == "users":
        access = CONTRACT_ACCESS.join(CONTRACT, CONTRACT.c.id == CONTRACT_ACCESS.c.contract_id)
        sees = (
            exists()
            .select_from(access)
            .where(CONTRACT_ACCESS.c.user_id == table.c.id, CONTRACT.c.tenant_id == any_(OWNERS))
        )
        is_permitted = or_(EVERYONE, of_tenants, EXTERNAL_KEY.c.key.is_not(null()), sees)
        return or_(table.c.email_key == any_(EMAILS), and_(by_id, is_permitted))
    if name in OF_WORKSPACES:
        return and_(or_(by_id, table.c.workspace_id == any_(WORKSPACES)), of_tenants)
    return and_(by_id, of_tenants)


def _thing(section: Section, row: Row, terms: Terms) -> Thing:
    values = {name[4:]: value for name, value in row.items() if name.startswith("its_")}
    if section.name == "topics":
        values["schema"] = json.loads(values["schema"])
    if section.name == "flows":
        values["suspended"] = values["status"] == FlowStatus.SUSPENDED
    if section.name == "users" and terms.by_command and not (row.its_active or row.is_barred):
        values["active"] = ELSEWHERE
    is_built_in = section.name == "roles" and row.tenant is None
    key = values["name"] if is_built_in else row.key
    return Thing(row.id, values, row.tenant, key, row.scope or COMMAND, row.is_provisioner, row.is_barred)


@cache
def _members_of(place_name: str, table: Table) -> CompiledStatement:
    """Memberships of these places and users, and all of these tenants, with their keys."""
    source, tenant = with_tenant(table)
    place = table.c[f"{place_name}_id"]
    places, users = (bindparam(each, type_=ARRAY(Text)) for each in ("places", "users"))
    named = func.unnest(places, users).table_valued("place", "user_id").render_derived(name="named")
    place_key, user_key = EXTERNAL_KEY.alias("place_key"), EXTERNAL_KEY.alias("user_key")
    # Joined, since PostgreSQL goes through all pairs for each row where a condition asks for them.
    is_named = and_(named.c.place == place, named.c.user_id == table.c.user_id)
    keyed = source.outerjoin(named, is_named)
    for key, column in ((place_key, place), (user_key, table.c.user_id)):
        keyed = keyed.outerjoin(key, and_(key.c.id == column, key.c.scope_id == any_(SCOPES)))
    columns = (place.label("place"), table.c.user_id, table.c.role_id, tenant.label("tenant"))
    members = select(*columns, place_key.c.key.label("place_key"), user_key.c.key.label("user_key")).select_from(keyed)
    return compile_statement(
        members.where(table.c.role_id.is_not(null()), or_(named.c.place.is_not(null()), tenant == any_(OWNERS)))
    )


def _membership(place: str, row: Row) -> Thing:
    values = {place: row.place, "user": row.user_id, "role": row.role_id}
    key = None if row.place_key is None or row.user_key is None else f"{row.place_key}/{row.user_key}"
    return Thing(f"{row.place}/{row.user_id}", values, row.tenant, key, row.tenant)
