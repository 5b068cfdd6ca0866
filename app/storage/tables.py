"""Every table, for statements: `FLOW.c.name`. The row types stand in `place_tables` and `flow_tables`."""

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

from app.storage import flow_tables, place_tables

METADATA: MetaData = SQLModel.metadata


def table_of(row: type[SQLModel]) -> Table:
    return METADATA.tables[str(row.__tablename__)]


TENANT = table_of(place_tables.TenantRow)
CONTRACT = table_of(place_tables.ContractRow)
WORKSPACE = table_of(place_tables.WorkspaceRow)
USER = table_of(place_tables.UserRow)
ROLE = table_of(place_tables.RoleRow)
WORKSPACE_ACCESS = table_of(place_tables.WorkspaceAccessRow)
CONTRACT_ACCESS = table_of(place_tables.ContractAccessRow)
TEAM = table_of(place_tables.TeamRow)
COMPONENT = table_of(place_tables.ComponentRow)
COMPONENT_WHITELIST = table_of(place_tables.ComponentWhitelistRow)
API_TOKEN = table_of(place_tables.ApiTokenRow)

TOPIC = table_of(flow_tables.TopicRow)
CREDENTIAL = table_of(flow_tables.CredentialRow)
SECRET = table_of(flow_tables.SecretRow)
AGENT = table_of(flow_tables.AgentRow)
FLOW_CONTENT = table_of(flow_tables.FlowContentRow)
FLOW_CONTENT_COMPONENT = table_of(flow_tables.FlowContentComponentRow)
FLOW = table_of(flow_tables.FlowRow)
FLOW_DRAFT = table_of(flow_tables.FlowDraftRow)
FLOW_VERSION = table_of(flow_tables.FlowVersionRow)
FLOW_EXPORT = table_of(flow_tables.FlowExportRow)
