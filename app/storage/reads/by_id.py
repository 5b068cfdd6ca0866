"""Resources by their ids, many at once: what loaders ask. An id that is malformed, unknown or invisible finds nothing."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on

from app.domain.model import Kind
from app.meter import current_meter
from app.storage.connections.connection import ReadConnection, View, is_one_of, views_of
from app.storage.facts.mirrored_rules import FLOWS_HELD, MAY_WRITE_FLOWS, is_visible_component, shown_state
from app.storage.facts.record_facts import DRAFT_HAS_MOVED, IS_OPEN, VERSION_HAS_MOVED, WITH_PRESENT_STATE
from app.storage.facts.visibility import (
    BY_VIEWER,
    FLOWS,
    VIEWER,
    holds_one,
    is_member,
    reads_tenant,
    rows_by_id,
)
from app.storage.reads.exports import IS_VISIBLE
from app.storage.reads.rows import (
    AgentView,
    ComponentView,
    ContractView,
    CredentialView,
    DraftView,
    EventView,
    ExportView,
    FlowsOfContractView,
    FlowView,
    ReleaseView,
    SecretView,
    TopicView,
    UserView,
    VersionView,
    WorkspaceView,
    columns,
)
from app.storage.tables import (
    AGENT,
    COMPONENT,
    CONTRACT,
    CONTRACT_ACCESS,
    CREDENTIAL,
    EVENT,
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_VERSION,
    RELEASE_ITEM,
    RELEASE_REQUEST,
    ROLE,
    SECRET,
    TEAM,
    TOPIC,
    USER,
    WORKSPACE,
    WORKSPACE_ACCESS,
)

Seen = TypeVar("Seen")
Read = Callable[[ReadConnection, str, Sequence[str]], Awaitable[dict[str, Seen]]]
"""Reads things by their ids for a viewer."""


def reader(view: type[View], kind: Kind, statement: Select[Any], *, by: str = "id") -> Read[View]:
    """Make the reader of a statement whose rows begin with the columns of a view; `by` is the column of the ids."""
    make = views_of(view).make

    async def read(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, View]:
        return {row[by]: make(row) for row in await rows_by_id(connection, statement, viewer, kind, ids)}

    return read


def _below_workspaces(view: type[View], kind: Kind, table: Table) -> Read[View]:
    """Reads what lives in the workspaces of which the viewer is a member."""
    of_member = is_one_of(table.c.id), is_member(table.c.workspace_id)
    return reader(view, kind, select(*columns(table, view)).where(*of_member))


read_topics = _below_workspaces(TopicView, Kind.TOPIC, TOPIC)
read_credentials = _below_workspaces(CredentialView, Kind.CREDENTIAL, CREDENTIAL)
read_secrets = _below_workspaces(SecretView, Kind.SECRET, SECRET)
read_agents = _below_workspaces(AgentView, Kind.AGENT, AGENT)


def _shares_a_workspace() -> ColumnElement[bool]:
    theirs, mine = WORKSPACE_ACCESS.alias("theirs"), WORKSPACE_ACCESS.alias("mine")
    both_members = and_(theirs.c.role_id.is_not(None), mine.c.role_id.is_not(None))
    return exists(
        select(literal(1))
        .select_from(theirs.join(mine, theirs.c.workspace_id == mine.c.workspace_id))
        .where(theirs.c.user_id == USER.c.id, mine.c.user_id == VIEWER, both_members)
    )


def _is_author(author: ColumnElement[Any], flow_id: ColumnElement[Any]) -> ColumnElement[bool]:
    visible = FLOW.alias()
    return exists(
        select(literal(1)).where(author == USER.c.id, flow_id == visible.c.id, is_member(visible.c.workspace_id))
    )


_USERS = select(*columns(USER, UserView)).where(is_one_of(USER.c.id))
read_users = reader(UserView, Kind.USER, _USERS)
"""Reads users without a check of visibility, for the authors of what the viewer sees (A4)."""
read_visible_users = reader(
    UserView,
    Kind.USER,
    _USERS.where(
        or_(
            USER.c.id == VIEWER,
            _shares_a_workspace(),
            exists(select(literal(1)).where(FLOW.c.created_by == USER.c.id, is_member(FLOW.c.workspace_id))),
            _is_author(FLOW_DRAFT.c.author_id, FLOW_DRAFT.c.flow_id),
            _is_author(FLOW_VERSION.c.published_by, FLOW_VERSION.c.flow_id),
        )
    ),
)
"""Reads oneself, those who share a workspace with the viewer, and authors of what the viewer sees (A4)."""

CONTRACTS = select(*columns(CONTRACT, ContractView)).join_from(
    CONTRACT_ACCESS, CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id
)
"""Contracts that users see; statements say who."""
_SEEN_CONTRACTS = CONTRACTS.where(CONTRACT_ACCESS.c.user_id == VIEWER, is_one_of(CONTRACT.c.id))
read_contracts = reader(ContractView, Kind.CONTRACT, _SEEN_CONTRACTS)
_QUOTAS = _SEEN_CONTRACTS.with_only_columns(
    *columns(CONTRACT, FlowsOfContractView, number=CONTRACT.c.flow_quota), maintain_column_froms=True
).where(CONTRACT.c.flow_quota.is_not(None), holds_one(MAY_WRITE_FLOWS))
"""Quotas of contracts with one, if the viewer may create flows in a workspace of the contract (N6)."""
read_quotas = reader(FlowsOfContractView, Kind.CONTRACT, _QUOTAS)
read_flows_held = reader(
    FlowsOfContractView,
    Kind.CONTRACT,
    _QUOTAS.with_only_columns(CONTRACT.c.id, FLOWS_HELD.label("number"), maintain_column_froms=True),
)

_OF_CONTRACT_AND_ROLE = {"contract_status": CONTRACT.c.status, "permissions": ROLE.c.permissions}
WORKSPACES = (
    select(*columns(WORKSPACE, WorkspaceView, **_OF_CONTRACT_AND_ROLE))
    .join_from(WORKSPACE_ACCESS, WORKSPACE, WORKSPACE_ACCESS.c.workspace_id == WORKSPACE.c.id)
    .join(CONTRACT, WORKSPACE.c.contract_id == CONTRACT.c.id)
    .outerjoin(ROLE, WORKSPACE_ACCESS.c.role_id == ROLE.c.id)
)
"""Workspaces that users see; statements say who: `BY_VIEWER`."""
read_workspaces = reader(WorkspaceView, Kind.WORKSPACE, WORKSPACES.where(BY_VIEWER, is_one_of(WORKSPACE.c.id)))

_COMPONENTS = (
    select(*columns(COMPONENT, ComponentView, team_name=TEAM.c.name))
    .join_from(COMPONENT, TEAM, TEAM.c.id == COMPONENT.c.team_id)
    .where(is_one_of(COMPONENT.c.id))
)
read_components_referred_to = reader(ComponentView, Kind.COMPONENT, _COMPONENTS)
"""Reads components without a check of visibility: credentials and secrets that the viewer sees always show theirs."""
read_components = reader(ComponentView, Kind.COMPONENT, _COMPONENTS.where(is_visible_component()))

read_flows = reader(
    FlowView, Kind.FLOW, select(*columns(FLOW, FlowView)).select_from(FLOWS).where(is_one_of(FLOW.c.id))
)

_IS_ACTIVE = FLOW_DRAFT.c.set_aside_at.is_(None)
_DRAFTS = select(*columns(FLOW_DRAFT, DraftView)).select_from(FLOWS.join(FLOW_DRAFT, FLOW_DRAFT.c.flow_id == FLOW.c.id))
read_drafts = reader(DraftView, Kind.DRAFT, _DRAFTS.where(is_one_of(FLOW_DRAFT.c.id)))
read_active_drafts = reader(
    DraftView, Kind.FLOW, _DRAFTS.where(is_one_of(FLOW_DRAFT.c.flow_id), _IS_ACTIVE), by="flow_id"
)

_VERSIONS_SEEN = FLOWS.join(FLOW_VERSION, FLOW_VERSION.c.flow_id == FLOW.c.id)
_VERSIONS = select(*columns(FLOW_VERSION, VersionView))
read_versions = reader(
    VersionView, Kind.VERSION, _VERSIONS.select_from(_VERSIONS_SEEN).where(is_one_of(FLOW_VERSION.c.id))
)
_BECAME = and_(FLOW_EXPORT.c.version_id == FLOW_VERSION.c.id, FLOW_EXPORT.c.id == FLOW_VERSION.c.export_id)
read_destination_versions = reader(
    VersionView,
    Kind.EXPORT,
    _VERSIONS.select_from(_VERSIONS_SEEN.join(FLOW_EXPORT, _BECAME)).where(is_one_of(FLOW_EXPORT.c.id)),
    by="export_id",
)
"""Reads the versions that drafts of exports were published as, unless they were edited before (N3)."""

EXPORTS = select(*columns(FLOW_EXPORT, ExportView))
read_exports = reader(ExportView, Kind.EXPORT, EXPORTS.where(is_one_of(FLOW_EXPORT.c.id), IS_VISIBLE))
_STATES = FLOWS.outerjoin(FLOW_DRAFT, and_(FLOW_DRAFT.c.flow_id == FLOW.c.id, _IS_ACTIVE)).outerjoin(
    FLOW_VERSION, FLOW_VERSION.c.id == FLOW.c.published_version_id
)
_CAME_FROM = case((FLOW_DRAFT.c.id.is_not(None), FLOW_DRAFT.c.export_id), else_=FLOW_VERSION.c.export_id)
read_provenances = reader(
    ExportView,
    Kind.FLOW,
    EXPORTS.select_from(_STATES.join(FLOW_EXPORT, FLOW_EXPORT.c.id == _CAME_FROM)).where(is_one_of(FLOW.c.id)),
    by="destination_flow_id",
)
"""Reads, for flows, the record that the draft came from or, without a draft, that of the published version (P6)."""
_SHOWN = shown_state(FLOW, "shown")
read_descents = reader(
    ExportView,
    Kind.FLOW,
    EXPORTS.select_from(FLOWS.join(_SHOWN, true()).join(FLOW_EXPORT, FLOW_EXPORT.c.id == _SHOWN.c.descends_from)).where(
        is_one_of(FLOW.c.id)
    ),
    by="destination_flow_id",
)
"""Reads the records that flows descend from (D1)."""

_FLOW_NAME = case((is_member(EVENT.c.workspace_id), EVENT.c.flow_name))
read_events = reader(
    EventView,
    Kind.EVENT,
    select(*columns(EVENT, EventView, release_id=EVENT.c.request_id, flow_name=_FLOW_NAME)).where(
        is_one_of(EVENT.c.id),
        or_(
            *map(is_member, (EVENT.c.workspace_id, EVENT.c.other_workspace_id)),
            *map(reads_tenant, (EVENT.c.tenant_id, EVENT.c.other_tenant_id)),
        ),
    ),
)


_SEES_RELEASE = is_member(RELEASE_REQUEST.c.workspace_id)
RELEASES = select(*columns(RELEASE_REQUEST, ReleaseView))
read_releases = reader(ReleaseView, Kind.RELEASE, RELEASES.where(is_one_of(RELEASE_REQUEST.c.id), _SEES_RELEASE))
_OPEN_ITEMS = (
    select(
        RELEASE_ITEM.c.request_id,
        func.count().label("number"),
        func.bool_or(or_(DRAFT_HAS_MOVED, VERSION_HAS_MOVED)).label("has_moved"),
    )
    .select_from(WITH_PRESENT_STATE)
    .where(is_one_of(RELEASE_ITEM.c.request_id), IS_OPEN, _SEES_RELEASE)
    .group_by(RELEASE_ITEM.c.request_id)
)
"""The number of items of each open request, and whether one of them has moved."""
_NAMES_DRAFT = and_(RELEASE_ITEM.c.draft_id == FLOW_DRAFT.c.id, RELEASE_ITEM.c.revision == FLOW_DRAFT.c.revision)
_OF_DRAFTS = (
    RELEASES.add_columns(FLOW_DRAFT.c.id.label("draft"))
    .select_from(
        FLOW_DRAFT.join(RELEASE_ITEM, _NAMES_DRAFT).join(
            RELEASE_REQUEST, RELEASE_REQUEST.c.id == RELEASE_ITEM.c.request_id
        )
    )
    .where(is_one_of(FLOW_DRAFT.c.id), FLOW_DRAFT.c.set_aside_at.is_(None), IS_OPEN, _SEES_RELEASE)
    .ext(distinct_on(FLOW_DRAFT.c.id))
    .order_by(FLOW_DRAFT.c.id, RELEASE_REQUEST.c.id.desc())
)
read_releases_of_drafts = reader(ReleaseView, Kind.DRAFT, _OF_DRAFTS, by="draft")
"""Reads the newest open requests that name drafts as they are, by the ids of the drafts."""


async def read_current_releases(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, bool]:
    """Read whether requests can still be applied. The meter counts each of their items."""
    rows = await rows_by_id(connection, _OPEN_ITEMS, viewer, Kind.RELEASE, ids)
    current_meter().take_objects(sum(row.number for row in rows))
    current = {row.request_id for row in rows if not row.has_moved}
    return {id_: id_ in current for id_ in ids}
