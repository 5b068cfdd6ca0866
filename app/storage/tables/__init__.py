"""Every table, for statements: `FLOW.c.name`. The modules of the folder have the classes."""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from app.storage.tables import flow_tables, record_tables, workspace_tables

METADATA: MetaData = SQLModel.metadata


def table_of(of: type[SQLModel]) -> Table:
    return METADATA.tables[str(of.__tablename__)]


TENANT = table_of(workspace_tables.TenantTable)
CONTRACT = table_of(workspace_tables.ContractTable)
WORKSPACE = table_of(workspace_tables.WorkspaceTable)
USER = table_of(workspace_tables.UserTable)
ROLE = table_of(workspace_tables.RoleTable)
WORKSPACE_ACCESS = table_of(workspace_tables.WorkspaceAccessTable)
CONTRACT_ACCESS = table_of(workspace_tables.ContractAccessTable)
INACTIVE_WORKSPACE_MEMBER = table_of(workspace_tables.InactiveWorkspaceMemberTable)
INACTIVE_CONTRACT_MEMBER = table_of(workspace_tables.InactiveContractMemberTable)
TENANT_MEMBER = table_of(workspace_tables.TenantMemberTable)
EXTERNAL_KEY = table_of(workspace_tables.ExternalKeyTable)
TEAM = table_of(workspace_tables.TeamTable)
COMPONENT = table_of(workspace_tables.ComponentTable)
COMPONENT_WHITELIST = table_of(workspace_tables.ComponentWhitelistTable)
API_TOKEN = table_of(workspace_tables.ApiTokenTable)

TOPIC = table_of(flow_tables.TopicTable)
CREDENTIAL = table_of(flow_tables.CredentialTable)
SECRET = table_of(flow_tables.SecretTable)
AGENT = table_of(flow_tables.AgentTable)
FLOW_CONTENT = table_of(flow_tables.FlowContentTable)
FLOW_CONTENT_COMPONENT = table_of(flow_tables.FlowContentComponentTable)
FLOW = table_of(flow_tables.FlowTable)
FLOW_COMPONENT = table_of(flow_tables.FlowComponentTable)
FLOW_REFERENCE = table_of(flow_tables.FlowReferenceTable)
FLOW_DRAFT = table_of(flow_tables.FlowDraftTable)
FLOW_VERSION = table_of(flow_tables.FlowVersionTable)
REFERENCE_REPORT = table_of(record_tables.ReferenceReportTable)
FLOW_EXPORT = table_of(record_tables.FlowExportTable)
IDEMPOTENCY_KEY = table_of(record_tables.IdempotencyKeyTable)

RELEASE_REQUEST = table_of(record_tables.ReleaseRequestTable)
RELEASE_ITEM = table_of(record_tables.ReleaseItemTable)

EVENT = table_of(record_tables.EventTable)
PENDING_EVENT = table_of(record_tables.PendingEventTable)
EVENT_REMOVAL = table_of(record_tables.EventRemovalTable)

PERIODIC_TASK = table_of(flow_tables.PeriodicTaskTable)
CALLER_POSITION = table_of(workspace_tables.CallerPositionTable)
OF_NO_WORLD = frozenset(
    {"periodic_task", "schema_compatibility", "caller_position", "event", "pending_event", "feed", "event_removal"}
)
"""Tables that aren't part of a world: of the database itself, and of events, which outlive a world."""
