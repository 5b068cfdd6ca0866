"""Reads what exists of the things that a document names, and what rests on those that it removes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import Table, text

from app.domain.input import email_key
from app.domain.model import kind_of
from app.domain.world.sections import SECTIONS, Section
from app.domain.world.things import (
    COMMAND,
    ELSEWHERE,
    Dependent,
    FlowUses,
    Item,
    Planned,
    Terms,
    Thing,
    WorldFacts,
)
from app.storage.connections.connection import CompiledStatement, ReadConnection, Row, compile_statement, statement
from app.storage.pages.flow_filters import flows_using
from app.storage.world.section_tables import COMPUTED, OF_WORKSPACES, STORED, columns_of

_PRUNED_OR_ANYWHERE = statement(
    """
    SELECT section, array_agg(id) FROM external_key WHERE section = ANY($2) AND scope_id = ANY($1) GROUP BY section
    UNION ALL
    SELECT section, array_agg(id) FROM external_key
    WHERE section = 'flows' AND (key = ANY($3) OR $4) AND scope_id IN (
        SELECT workspace.id FROM workspace JOIN contract ON contract.id = contract_id WHERE tenant_id = ANY($1)
    )
    GROUP BY section
    """,
    *("tenants", "sections", "keys", "all_flows"),
)
"""Everything with a key in sections that are pruned, and flows with these keys in any workspace."""
_DEPENDENTS = statement(
    """
    SELECT 'contracts' AS section, id, tenant_id AS "on", NULL AS place, NULL AS holder
    FROM contract WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'roles', id, tenant_id, NULL, NULL FROM role WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'users', id, tenant_id, NULL, NULL FROM user_account WHERE tenant_id = ANY($1)
    UNION ALL SELECT 'workspaces', id, contract_id, NULL, NULL FROM workspace WHERE contract_id = ANY($1)
    UNION ALL SELECT 'teams', id, contract_id, NULL, NULL FROM team WHERE contract_id = ANY($1)
    UNION ALL SELECT 'components', id, team_id, NULL, NULL FROM component WHERE team_id = ANY($1)
    UNION ALL SELECT 'credentials', id, component_id, workspace_id, NULL FROM credential WHERE component_id = ANY($1)
    UNION ALL SELECT 'secrets', id, component_id, workspace_id, NULL FROM secret WHERE component_id = ANY($1)
    UNION ALL SELECT 'flows', id, workspace_id, NULL, NULL FROM flow WHERE workspace_id = ANY($1)
    UNION ALL SELECT 'tenantMembers', tenant_id || '/' || user_id, role_id, NULL, user_id
    FROM tenant_member WHERE role_id = ANY($1)
    UNION ALL SELECT 'workspaceMembers', workspace_id || '/' || user_id, role_id, workspace_id, user_id
    FROM workspace_access WHERE role_id = ANY($1)
    UNION ALL SELECT 'workspaceMembers', workspace_id || '/' || user_id, role_id, workspace_id, user_id
    FROM inactive_workspace_member WHERE role_id = ANY($1)
    UNION ALL SELECT 'contractMembers', contract_id || '/' || user_id, role_id, contract_id, user_id
    FROM contract_access WHERE role_id = ANY($1)
    UNION ALL SELECT 'contractMembers', contract_id || '/' || user_id, role_id, contract_id, user_id
    FROM inactive_contract_member WHERE role_id = ANY($1)
    """,
    "ids",
)


async def read_dependents(connection: ReadConnection, removed: Iterable[str]) -> list[Dependent]:
    """Read what rests on things that are to be removed."""
    ids = [*removed]
    rows = await connection.rows(_DEPENDENTS, {"ids": ids}) if ids else []
    return [Dependent(*row) for row in rows]


async def read_uses(connection: ReadConnection, removed: Iterable[Planned]) -> dict[str, FlowUses]:
    """Read which flows use things that are to be removed (W7)."""
    things = [(each.section.name, each.thing) for each in removed]
    placed = {each.id: each.values["workspace"] for section, each in things if section in OF_WORKSPACES}
    components = [each.id for section, each in things if section == "components"]
    return await flows_using(connection, placed, components) if placed or components else {}


class FactsReader:
    """Reads the things that the items of a document name or refer to, and those that are pruned."""

    def __init__(self, connection: ReadConnection, terms: Terms, items: Sequence[Item]) -> None:
        self._connection = connection
        self._terms = terms
        self._tenants = [*terms.tenants]
        self._items: defaultdict[str, list[Item]] = defaultdict(list)
        self._texts: defaultdict[str, set[str]] = defaultdict(set)
        """Keys and ids that the items name or refer to, and the ids of things that are pruned, by section."""
        for item in items:
            self._items[item.section.name].append(item)
            if item.section.kind is not None:
                self._texts[item.section.name].update(text for text in (item.id, item.key) if text)
            self._texts["users"].update(item.users)
            for part in item.section.references:
                value = item.values.get(part.name)
                if value:
                    self._texts[part.refers_to].update(value if isinstance(value, list) else (value,))
        self._things: dict[str, list[Thing]] = {}
        self._by_key: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        """The ids of things, by section and key."""

    async def read(self) -> WorldFacts:
        await self._find_more()
        for name in STORED:
            statements, parameters = self._asked_of(name)
            rows = [row for each in statements for row in await self._connection.rows(each, parameters)]
            self._things[name] = [_thing(SECTIONS[name], row, self._terms) for row in rows]
            for thing in self._things[name]:
                if thing.key is not None:
                    self._by_key[name, thing.key].append(thing.id)
        return WorldFacts(self._terms, {name: self._things[name] for name in SECTIONS})

    async def _find_more(self) -> None:
        """Find what is pruned, and flows that are named without their workspaces."""
        keys = [item.key for item in self._items["flows"] if item.key and "workspace" not in item.values]
        prune = self._terms.prune
        if keys or prune:
            parameters = {"tenants": self._tenants, "sections": [*prune], "keys": keys, "all_flows": "flows" in prune}
            for name, ids in await self._connection.rows(_PRUNED_OR_ANYWHERE, parameters):
                self._texts[name].update(ids)

    def _ids_of(self, section: str, text: object) -> Sequence[str]:
        """The ids of the things that a text may name."""
        return self._by_key.get((section, str(text))) or ([str(text)] if kind_of(str(text)) is not None else ())

    def _scopes_of(self, name: str) -> list[str]:
        is_of_command = name != "users" or self._terms.owns(None)
        return [*self._tenants, COMMAND] if is_of_command else self._tenants

    def _asked_of(self, name: str) -> tuple[list[CompiledStatement], dict[str, Any]]:
        """The statements that read the things of a section, and their parameters."""
        if SECTIONS[name].kind is None:
            return self._asked_of_members(name)
        emails = [item.values.get("email") for item in self._items[name]] if name == "users" else []
        parameters: dict[str, Any] = {
            "section": name,
            "ids": [text for text in self._texts[name] if text.startswith(f"{SECTIONS[name].noun}_")],
            "keys": [*self._texts[name]],
            "scopes": self._scopes_of(name),
            "tenants": self._tenants,
            "everyone": self._terms.by_command,
            "emails": [email_key(email) for email in emails if email is not None],
        }
        if name == "flows":
            named = self._keys_in_workspaces(self._items[name])
            parameters.update(places=[place for place, _ in named], keys=[key for _, key in named])
        elif name in OF_WORKSPACES:
            keyed = {(flow.scope, flow.key) for flow in self._things["flows"]}
            flows = self._keys_in_workspaces(item for item in self._items["flows"] if not item.is_removal)
            parameters["new_in"] = sorted({workspace for workspace, key in flows if (workspace, key) not in keyed})
        return [_things_of(name)], parameters

    def _keys_in_workspaces(self, flows: Iterable[Item]) -> list[tuple[str, str]]:
        """The ids of the workspaces of flows that are named by their keys, with these keys."""
        named = [(flow.values.get("workspace", ""), flow.key) for flow in flows if flow.key and not flow.id]
        return [(workspace, key) for text, key in named for workspace in self._ids_of("workspaces", text)]

    def _asked_of_members(self, name: str) -> tuple[list[CompiledStatement], dict[str, Any]]:
        place = SECTIONS[name].references[0]
        default = self._terms.tenant if place.name == "tenant" else None
        pairs: set[tuple[str, str]] = set()
        for item in self._items[name]:
            places = self._ids_of(place.refers_to, item.values.get(place.name, default))
            pairs.update(product(places, self._ids_of("users", item.values.get("user"))))
        parameters = {
            "places": [place_id for place_id, _ in pairs],
            "users": [user for _, user in pairs],
            "scopes": self._scopes_of("users"),
            "tenants": self._tenants,
        }
        prunes = name in self._terms.prune
        tables = (STORED[name].table, *STORED[name].inactive) if pairs or prunes else ()
        return [memberships_of(name, table, prunes=prunes) for table in tables], parameters


@cache
def _things_of(name: str) -> CompiledStatement:
    """The things of a section that a document may be about, with their tenants and external keys."""
    stored = STORED[name]
    home = "thing.workspace_id" if name == "flows" else stored.tenant
    query = f"""
        SELECT thing.id, {stored.tenant}, external_key.key, coalesce(scope_id, {home}), {", ".join(_read_columns(name).values())}
        FROM {stored.table.name} AS thing {stored.joins} LEFT JOIN external_key ON external_key.id = thing.id
        AND section = :section AND (:section = 'flows' OR scope_id = ANY(:scopes))
        WHERE {stored.condition.format(tenant=stored.tenant)}
    """  # noqa: S608 - our own names
    return compile_statement(text(query))


def _read_columns(name: str) -> dict[str, str]:
    return {part: f"thing.{column}" for part, column in columns_of(name).items()} | COMPUTED.get(name, {})


def _thing(section: Section, row: Row, terms: Terms) -> Thing:
    thing_id, tenant, key, scope, *columns = row
    values = dict(zip(_read_columns(section.name), columns, strict=True))
    if section.name == "roles" and tenant is None:
        key = values["name"]
    elif section.name == "users" and terms.by_command and not (values["active"] or values["isBarred"]):
        values["active"] = ELSEWHERE
    return Thing(thing_id, values, tenant, key, scope or COMMAND)


@cache
def memberships_of(name: str, table: Table, *, prunes: bool) -> CompiledStatement:
    """Memberships of these places and users, or all of these tenants, with their keys."""
    stored, place = STORED[name], SECTIONS[name].references[0].name
    # Joined, since PostgreSQL goes through all pairs for each row where a condition asks for them.
    named = "JOIN unnest(CAST(:places AS text[]), CAST(:users AS text[])) AS named (place, user_id)"
    query = f"""
        SELECT thing.{place}_id || '/' || thing.user_id, {stored.tenant}, place_key.key || '/' || user_key.key,
               {stored.tenant}, {", ".join(_read_columns(name).values())}
        FROM {table.name} AS thing {stored.joins}
        {"LEFT" if prunes else ""} {named} ON named.place = thing.{place}_id AND named.user_id = thing.user_id
        LEFT JOIN external_key AS place_key ON place_key.id = thing.{place}_id AND place_key.scope_id = ANY(:scopes)
        LEFT JOIN external_key AS user_key ON user_key.id = thing.user_id AND user_key.scope_id = ANY(:scopes)
        WHERE role_id IS NOT NULL AND (named.place IS NOT NULL OR {stored.tenant} = ANY(:tenants))
    """  # noqa: S608 - our own names
    return compile_statement(text(query))
