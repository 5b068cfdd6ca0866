"""Resources by their ids, many at once: what loaders ask. An id that is malformed, unknown or invisible finds nothing."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, any_, bindparam, case, exists, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.storage.connections.connection import ReadConnection, views_of
from app.storage.facts.drifts import shown_state
from app.storage.facts.mirrored_rules import FLOWS_HELD, is_visible_component, may_write_flows
from app.storage.facts.visibility import (
    BY_VIEWER,
    FLOWS,
    VIEWER,
    WORKSPACE_COLUMNS,
    WORKSPACES_SEEN,
    holds_one,
    is_member,
    reads_tenant,
)
from app.storage.ids import Kind, is_id
from app.storage.reads.exports import IS_VISIBLE
from app.storage.reads.rows import (
    AgentView,
    ComponentView,
    ContractView,
    CredentialView,
    DraftView,
    EventView,
    ExportView,
    FlowsHeldView,
    FlowView,
    QuotaView,
    SecretView,
    TopicView,
    UserView,
    VersionView,
    View,
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
    SECRET,
    TEAM,
    TOPIC,
    USER,
    WORKSPACE,
    WORKSPACE_ACCESS,
)

IDS = bindparam("ids", type_=ARRAY(Text))

Seen = TypeVar("Seen")
Read = Callable[[ReadConnection, str, Sequence[str]], Awaitable[dict[str, Seen]]]
"""Reads things by their ids for a viewer."""

USERS = select(*columns(USER, UserView)).where(USER.c.id == any_(IDS))
"""Users without a check of visibility, for the authors of what the viewer sees (A4)."""


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


VISIBLE_USERS = USERS.where(
    or_(
        USER.c.id == VIEWER,
        _shares_a_workspace(),
        exists(select(literal(1)).where(FLOW.c.created_by == USER.c.id, is_member(FLOW.c.workspace_id))),
        _is_author(FLOW_DRAFT.c.author_id, FLOW_DRAFT.c.flow_id),
        _is_author(FLOW_VERSION.c.published_by, FLOW_VERSION.c.flow_id),
    )
)
"""Oneself, those who share a workspace with the viewer, and authors of what the viewer sees (A4)."""

CONTRACTS = (
    select(*columns(CONTRACT, ContractView))
    .join_from(CONTRACT, CONTRACT_ACCESS, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id)
    .where(CONTRACT_ACCESS.c.user_id == VIEWER, CONTRACT.c.id == any_(IDS))
)

QUOTAS = (
    select(*columns(CONTRACT, QuotaView))
    .join_from(CONTRACT_ACCESS, CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id)
    .where(CONTRACT_ACCESS.c.user_id == VIEWER, CONTRACT.c.id == any_(IDS), CONTRACT.c.flow_quota.is_not(None))
    .where(holds_one(may_write_flows()))
)
"""Quotas of contracts with one, if the viewer may create flows in a workspace of the contract (N6)."""
FLOWS_HELD_THERE = QUOTAS.with_only_columns(CONTRACT.c.id, FLOWS_HELD.label("number"), maintain_column_froms=True)

WORKSPACES = select(*WORKSPACE_COLUMNS).select_from(WORKSPACES_SEEN).where(BY_VIEWER, WORKSPACE.c.id == any_(IDS))


COMPONENTS_REFERRED_TO = (
    select(*columns(COMPONENT, ComponentView, team_name=TEAM.c.name))
    .join_from(COMPONENT, TEAM, TEAM.c.id == COMPONENT.c.team_id)
    .where(COMPONENT.c.id == any_(IDS))
)
"""Components without a check of visibility: credentials and secrets that the viewer sees always show their component."""

COMPONENTS = COMPONENTS_REFERRED_TO.where(is_visible_component())

TOPICS = select(*columns(TOPIC, TopicView)).where(TOPIC.c.id == any_(IDS), is_member(TOPIC.c.workspace_id))
CREDENTIALS = select(*columns(CREDENTIAL, CredentialView)).where(
    CREDENTIAL.c.id == any_(IDS), is_member(CREDENTIAL.c.workspace_id)
)
SECRETS = select(*columns(SECRET, SecretView)).where(SECRET.c.id == any_(IDS), is_member(SECRET.c.workspace_id))
AGENTS = select(*columns(AGENT, AgentView)).where(AGENT.c.id == any_(IDS), is_member(AGENT.c.workspace_id))

VISIBLE_FLOWS = select(*columns(FLOW, FlowView)).select_from(FLOWS).where(FLOW.c.id == any_(IDS))

_DRAFTS = select(*columns(FLOW_DRAFT, DraftView)).select_from(FLOWS.join(FLOW_DRAFT, FLOW_DRAFT.c.flow_id == FLOW.c.id))
DRAFTS = _DRAFTS.where(FLOW_DRAFT.c.id == any_(IDS))
ACTIVE_DRAFTS = _DRAFTS.where(FLOW_DRAFT.c.flow_id == any_(IDS), FLOW_DRAFT.c.set_aside_at.is_(None))

VERSIONS = (
    select(*columns(FLOW_VERSION, VersionView))
    .select_from(FLOWS.join(FLOW_VERSION, FLOW_VERSION.c.flow_id == FLOW.c.id))
    .where(FLOW_VERSION.c.id == any_(IDS))
)

DESTINATION_VERSIONS = (
    select(*columns(FLOW_VERSION, VersionView))
    .select_from(
        FLOWS.join(FLOW_VERSION, FLOW_VERSION.c.flow_id == FLOW.c.id).join(
            FLOW_EXPORT,
            and_(FLOW_EXPORT.c.version_id == FLOW_VERSION.c.id, FLOW_EXPORT.c.id == FLOW_VERSION.c.export_id),
        )
    )
    .where(FLOW_EXPORT.c.id == any_(IDS))
)
"""The versions that drafts of exports were published as, unless they were edited before (N3)."""

EXPORTS = select(*columns(FLOW_EXPORT, ExportView)).where(FLOW_EXPORT.c.id == any_(IDS), IS_VISIBLE)


EVENTS = select(
    *columns(
        EVENT,
        EventView,
        release_id=EVENT.c.request_id,
        flow_name=case((is_member(EVENT.c.workspace_id), EVENT.c.flow_name)),
    )
).where(
    EVENT.c.id == any_(IDS),
    or_(
        *map(is_member, (EVENT.c.workspace_id, EVENT.c.other_workspace_id)),
        *map(reads_tenant, (EVENT.c.tenant_id, EVENT.c.other_tenant_id)),
    ),
)


def _provenances() -> Select[Any]:
    """Select, for flows, the record that the draft came from or, without a draft, that of the published version (P6)."""
    is_draft = and_(FLOW_DRAFT.c.flow_id == FLOW.c.id, FLOW_DRAFT.c.set_aside_at.is_(None))
    states = FLOWS.outerjoin(FLOW_DRAFT, is_draft).outerjoin(
        FLOW_VERSION, FLOW_VERSION.c.id == FLOW.c.published_version_id
    )
    came_from = case((FLOW_DRAFT.c.id.is_not(None), FLOW_DRAFT.c.export_id), else_=FLOW_VERSION.c.export_id)
    return (
        select(*columns(FLOW_EXPORT, ExportView))
        .select_from(states.join(FLOW_EXPORT, FLOW_EXPORT.c.id == came_from))
        .where(FLOW.c.id == any_(IDS))
    )


PROVENANCES = _provenances()


def _descents() -> Select[Any]:
    """Select the records that flows descend from (D1)."""
    shown = shown_state(FLOW, "shown")
    rows = FLOWS.join(shown, true()).join(FLOW_EXPORT, FLOW_EXPORT.c.id == shown.c.descends_from)
    return select(*columns(FLOW_EXPORT, ExportView)).select_from(rows).where(FLOW.c.id == any_(IDS))


DESCENTS = _descents()


def _reader(statement: Select[Any], view: type[View], kind: Kind, *, by: str = "id") -> Read[View]:
    make = views_of(view).make

    async def read(connection: ReadConnection, viewer: str, ids: Sequence[str]) -> dict[str, View]:
        known = [one for one in ids if is_id(kind, one)]
        if not known:
            return {}
        rows = await connection.rows(statement, {"viewer": viewer, "ids": known})
        return {getattr(seen, by): seen for seen in map(make, rows)}

    return read


read_users = _reader(USERS, UserView, Kind.USER)
read_visible_users = _reader(VISIBLE_USERS, UserView, Kind.USER)
read_workspaces = _reader(WORKSPACES, WorkspaceView, Kind.WORKSPACE)
read_contracts = _reader(CONTRACTS, ContractView, Kind.CONTRACT)
read_quotas = _reader(QUOTAS, QuotaView, Kind.CONTRACT)
read_flows_held = _reader(FLOWS_HELD_THERE, FlowsHeldView, Kind.CONTRACT)
read_components = _reader(COMPONENTS, ComponentView, Kind.COMPONENT)
read_components_referred_to = _reader(COMPONENTS_REFERRED_TO, ComponentView, Kind.COMPONENT)
read_topics = _reader(TOPICS, TopicView, Kind.TOPIC)
read_credentials = _reader(CREDENTIALS, CredentialView, Kind.CREDENTIAL)
read_secrets = _reader(SECRETS, SecretView, Kind.SECRET)
read_agents = _reader(AGENTS, AgentView, Kind.AGENT)
read_flows = _reader(VISIBLE_FLOWS, FlowView, Kind.FLOW)
read_drafts = _reader(DRAFTS, DraftView, Kind.DRAFT)
read_active_drafts = _reader(ACTIVE_DRAFTS, DraftView, Kind.FLOW, by="flow_id")
read_exports = _reader(EXPORTS, ExportView, Kind.EXPORT)
read_events = _reader(EVENTS, EventView, Kind.EVENT)
read_provenances = _reader(PROVENANCES, ExportView, Kind.FLOW, by="destination_flow_id")
read_descents = _reader(DESCENTS, ExportView, Kind.FLOW, by="destination_flow_id")
read_versions = _reader(VERSIONS, VersionView, Kind.VERSION)
read_destination_versions = _reader(DESTINATION_VERSIONS, VersionView, Kind.EXPORT, by="export_id")
