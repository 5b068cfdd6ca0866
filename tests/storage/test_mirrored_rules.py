"""What SQL repeats of the rules says what the rules say, in random worlds."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from hypothesis import given, strategies
from sqlalchemy import ColumnElement, Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.domain.access import QuotaExceeded, WorkspaceAccess, counts_against_quota, may_edit
from app.domain.component import Catalogue, Component, ComponentAccess, why_unusable
from app.domain.export import new_exports
from app.domain.flow import CopiedFrom, CopiedState, SavedState
from app.domain.input import name_key
from app.domain.model import Contract, ContractStatus, TenantId, Workspace, WorkspaceId, WorkspaceType
from app.domain.source_graph import SourceGraph
from app.storage import tables
from app.storage.connections.connection import Row
from app.storage.facts import mirrored_rules
from app.storage.facts.flows import FLOWS_AND_WORKSPACES
from app.storage.facts.locks import Touched
from app.storage.facts.visibility import ACCESSES, BY_VIEWER, access_of
from tests.databases import Databases
from tests.domain.builders import flow, state, step
from tests.domain.permissions import READ_PERMISSIONS, WRITE_PERMISSIONS
from tests.domain.planning import visible
from tests.domain.random_worlds import TENANTS, RandomWorld, worlds
from tests.property_settings import bounded
from tests.storage.domain_rows import Rows, component_row, contract_row, flow_rows, tenant_row, workspace_row

VIEWER = "user_viewer"
INTEGRATOR, GUEST, SEEN, UNSEEN = "role_integrator", "role_guest", "seen", "unseen"
PERMISSIONS = {GUEST: READ_PERMISSIONS, INTEGRATOR: READ_PERMISSIONS | WRITE_PERMISSIONS}


@dataclass(frozen=True)
class Scene:
    """A world as one caller stands in it."""

    workspaces: tuple[Workspace, ...]
    components: tuple[Component, ...]
    access: Mapping[WorkspaceId, str]
    """By workspace: the caller's role, `SEEN` through the contract alone, or `UNSEEN`."""
    flows: Mapping[WorkspaceId, int]
    """By workspace: how many it holds."""

    @property
    def contracts(self) -> tuple[Contract, ...]:
        return tuple(dict.fromkeys(workspace.contract for workspace in self.workspaces))

    @property
    def seen(self) -> list[Workspace]:
        return [workspace for workspace in self.workspaces if self.access[workspace.id] != UNSEEN]

    def access_to(self, workspace: Workspace) -> WorkspaceAccess:
        role = self.access[workspace.id]
        return WorkspaceAccess(workspace, PERMISSIONS.get(role, frozenset()))

    def sees(self, component: Component) -> bool:
        """In a workspace where no whitelist applies, of a contract of the caller's."""
        return any(
            why_unusable(component, replace(workspace, type=WorkspaceType.LIMITED)) is None for workspace in self.seen
        )

    @property
    def catalogue(self) -> Catalogue:
        sees = {component: self.sees(component) for component in self.components}
        visible, invisible = ([one for one in self.components if sees[one] is seen] for seen in (True, False))
        return Catalogue(visible, invisible=invisible)

    def has_whitelist(self, tenant: TenantId) -> bool:
        return next(one.component_whitelist for one in self.contracts if one.tenant_id == tenant)

    def flows_used(self, contract: Contract) -> int:
        own = [one for one in self.workspaces if one.contract == contract and one.type is WorkspaceType.FULL]
        return sum(self.flows[workspace.id] for workspace in own)


@strategies.composite
def scenes(draw: strategies.DrawFn) -> Scene:
    world = draw(worlds())
    contracts = {
        one.contract: replace(one.contract, status=draw(STATUSES), flow_quota=draw(QUOTAS)) for one in world.workspaces
    }
    workspaces = tuple(replace(one, contract=contracts[one.contract]) for one in world.workspaces)
    own = {one: draw(ROLES_HELD) for one in contracts.values()}
    access = {one.id: draw(strategies.sampled_from(own[one.contract])) for one in workspaces}
    flows = {one.id: draw(strategies.integers(0, 2)) for one in workspaces}
    components, of_one_kind = with_teams_of_one_contract(world), draw(strategies.sampled_from([None, *ComponentAccess]))
    if of_one_kind is not None:
        components = tuple(replace(one, access=of_one_kind) for one in components)
    return Scene(workspaces, components, access, flows)


ROLES_HELD = strategies.sampled_from([[INTEGRATOR], [INTEGRATOR, GUEST, SEEN, UNSEEN], [UNSEEN]])


@strategies.composite
def exports(draw: strategies.DrawFn) -> tuple[Scene, Workspace, SavedState]:
    """What the caller exports, and the workspace that it lives in."""
    scene = draw(scenes())
    home = draw(strategies.sampled_from(scene.workspaces))
    names = [str(one.name) for one in scene.components] or ["acme/unknown"]
    used = draw(strategies.lists(strategies.sampled_from(names), min_size=1, max_size=2))
    steps = [step(str(number), f"{name}:run") for number, name in enumerate(used)]
    return replace(scene, access={**scene.access, home.id: INTEGRATOR}), home, state(*steps)


STATUSES = strategies.sampled_from([*[ContractStatus.ACTIVE] * 3, ContractStatus.SUSPENDED])
QUOTAS = strategies.sampled_from([None, 1, 3])


def with_teams_of_one_contract(world: RandomWorld) -> tuple[Component, ...]:
    owners: dict[tuple[TenantId, str], Component] = {}
    firsts = [owners.setdefault((one.tenant_id, one.name.team), one) for one in world.components]
    return tuple(
        replace(one, contract_id=first.contract_id) for one, first in zip(world.components, firsts, strict=True)
    )


@pytest.fixture(scope="module")
async def database(databases: Databases) -> AsyncIterator[AsyncEngine]:
    async with databases.copy() as url:
        engine = create_async_engine(url, pool_size=1)
        yield engine
        await engine.dispose()


@bounded
@given(scenes())
async def test_a_command_means_the_same_component(database: AsyncEngine, scene: Scene) -> None:
    """C0."""
    catalogue = Catalogue(scene.components)
    expected = {
        (tenant, meant.id)
        for tenant in TENANTS
        for name in {one.name for one in scene.components}
        if (meant := catalogue.resolve(f"{name}:run", tenant)) is not None
    }
    tenant = tables.TENANT.alias("asking")
    with_teams = COMPONENTS_WITH_TEAMS.join(tenant, mirrored_rules.is_meant(tenant.c.id))
    async with holding(database, scene) as connection:
        rows = await connection.execute(select(tenant.c.id, tables.COMPONENT.c.id).select_from(with_teams))
        assert {tuple(row) for row in rows} == expected


@bounded
@given(scenes())
async def test_the_same_components_are_visible(database: AsyncEngine, scene: Scene) -> None:
    """C2, C5."""
    visible = select(tables.COMPONENT.c.id).select_from(COMPONENTS_WITH_TEAMS)
    async with holding(database, scene) as connection:
        found = await connection.scalars(visible.where(mirrored_rules.is_visible_component()), {"viewer": VIEWER})
        assert {*found} == {component.id for component in scene.components if scene.sees(component)}


@bounded
@given(scenes())
async def test_flows_may_be_written_in_the_same_workspaces(database: AsyncEngine, scene: Scene) -> None:
    """A3, A6."""
    async with holding(database, scene) as connection:
        expected = {one.id for one in scene.seen if may_edit(scene.access_to(one))}
        assert await workspaces_where(connection, mirrored_rules.MAY_WRITE_FLOWS) == expected


@bounded
@given(scenes())
async def test_the_same_workspaces_count_against_the_quota_and_as_many_flows_count(
    database: AsyncEngine, scene: Scene
) -> None:
    """X10."""
    async with holding(database, scene) as connection:
        parameters = {**dict.fromkeys(Touched._fields, ()), "ids": [], "workspaces": [one.id for one in scene.seen]}
        rows = (await connection.execute(FLOWS_AND_WORKSPACES, {"viewer": VIEWER, **parameters})).all()
        contracts = {"contracts": [one.id for one in scene.contracts]}
        counted = await connection.execute(mirrored_rules.FLOWS_USED_BY_CONTRACT, contracts)
        by_contract = {row.contract_id: row.used for row in counted}
        counting = await workspaces_where(connection, mirrored_rules.COUNTS_AGAINST_QUOTA)
    judged = {one.contract for one in scene.seen if counts_against_quota(one)}
    expected = {one.id: scene.flows_used(one.contract) * (one.contract in judged) for one in scene.seen}
    assert by_contract == {one.id: used for one in scene.contracts if (used := scene.flows_used(one))}
    assert counting == {one.id for one in scene.seen if counts_against_quota(one)}
    assert {row.workspace_id: row.flows_used for row in rows} == expected
    assert {access_of(cast("Row", row)) for row in rows} == {scene.access_to(one) for one in scene.seen}


@bounded
@given(exports())
async def test_a_flow_may_be_exported_to_the_same_workspaces(
    database: AsyncEngine, case: tuple[Scene, Workspace, SavedState]
) -> None:
    """A3, A6, C0 to C5; the quota apart."""
    scene, home, exported = case
    source = flow(exported, at=scene.access_to(home))
    used = SourceGraph(exported.state.graph, scene.catalogue, home)
    anew = new_exports(source, CopiedState(source, exported.state, CopiedFrom.PUBLISHED_VERSION), scene.catalogue)
    expected = set()
    for one in scene.seen:
        access, used_there = scene.access_to(one), scene.flows_used(one.contract)
        refusals, eligible = anew.refusals(access, used_there), anew.eligibility(visible(access), used_there)
        in_the_way = {type(refusal) for refusal in refusals}
        assert eligible == (in_the_way == set(), in_the_way <= {QuotaExceeded})
        if eligible.over_a_flow:
            expected.add(one.id)
    async with holding(database, scene) as connection:
        usable = used.usable_where()
        values = mirrored_rules.usable_values(usable, home)
        may_be = mirrored_rules.MAY_BE_EXPORTED_TO
        found = await workspaces_where(connection, may_be, values)
    assert found == expected


COMPONENTS_WITH_TEAMS = tables.COMPONENT.join(tables.TEAM, tables.TEAM.c.id == tables.COMPONENT.c.team_id)


async def workspaces_where(
    connection: AsyncConnection, condition: ColumnElement[bool], values: Mapping[str, Any] | None = None
) -> set[str]:
    """Of those that the viewer sees."""
    statement = select(tables.WORKSPACE.c.id).select_from(ACCESSES).where(BY_VIEWER, condition)
    return {*await connection.scalars(statement, {"viewer": VIEWER, **(values or {})})}


@asynccontextmanager
async def holding(database: AsyncEngine, scene: Scene) -> AsyncIterator[AsyncConnection]:
    """A transaction in which the database holds a scene; afterwards it is empty again."""
    async with database.connect() as connection:
        for table, rows in rows_of(scene):
            if rows:
                await connection.execute(insert(table), rows)
        yield connection
        await connection.rollback()


def rows_of(scene: Scene) -> list[tuple[Table, Rows]]:
    teams = {(one.tenant_id, one.name.team): one.contract_id for one in scene.components}
    return [
        (tables.TENANT, [tenant_row(one, whitelist=scene.has_whitelist(one)) for one in TENANTS]),
        (tables.CONTRACT, [contract_row(one) for one in scene.contracts]),
        (tables.WORKSPACE, [workspace_row(one) for one in scene.workspaces]),
        (tables.USER, [{"id": VIEWER, "first_name": "", "last_name": "", "email": "v@x", "email_key": "v@x"}]),
        (
            tables.ROLE,
            [
                {"id": role, "scope": "WORKSPACE", "name": role, "permissions": sorted(permissions)}
                for role, permissions in PERMISSIONS.items()
            ],
        ),
        (tables.WORKSPACE_ACCESS, [access_row(scene, one) for one in scene.seen]),
        (
            tables.CONTRACT_ACCESS,
            [
                {"user_id": VIEWER, "contract_id": one.id, "name_key": name_key(one.name)}
                for one in dict.fromkeys(workspace.contract for workspace in scene.seen)
            ],
        ),
        (
            tables.TEAM,
            [
                {"id": f"team_{tenant}_{name}", "tenant_id": tenant, "contract_id": owner, "name": name}
                for (tenant, name), owner in teams.items()
            ],
        ),
        (tables.COMPONENT, [component_row(one) for one in scene.components]),
        (
            tables.COMPONENT_WHITELIST,
            [{"component_id": one.id, "contract_id": named} for one in scene.components for named in one.whitelisted],
        ),
        (tables.FLOW, [row for workspace_id, number in scene.flows.items() for row in flow_rows(workspace_id, number)]),
    ]


def access_row(scene: Scene, workspace: Workspace) -> dict[str, Any]:
    access = scene.access[workspace.id]
    return {
        "user_id": VIEWER,
        "workspace_id": workspace.id,
        "contract_id": workspace.contract.id,
        "name_key": name_key(workspace.name),
        "role_id": access if access in PERMISSIONS else None,
    }
