"""Every table, for statements: `FLOW.c.name`. The row types stand in `workspace_tables` and `flow_tables`."""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from app.storage import flow_tables, workspace_tables

METADATA: MetaData = SQLModel.metadata


def table_of(row: type[SQLModel]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


TENANT = table_of(workspace_tables.TenantRow)
CONTRACT = table_of(workspace_tables.ContractRow)
WORKSPACE = table_of(workspace_tables.WorkspaceRow)
USER = table_of(workspace_tables.UserRow)
ROLE = table_of(workspace_tables.RoleRow)
WORKSPACE_ACCESS = table_of(workspace_tables.WorkspaceAccessRow)
CONTRACT_ACCESS = table_of(workspace_tables.ContractAccessRow)
TEAM = table_of(workspace_tables.TeamRow)
COMPONENT = table_of(workspace_tables.ComponentRow)
COMPONENT_WHITELIST = table_of(workspace_tables.ComponentWhitelistRow)
API_TOKEN = table_of(workspace_tables.ApiTokenRow)

TOPIC = table_of(flow_tables.TopicRow)
CREDENTIAL = table_of(flow_tables.CredentialRow)
SECRET = table_of(flow_tables.SecretRow)
AGENT = table_of(flow_tables.AgentRow)
FLOW_CONTENT = table_of(flow_tables.FlowContentRow)
FLOW_CONTENT_COMPONENT = table_of(flow_tables.FlowContentComponentRow)
FLOW = table_of(flow_tables.FlowRow)
FLOW_COMPONENT = table_of(flow_tables.FlowComponentRow)
FLOW_DRAFT = table_of(flow_tables.FlowDraftRow)
FLOW_VERSION = table_of(flow_tables.FlowVersionRow)
FLOW_EXPORT = table_of(flow_tables.FlowExportRow)
