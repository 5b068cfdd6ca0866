"""Resources as queries see them: the columns of a row, in the order in which statements select them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Table

from app.domain.access import FLOW_REVIEW, may_release, permits_editing


class UserView(NamedTuple):
    id: str
    first_name: str
    last_name: str
    email: str


class MemberView(NamedTuple):
    """A member of a workspace, with the name of its role there."""

    user: UserView
    role: str


class ContractView(NamedTuple):
    id: str
    name: str
    status: str


class FlowsOfContractView(NamedTuple):
    """How many flows a contract with a quota may hold, or holds, for whoever may create one of them (N6)."""

    id: str
    number: int


class WorkspaceView(NamedTuple):
    """A workspace as its viewer stands in it."""

    id: str
    name: str
    type: str
    contract_id: str
    contract_status: str
    permissions: Sequence[str] | None
    publish_policy: str

    @property
    def viewer_is_member(self) -> bool:
        return self.permissions is not None

    @property
    def viewer_permissions(self) -> list[str]:
        return sorted(self.permissions or ())

    @property
    def viewer_can_edit_flows(self) -> bool:
        return permits_editing(self.permissions or (), self.contract_status)

    @property
    def viewer_can_publish(self) -> bool:
        return self.viewer_can_edit_flows and may_release(self.permissions or (), self.publish_policy)

    @property
    def viewer_can_review(self) -> bool:
        return FLOW_REVIEW in (self.permissions or ())


class ComponentView(NamedTuple):
    id: str
    name: str
    title: str
    access: str
    requires: str
    pub_sub: bool
    team_name: str


class TopicView(NamedTuple):
    id: str
    workspace_id: str
    name: str
    schema_text: str

    @property
    def schema(self) -> orjson.Fragment:
        """The JSON schema, as JSON text already."""
        return orjson.Fragment(self.schema_text)


class CredentialView(NamedTuple):
    id: str
    workspace_id: str
    component_id: str
    name: str


class SecretView(NamedTuple):
    """The columns of a credential, but not its class: the class of a row says of which type its object is."""

    id: str
    workspace_id: str
    component_id: str
    name: str


class AgentView(NamedTuple):
    id: str
    workspace_id: str
    name: str


class FlowView(NamedTuple):
    id: str
    workspace_id: str
    name: str
    description: str | None
    type: str
    status: str
    cron: str | None
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    published_version_id: str | None


class DraftView(NamedTuple):
    id: str
    flow_id: str
    name: str
    description: str | None
    cron: str | None
    content_hash: str
    revision: int
    author_id: str | None
    created_at: datetime
    updated_at: datetime
    set_aside_at: datetime | None
    export_id: str | None


class VersionView(NamedTuple):
    id: str
    flow_id: str
    number: int
    name: str
    description: str | None
    cron: str | None
    content_hash: str
    published_by: str | None
    published_at: datetime
    origin: str
    revert_of: str | None
    export_id: str | None


class ExportView(NamedTuple):
    """The record of a copy or export, for members of the workspace at one of its ends."""

    id: str
    actor_id: str | None
    created_at: datetime
    copied_from: str
    source_flow_id: str | None
    source_version_id: str | None
    destination_flow_id: str | None
    destination_workspace_id: str
    undone_at: datetime | None


class EventView(NamedTuple):
    """An event, with the name of its flow for members of the workspace where it happened."""

    id: str
    type: str
    at: datetime
    actor_id: str | None
    workspace_id: str | None
    flow_id: str | None
    flow_name: str | None
    version_id: str | None
    export_id: str | None
    release_id: str | None
    without_review: bool


class ReleaseView(NamedTuple):
    """A release that was requested, for members of its workspace (R7)."""

    id: str
    workspace_id: str
    title: str
    comment: str | None
    start: bool
    state: str
    requested_by: str
    requested_at: datetime
    reviewed_by: str | None
    review_comment: str | None
    withdrawn_by: str | None
    closed_at: datetime | None
    undone_at: datetime | None


class GraphView(NamedTuple):
    """The graph of a draft or version, its content named only, and the tenant in which its commands are resolved."""

    id: str
    content_hash: str
    bindings: str
    tenant_id: str


def columns(table: Table, view: type[NamedTuple], **labelled: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """The columns of a view's fields, in their order, from the table or from `labelled`.

    Raises KeyError for a field without a column: rows are read by position, and a gap would shift the rest.
    """
    return tuple(labelled[name].label(name) if name in labelled else table.c[name] for name in view._fields)
