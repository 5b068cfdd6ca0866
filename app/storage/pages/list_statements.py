"""The statements of lists: a caller's workspaces and contracts, what lives in a workspace, and a flow's history."""

from dataclasses import replace

from sqlalchemy import ColumnElement, Table, Text, any_, bindparam, func, or_, select

from app.domain.release import ReleaseItem
from app.storage.connections.connection import RowViews, View, views_of
from app.storage.facts.record_facts import ITEMS
from app.storage.facts.visibility import (
    BY_VIEWER,
    WORKSPACE_COLUMNS,
    WORKSPACES_SEEN,
    is_member,
    sees_flow,
    sees_workspace,
)
from app.storage.pages.paging import ListBelow, Order, matching
from app.storage.reads.by_id import RELEASES
from app.storage.reads.rows import (
    AgentView,
    ContractView,
    CredentialView,
    DraftView,
    ExportView,
    FlowView,
    MemberView,
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
    CONTRACT,
    CONTRACT_ACCESS,
    CREDENTIAL,
    FLOW,
    FLOW_DRAFT,
    FLOW_EXPORT,
    FLOW_REFERENCE,
    FLOW_VERSION,
    RELEASE_ITEM,
    RELEASE_REQUEST,
    ROLE,
    SECRET,
    TOPIC,
    USER,
    WORKSPACE_ACCESS,
)


def _of_workspace(table: Table, view: type[View]) -> ListBelow[View]:
    """The list of a workspace's rows of one table, by name, for members of the workspace."""
    order = Order((table.c.name_key, table.c.id))
    return ListBelow(select(*columns(table, view)), table.c.workspace_id, order, views_of(view), only=is_member)


TOPICS = _of_workspace(TOPIC, TopicView)
CREDENTIALS = _of_workspace(CREDENTIAL, CredentialView)
SECRETS = _of_workspace(SECRET, SecretView)
AGENTS = _of_workspace(AGENT, AgentView)
FLOWS_OF_WORKSPACE = _of_workspace(FLOW, FlowView)

ID_OF_WORKSPACE = 36
"""Characters."""
FLOWS_USING = ListBelow(
    select(*columns(FLOW, FlowView)).join_from(FLOW_REFERENCE, FLOW, FLOW.c.id == FLOW_REFERENCE.c.flow_id),
    FLOW_REFERENCE.c.place,
    Order((FLOW_REFERENCE.c.name_key, FLOW_REFERENCE.c.flow_id)),
    views_of(FlowView),
    only=lambda place: is_member(func.left(place, ID_OF_WORKSPACE)),
)
"""The flows that use something, by name (U1); `place_of_use` says how that is named."""

HISTORY = ListBelow(
    select(*columns(FLOW_VERSION, VersionView)),
    FLOW_VERSION.c.flow_id,
    Order((FLOW_VERSION.c.number,), descending=True),
    views_of(VersionView),
    only=sees_flow,
)
"""The versions of a flow, newest first (H7): no graph is read."""

SET_ASIDE = ListBelow(
    select(*columns(FLOW_DRAFT, DraftView)).where(FLOW_DRAFT.c.set_aside_at.is_not(None)),
    FLOW_DRAFT.c.flow_id,
    Order((FLOW_DRAFT.c.set_aside_at, FLOW_DRAFT.c.id), descending=True),
    views_of(DraftView),
    only=sees_flow,
)
"""The drafts of a flow that were set aside, the latest first (H8)."""

WORKSPACES = ListBelow(
    select(*WORKSPACE_COLUMNS).select_from(WORKSPACES_SEEN),
    WORKSPACE_ACCESS.c.user_id,
    Order((WORKSPACE_ACCESS.c.name_key, WORKSPACE_ACCESS.c.workspace_id)),
    views_of(WorkspaceView),
)
"""The workspaces that a user can see."""

WORKSPACES_OF_CONTRACT = replace(WORKSPACES, parent=WORKSPACE_ACCESS.c.contract_id).where(BY_VIEWER)
"""Workspaces of a contract that the viewer can see."""

CONTRACTS = ListBelow(
    select(*columns(CONTRACT, ContractView)).join_from(
        CONTRACT_ACCESS, CONTRACT, CONTRACT_ACCESS.c.contract_id == CONTRACT.c.id
    ),
    CONTRACT_ACCESS.c.user_id,
    Order((CONTRACT_ACCESS.c.name_key, CONTRACT_ACCESS.c.contract_id)),
    views_of(ContractView),
)
"""The contracts that a user can see."""

OF_CONTRACT = WORKSPACE_ACCESS.c.contract_id == bindparam("contract", type_=Text)
"""Only the workspaces of one contract."""

_USER, _ROLE = views_of(UserView), len(UserView._fields)
MEMBERS = ListBelow(
    select(*columns(USER, UserView), ROLE.c.name.label("role"))
    .select_from(WORKSPACE_ACCESS.join(USER, USER.c.id == WORKSPACE_ACCESS.c.user_id))
    .join(ROLE, ROLE.c.id == WORKSPACE_ACCESS.c.role_id)
    .where(USER.c.active),
    WORKSPACE_ACCESS.c.workspace_id,
    Order((USER.c.last_name_key, USER.c.first_name_key, USER.c.id)),
    RowViews(lambda row: MemberView(_USER.make(row), row[_ROLE]), {"user": _USER.layout, "role": _ROLE}),
    only=is_member,
)
"""The members of a workspace by last name and first name, but for those who are deactivated (W8).

A page sorts all members of its workspace: an index in that order would need the names of users in each membership.
"""


def members_named(search: str | None, holding: str | None) -> ListBelow[MemberView]:
    """The members whose name, in either order of its parts, holds a text, and whose role has a permission."""
    last, first = USER.c.last_name_key, USER.c.first_name_key
    named = [*matching(last + " " + first, search), *matching(first + " " + last, search)]
    listed = MEMBERS.where(or_(*named)) if named else MEMBERS
    return listed if holding is None else listed.where(any_(ROLE.c.permissions) == bindparam("holding", type_=Text))


_EXPORTS = select(*columns(FLOW_EXPORT, ExportView))


def _is_latest() -> ColumnElement[bool]:
    """Whether no later export of the flow to the same destination flow is in effect."""
    this, other = FLOW_EXPORT.c, FLOW_EXPORT.alias("other").c
    same = (other[name] == this[name] for name in ("source_flow_id", "destination_workspace_id", "destination_flow_id"))
    latest = select(other.id).where(*same, other.undone_at.is_(None)).order_by(other.created_at.desc(), other.id.desc())
    return this.id == latest.limit(1).correlate(FLOW_EXPORT).scalar_subquery()


COPIES = ListBelow(
    _EXPORTS.where(FLOW_EXPORT.c.undone_at.is_(None), _is_latest()),
    FLOW_EXPORT.c.source_flow_id,
    Order((FLOW_EXPORT.c.id,), descending=True),
    views_of(ExportView),
    only=sees_flow,
)
"""The latest copy or export of a flow to each destination flow that wasn't undone, the newest first, by id."""

EXPORTS_INTO = ListBelow(
    _EXPORTS,
    FLOW_EXPORT.c.destination_workspace_id,
    Order((FLOW_EXPORT.c.created_at, FLOW_EXPORT.c.id), descending=True),
    views_of(ExportView),
    only=is_member,
)
"""The copies and exports into a workspace, undone ones too, the newest first (N3)."""

_DESTINATION = bindparam("destination_workspace", type_=Text)
COPIES_INTO_WORKSPACE = COPIES.where(
    FLOW_EXPORT.c.destination_workspace_id == _DESTINATION, sees_workspace(_DESTINATION)
)
"""The copies and exports of a flow into one workspace, if the viewer sees it."""

RELEASES_OF_WORKSPACE = ListBelow(
    RELEASES,
    RELEASE_REQUEST.c.workspace_id,
    Order((RELEASE_REQUEST.c.id,), descending=True),
    views_of(ReleaseView),
    only=is_member,
)
"""The requests of a workspace, the newest first, by id."""
RELEASES_IN_STATE = RELEASES_OF_WORKSPACE.where(RELEASE_REQUEST.c.state == bindparam("release_state", type_=Text))

ITEMS_OF_RELEASE = ListBelow(ITEMS, RELEASE_ITEM.c.request_id, Order((RELEASE_ITEM.c.position,)), views_of(ReleaseItem))
"""The items of a request in their order, for viewers of the request."""
