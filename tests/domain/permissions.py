"""What the default workspace roles hold (A1)."""

from app.domain.access import FLOW_EDIT

READ_PERMISSIONS = frozenset(
    {"workspaces.flow.get", "workspaces.credential.get", "workspaces.topic.get", "workspaces.workspace.get"}
)
WRITE_PERMISSIONS = frozenset(
    {
        FLOW_EDIT,
        "workspaces.flow.toggleStatus",
        "workspaces.credential.edit",
        "workspaces.topic.create",
        "workspaces.topic.edit",
        "workspaces.topic.delete",
    }
)
