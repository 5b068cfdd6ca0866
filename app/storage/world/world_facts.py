"""Reads what exists of the things that a document names or refers to, section by section."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
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
from app.storage.connections.connection import CompiledStatement, ReadConnection, Row, compile_statement, statement
from app.storage.tables import (
    COMPONENT,
    COMPONENT_WHITELIST,
    CONTRACT,
    CONTRACT_ACCESS,
    EXTERNAL_KEY,
    TENANT_MEMBER,
)
from app.storage.world.section_tables import INACTIVE, OF_WORKSPACES, TABLES, columns_of, with_tenant

_KEYED = statement(
    "SELECT section, array_agg(id) FROM unnest($1::text[], $2::text[]) AS named (section, key) "
    "JOIN external_key USING (section, key) WHERE scope_id = ANY($3) AND (scope_id <> '' OR section <> 'users' OR $4) "
    "GROUP BY section",
    *("sections", "keys", "scopes", "own_users"),
)
_KEYED_FLOWS = statement(
    "SELECT section, array_agg(id) FROM unnest($1::text[], $2::text[]) AS named (scope_id, key) "
    "JOIN external_key USING (scope_id, key) WHERE section = 'flows' GROUP BY section",
    *("workspaces", "keys"),
)
_KEYED_FLOWS_ANYWHERE = statement(
    "SELECT section, array_agg(id) FROM external_key WHERE section = 'flows' AND (key = ANY($2) OR $3) AND scope_id IN ("
    "SELECT workspace.id FROM workspace JOIN contract ON contract.id = contract_id WHERE tenant_id = ANY($1)) "
    "GROUP BY section",
    *("tenants", "keys", "prunes"),
)
_PRUNABLE = statement(
    "SELECT section, array_agg(id) FROM external_key WHERE scope_id = ANY($1) AND section = ANY($2) GROUP BY section",
    *("tenants", "sections"),
)
IDS, EMAILS, SCOPES = (bindparam(name, type_=ARRAY(Text)) for name in ("ids", "emails", "scopes"))
OWNERS, WORKSPACES = (bindparam(name, type_=ARRAY(Text)) for name in ("tenants", "workspaces"))
PLACES, USERS = (bindparam(name, type_=ARRAY(Text)) for name in ("places", "users"))
EVERYONE = bindparam("everyone", type_=Boolean)
LATER = ("flows", *OF_WORKSPACES, "tenantMembers", "workspaceMembers", "contractMembers")
"""Sections that are read in another order: keys of flows lie in workspaces, and steps of new flows name what lives there."""


async def read_facts(connection: ReadConnection, terms: Terms, items: Sequence[Item]) -> WorldFacts:
    """Read the things that the items name or refer to, and those that are pruned."""
    return await _Reader(connection, terms, items).read()


class _Reader:
    def __init__(self, connection: ReadConnection, terms: Terms, items: Sequence[Item]) -> None:
        self._connection = connection
        self._terms = terms
        self._tenants = [*terms.tenants]
        self._items: defaultdict[str, list[Item]] = defaultdict(list)
        self._texts: defaultdict[str, set[str]] = defaultdict(set)
        """Keys and ids that the items name or refer to, by section."""
        for item in items:
            self._add(item)
        self._ids: defaultdict[str, list[str]] = defaultdict(list)
        """The ids of things that are named by their keys, or pruned, by section."""
        self._by_key: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """The ids of things, by section and key."""

    async def read(self) -> WorldFacts:
        await self._find_keys()
        things = {name: await self._read(name) for name in SECTIONS if name not in LATER}
        await self._find_flows()
        things["flows"] = await self._read("flows")
        keyed = {(flow.scope, flow.key) for flow in things["flows"]}
        flows = self._keys_in_workspaces(item for item in self._items["flows"] if not item.is_removal)
        # Steps of a new flow may name whatever lives in its workspace.
        new_in = sorted({workspace for workspace, key in flows if (workspace, key) not in keyed})
        things.update({name: await self._read(name, new_in) for name in OF_WORKSPACES})
        for section in SECTIONS.values():
            if section.kind is None:
                things[section.name] = await self._read_members(section)
        return WorldFacts(self._terms, {name: things[name] for name in SECTIONS})

    def _add(self, item: Item) -> None:
        self._items[item.section.name].append(item)
        if item.section.kind is not None:
            self._texts[item.section.name].update(text for text in (item.id, item.key) if text)
        self._texts["users"].update(item.users)
        for part in item.section.references:
            value = item.values.get(part.name)
            if value:
                self._texts[part.refers_to].update(value if isinstance(value, list) else (value,))

    async def _find_keys(self) -> None:
        named = [(section, text) for section, texts in self._texts.items() if section != "flows" for text in texts]
        parameters = {"sections": [section for section, _ in named], "keys": [text for _, text in named]}
        scopes, own_users = [*self._tenants, COMMAND], self._terms.owns(None)
        await self._find(_KEYED, **parameters, scopes=scopes, own_users=own_users)
        if self._terms.prune:
            await self._find(_PRUNABLE, tenants=self._tenants, sections=[*self._terms.prune])

    async def _find_flows(self) -> None:
        items, prunes = self._items["flows"], "flows" in self._terms.prune
        named = self._keys_in_workspaces(items)
        await self._find(_KEYED_FLOWS, workspaces=[place for place, _ in named], keys=[key for _, key in named])
        anywhere = [item.key for item in items if item.key and "workspace" not in item.values]
        if anywhere or prunes:
            await self._find(_KEYED_FLOWS_ANYWHERE, tenants=self._tenants, keys=anywhere, prunes=prunes)

    async def _find(self, keyed: CompiledStatement, **parameters: object) -> None:
        for name, ids in await self._connection.rows(keyed, parameters):
            self._ids[name] += ids

    def _ids_of(self, section: str, text: object) -> Sequence[str]:
        """The ids of the things that a text may name."""
        return self._by_key.get((section, str(text))) or ([str(text)] if kind_of(str(text)) is not None else ())

    def _scopes_of(self, name: str) -> list[str]:
        is_of_command = name != "users" or self._terms.owns(None)
        return [*self._tenants, COMMAND] if is_of_command else self._tenants

    async def _read(self, name: str, new_in: Collection[str] = ()) -> list[Thing]:
        section = SECTIONS[name]
        emails = [item.values.get("email") for item in self._items[name]] if name == "users" else []
        parameters: dict[str, Any] = {
            "ids": [text for text in self._texts[name] if text.startswith(f"{section.noun}_")] + self._ids[name],
            "scopes": self._scopes_of(name),
            "tenants": self._tenants,
            "workspaces": new_in,
            "everyone": self._terms.by_command,
            "emails": [email_key(email) for email in emails if email is not None],
        }
        rows = await self._connection.rows(_things_of(name), parameters)
        things = [_thing(section, row, self._terms) for row in rows]
        for thing in things:
            if thing.key is not None:
                self._by_key[name, thing.key].append(thing.id)
        if name == "components":
            await self._read_whitelists(things)
        return things

    async def _read_whitelists(self, components: Sequence[Thing]) -> None:
        listed: defaultdict[str, list[str]] = defaultdict(list)
        component, contract = COMPONENT_WHITELIST.c.component_id, COMPONENT_WHITELIST.c.contract_id
        rows = select(component, contract).where(component == any_(IDS)).order_by(contract)
        for row in await self._connection.rows(rows, {"ids": [thing.id for thing in components]}):
            listed[row.component_id].append(row.contract_id)
        for thing in components:
            thing.values = {**thing.values, "whitelistedContracts": listed[thing.id]}

    def _keys_in_workspaces(self, flows: Iterable[Item]) -> list[tuple[str, str]]:
        """The ids of the workspaces of flows that are named by their keys, with these keys."""
        named = [(flow.values.get("workspace", ""), flow.key) for flow in flows if flow.key and not flow.id]
        return [(workspace, key) for text, key in named for workspace in self._ids_of("workspaces", text)]

    async def _read_members(self, section: Section) -> list[Thing]:
        place = section.references[0]
        default = self._terms.tenant if place.name == "tenant" else None
        pairs: set[tuple[str, str]] = set()
        for item in self._items[section.name]:
            places = self._ids_of(place.refers_to, item.values.get(place.name, default))
            pairs.update(product(places, self._ids_of("users", item.values.get("user"))))
        prunes = section.name in self._terms.prune
        if not pairs and not prunes:
            return []
        parameters = {
            "places": [place_id for place_id, _ in pairs],
            "users": [user for _, user in pairs],
            "scopes": self._scopes_of("users"),
            "tenants": [*self._terms.tenants] if prunes else [],
        }
        tables = [named[section.name] for named in (TABLES, INACTIVE) if section.name in named]
        statements = [_members_of(place.name, table) for table in tables]
        return [
            _membership(place.name, row)
            for statement in statements
            for row in await self._connection.rows(statement, parameters)
        ]


@cache
def _things_of(name: str) -> CompiledStatement:
    """The things of a section that a document may be about, with their tenants and external keys."""
    table, (source, tenant) = TABLES[name], with_tenant(TABLES[name])
    scope = EXTERNAL_KEY.c.scope_id
    in_scope = scope == table.c.workspace_id if name == "flows" else scope == any_(SCOPES)
    has_key = and_(EXTERNAL_KEY.c.id == table.c.id, EXTERNAL_KEY.c.section == literal(name), in_scope)
    is_active = and_(table.c.active, table.c.active_at_home) if name == "users" else None
    columns = [is_active if column == "active" else table.c[column] for column in columns_of(name).values()]
    if name == "users":
        # Of other tenants' users it is told here alone whether they provision one of these tenants.
        provisions = or_(tenant == any_(OWNERS), TENANT_MEMBER.c.tenant_id == any_(OWNERS))
        columns += [exists().where(TENANT_MEMBER.c.user_id == table.c.id, provisions), not_(table.c.active)]
    keyed_in = table.c.workspace_id if name == "flows" else func.coalesce(scope, tenant)
    things = select(table.c.id, tenant, EXTERNAL_KEY.c.key, keyed_in, *columns)
    keyed = source.outerjoin(EXTERNAL_KEY, has_key)
    return compile_statement(things.select_from(keyed).where(_condition(name, tenant)))


def _condition(name: str, tenant: ColumnElement[str]) -> ColumnElement[bool]:
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
        by_id = or_(by_id, table.c.workspace_id == any_(WORKSPACES))
    return and_(by_id, of_tenants)


def _thing(section: Section, row: Row, terms: Terms) -> Thing:
    thing_id, tenant, key, scope, *columns = row
    values = dict(zip(columns_of(section.name), columns, strict=False))
    thing = Thing(thing_id, values, tenant, key, scope or COMMAND)
    if section.name == "roles" and tenant is None:
        thing.key = values["name"]
    elif section.name == "flows":
        values["suspended"] = values["status"] == FlowStatus.SUSPENDED
    elif section.name == "users":
        thing.is_provisioner, thing.is_barred = columns[-2:]
        if terms.by_command and not (values["active"] or thing.is_barred):
            values["active"] = ELSEWHERE
    return thing


@cache
def _members_of(place_name: str, table: Table) -> CompiledStatement:
    """Memberships of these places and users, and all of these tenants, with their keys."""
    source, tenant = with_tenant(table)
    place = table.c[f"{place_name}_id"]
    named = func.unnest(PLACES, USERS).table_valued("place", "user_id").render_derived(name="named")
    place_key, user_key = EXTERNAL_KEY.alias("place_key"), EXTERNAL_KEY.alias("user_key")
    # Joined, since PostgreSQL goes through all pairs for each row where a condition asks for them.
    is_named = and_(named.c.place == place, named.c.user_id == table.c.user_id)
    keyed = source.outerjoin(named, is_named)
    for key, column in ((place_key, place), (user_key, table.c.user_id)):
        keyed = keyed.outerjoin(key, and_(key.c.id == column, key.c.scope_id == any_(SCOPES)))
    members = select(place, table.c.user_id, table.c.role_id, tenant, place_key.c.key, user_key.c.key)
    is_meant = and_(table.c.role_id.is_not(null()), or_(named.c.place.is_not(null()), tenant == any_(OWNERS)))
    return compile_statement(members.select_from(keyed).where(is_meant))


def _membership(place_name: str, row: Row) -> Thing:
    place, user, role, tenant, place_key, user_key = row
    key = None if place_key is None or user_key is None else f"{place_key}/{user_key}"
    return Thing(f"{place}/{user}", {place_name: place, "user": user, "role": role}, tenant, key, tenant)
