"""Records of copies and exports."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.domain import references
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction
from app.domain.source import CopiedFrom
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.types.resources import Binding, Node, SomeWorkspace, User, binding
from app.storage.reads.rows import ExportView


@shows(references.ReferenceOutcome, "What became of one reference: none vanishes without being reported.")
class ReferenceOutcome:
    step_id: str = about("The step that has the reference.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: ReferenceKind = about("The kind of object that the step refers to.")
    action: ReferenceAction = about("Whether the result has the same, another one, or none.")
    from_id: strawberry.ID | None = about("The reference of the source; null if it had none, and for data samples.")
    to_id: strawberry.ID | None = about("The reference of the result; null if it has none, and for data samples.")
    from_: Binding | None = binding(
        "from_id",
        "What the source had; null if it had none or you can't see it.",
    )
    to: Binding | None = binding(
        "to_id",
        "What the result has; null if it has none or you can't see it.",
    )


if TYPE_CHECKING:
    from app.graphql.types.flow import Flow, FlowVersion

SomeFlow = Annotated["Flow", strawberry.lazy("app.graphql.types.flow")]
SomeVersion = Annotated["FlowVersion", strawberry.lazy("app.graphql.types.flow")]


@shows(
    ExportView,
    "The record of a copy or export. It never changes, but for `undoneAt` and `destinationVersion`, and outlives what it names: what is "
    "gone, or what you can't see, is null.",
)
class FlowExport(Node):
    created_at: datetime = about("When the flow was copied or exported.")
    copied_from: CopiedFrom = about("The state of the source that was copied.")
    undone_at: datetime | None = about("When it was undone; null if it wasn't.")

    actor: User | None = relation("visible_users", "actor_id", "Who copied or exported it.")
    source_flow: SomeFlow | None = relation("flows", "source_flow_id", "The flow that was copied or exported.")
    source_version: SomeVersion | None = relation(
        "versions",
        "source_version_id",
        "The version that was copied; null where it was the draft.",
    )
    destination_flow: SomeFlow | None = relation(
        "flows", "destination_flow_id", "The flow that was made or overridden."
    )
    destination_version: SomeVersion | None = relation(
        "destination_versions",
        "id",
        "The version that the result was published as; null if it is unpublished, or was edited first.",
    )
    destination_workspace: SomeWorkspace | None = relation(
        "workspaces", "destination_workspace_id", "The workspace that it went to."
    )
    references: list[ReferenceOutcome] = relation(
        "export_references",
        "id",
        "What became of every reference, in the order of the steps; without ids of what lives where you are no member.",
    )
