"""Rules of the domain that SQL repeats, so that no more is read than matters; and the facts about drift (D2 to D4).

Each rule names the one that it mirrors: that one decides, and a test holds the two together on random worlds.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Text,
    all_,
    and_,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from app.domain.access import FLOW_EDIT
from app.domain.component import ComponentAccess
from app.domain.drift import DriftStatus, drift_of
from app.domain.model import ContractStatus, Kind, Workspace, WorkspaceType
from app.domain.source_graph import UsableWhere
from app.storage.connections.connection import ReadConnection, is_one_of, texts
from app.storage.facts.visibility import FLOWS, MEMBER, VIEWER, is_member, rows_by_id
from app.storage.tables import (
    COMPONENT,
    CONTRACT,
    CONTRACT_ACCESS,
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_VERSION,
    ROLE,
    TEAM,
    TENANT,
    WORKSPACE,
)

_IS_GLOBAL = COMPONENT.c.access == ComponentAccess.GLOBAL.value


def is_meant(tenant: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a command with the component's name means this component in a tenant (C0); for rows with its team.

    Mirrors `domain.component.Catalogue.resolve`.
    """
    other, its_team = COMPONENT.alias("other"), TEAM.alias("its_team")
    before = or_(
        its_team.c.tenant_id == tenant,
        and_(other.c.access == ComponentAccess.GLOBAL.value, other.c.id < COMPONENT.c.id),
    )
    shadowed = exists(
        select(literal(1))
        .select_from(its_team.join(other, other.c.team_id == its_team.c.id))
        .where(its_team.c.name == TEAM.c.name, other.c.name == COMPONENT.c.name, before)
    )
    return or_(TEAM.c.tenant_id == tenant, and_(_IS_GLOBAL, ~shadowed))


def is_visible_component() -> ColumnElement[bool]:
    """Whether the component is usable in a contract that the viewer sees (C2, C5); for rows with its team.

    Mirrors `domain.component.why_unusable`, the whitelist apart. The statement reads the viewer's contracts once for all
    components.
    """
    contract = CONTRACT.alias()
    own = select(CONTRACT_ACCESS.c.contract_id).where(CONTRACT_ACCESS.c.user_id == VIEWER)
    tenants = select(contract.c.tenant_id).where(contract.c.id.in_(own))
    of_tenant = and_(COMPONENT.c.access == ComponentAccess.TENANT.value, TEAM.c.tenant_id.in_(tenants))
    return or_(and_(_IS_GLOBAL, exists(own)), TEAM.c.contract_id.in_(own), of_tenant)


MAY_WRITE_FLOWS = and_(
    MEMBER, literal(FLOW_EDIT) == any_(ROLE.c.permissions), CONTRACT.c.status == ContractStatus.ACTIVE.value
)
"""Whether the viewer may write flows in the workspace of a row of `ACCESSES` (A3, A6).

Mirrors `domain.access.may_edit`.
"""
HOME, USABLE_CONTRACT = (bindparam(name, type_=Text) for name in ("home", "usable_contract"))


_TENANT_OF_USE = bindparam("usable_tenant", type_=Text)
_IS_OUTSIDE_WHITELIST = or_(~TENANT.c.component_whitelist, WORKSPACE.c.type != WorkspaceType.FULL.value)
_IS_USABLE = and_(
    ~bindparam("nowhere_else", type_=Boolean),
    CONTRACT.c.tenant_id != all_(texts("shadowing")),
    or_(_TENANT_OF_USE.is_(None), CONTRACT.c.tenant_id == _TENANT_OF_USE),
    or_(USABLE_CONTRACT.is_(None), CONTRACT.c.id == USABLE_CONTRACT),
    or_(_IS_OUTSIDE_WHITELIST, texts("whitelisted").is_(None), is_one_of(CONTRACT.c.id, "whitelisted")),
)
MAY_BE_EXPORTED_TO = and_(MAY_WRITE_FLOWS, or_(WORKSPACE.c.id == HOME, _IS_USABLE))
"""Whether a flow of `home` may be exported to the workspace of a row of `ACCESSES`, the quota apart.

Mirrors `domain.export.NewExports.eligibility` (A3, A6, C0 to C5), for a caller who may export from `home`. `usable_values`
has its parameters.
"""


def usable_values(usable: UsableWhere, home: Workspace) -> dict[str, Any]:
    """Values for the parameters of `MAY_BE_EXPORTED_TO`."""
    return {
        "home": home.id,
        "nowhere_else": usable.nowhere_else,
        "shadowing": sorted(usable.shadowing),
        "usable_tenant": usable.tenant,
        "usable_contract": None if usable.nowhere_else else usable.contract,
        "whitelisted": None if usable.whitelisted is None else sorted(usable.whitelisted),
    }


COUNTS_AGAINST_QUOTA = and_(WORKSPACE.c.type == WorkspaceType.FULL.value, CONTRACT.c.flow_quota.is_not(None))
"""Whether a new flow in the workspace counts (X10); for rows with the contract.

Mirrors `domain.access.counts_against_quota`.
"""
_PRODUCTION = WORKSPACE.alias()
FLOWS_HELD: ColumnElement[int] = (
    select(func.count())
    .select_from(_PRODUCTION.join(FLOW, FLOW.c.workspace_id == _PRODUCTION.c.id))
    .where(_PRODUCTION.c.contract_id == CONTRACT.c.id, _PRODUCTION.c.type == WorkspaceType.FULL.value)
    .correlate(CONTRACT)
    .scalar_subquery()
)
"""Number of flows of the contract that count against its quota."""

_FLOWS_USED = (
    select(WORKSPACE.c.contract_id, func.count().label("used"))
    .join_from(WORKSPACE, FLOW, FLOW.c.workspace_id == WORKSPACE.c.id)
    .where(WORKSPACE.c.type == WorkspaceType.FULL.value)
    .group_by(WORKSPACE.c.contract_id)
)
FLOWS_USED_BY_CONTRACT = _FLOWS_USED.where(is_one_of(WORKSPACE.c.contract_id, "contracts"))
"""Number of flows that count against the quota, for each of many contracts."""


def flows_used_in(workspaces: ColumnElement[Any]) -> Subquery:
    """Flows that count against the quota of each contract that holds one of the workspaces and has a quota."""
    its, contract = WORKSPACE.alias("its"), CONTRACT.alias("its_contract")
    judged = (
        select(its.c.contract_id)
        .join_from(its, contract, contract.c.id == its.c.contract_id)
        .where(its.c.id == any_(workspaces), its.c.type == WorkspaceType.FULL.value, contract.c.flow_quota.is_not(None))
    )
    return _FLOWS_USED.where(WORKSPACE.c.contract_id.in_(judged)).subquery("used")


class Drift(NamedTuple):
    """The drift of a flow from the flow that it descends from, where the viewer sees both."""

    flow_id: str
    source_flow_id: str
    status: DriftStatus | None


def shown_state(flow: FromClause, name: str) -> FromClause:
    """The content and descent of a flow: those of its published version or, without one, of its draft (D2)."""
    version, draft = FLOW_VERSION.alias(), FLOW_DRAFT.alias()
    is_shown = draft.c.flow_id == flow.c.id, draft.c.set_aside_at.is_(None), flow.c.published_version_id.is_(None)
    return union_all(
        select(version.c.content_hash, version.c.descends_from)
        .where(version.c.id == flow.c.published_version_id)
        .correlate(flow),
        select(draft.c.content_hash, draft.c.descends_from).where(*is_shown).correlate(flow),
    ).lateral(name)


def base_of(flow: ColumnElement[str], other_flow: ColumnElement[str], *tables: FromClause) -> FromClause:
    """The content of the newest record between two flows, in either direction, whose result was published (D3)."""

    def newest_from(source: ColumnElement[str], destination: ColumnElement[str]) -> Select[Any]:
        record = FLOW_EXPORT.alias()
        of_both = record.c.source_flow_id == source, record.c.destination_flow_id == destination
        return (
            select(record.c.content_hash, record.c.created_at, record.c.id)
            .where(*of_both, record.c.version_id.is_not(None))
            .order_by(record.c.created_at.desc(), record.c.id.desc())
            .limit(1)
            .correlate(*tables)
        )

    newest = union_all(newest_from(flow, other_flow), newest_from(other_flow, flow)).subquery("newest").c
    return select(newest.content_hash).order_by(newest.created_at.desc(), newest.id.desc()).limit(1).lateral("base")


_DESCENT, _SOURCE = FLOW_EXPORT.alias("descent"), FLOW.alias("source")
_SHOWN, _ORIGIN = shown_state(FLOW, "shown"), shown_state(_SOURCE, "origin")
_BASE = base_of(_SOURCE.c.id, FLOW.c.id, _SOURCE, FLOW)
ENDS = (
    select(
        _SOURCE.c.id.label("source_flow_id"),
        _ORIGIN.c.content_hash.label("source_hash"),
        _SHOWN.c.content_hash.label("shown_hash"),
        _BASE.c.content_hash.label("base_hash"),
    )
    .select_from(
        _SHOWN.join(_DESCENT, _DESCENT.c.id == _SHOWN.c.descends_from)
        .join(_SOURCE, _SOURCE.c.id == _DESCENT.c.source_flow_id)
        .join(_ORIGIN, true())
        .outerjoin(_BASE, true())
    )
    .where(is_member(_SOURCE.c.workspace_id))
    .correlate(FLOW)
    .lateral("ends")
)
"""The flow that `FLOW` descends from, if the viewer sees it, with the facts that decide the drift."""
DRIFT = case(
    (ENDS.c.source_hash == ENDS.c.shown_hash, DriftStatus.IN_SYNC.value),
    (ENDS.c.base_hash.is_(None), null()),
    (ENDS.c.shown_hash == ENDS.c.base_hash, DriftStatus.SOURCE_AHEAD.value),
    (ENDS.c.source_hash == ENDS.c.base_hash, DriftStatus.DESTINATION_AHEAD.value),
    else_=DriftStatus.DIVERGED.value,
)
"""The drift of a flow from the other one of `ENDS` (D3, D4). Mirrors `domain.drift.drift_of`."""
_DRIFTS = (
    select(FLOW.c.id, ENDS.c.source_flow_id, ENDS.c.source_hash, ENDS.c.shown_hash, ENDS.c.base_hash)
    .select_from(FLOWS.join(ENDS, true()))
    .where(is_one_of(FLOW.c.id))
)


async def read_drifts(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, Drift]:
    """Read the drift of flows; a flow has none where the viewer can't see the flow that it descends from."""
    rows = await rows_by_id(connection, _DRIFTS, viewer, Kind.FLOW, ids)
    return {flow_id: Drift(flow_id, source, drift_of(*hashes)) for flow_id, source, *hashes in rows}
