"""Records of copies and exports."""

from collections.abc import Awaitable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

from app.domain import references
from app.domain.drift import DestinationChanges, DriftStatus
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction
from app.domain.source import CopiedFrom
from app.execution.lookups import Lookup
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.context import Info
from app.graphql.describe import about, enumeration, field
from app.graphql.types.resources import Binding, Node, SomeWorkspace, User, binding
from app.storage.facts.drifts import Drift
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


enumeration(
    DestinationChanges,
    "What happens where the overridden flow was changed at the destination since it got its content.",
    {
        "WARN": "Export, and say so with the warning `DestinationWasChanged`.",
        "REFUSE": "Refuse with `DestinationWasChanged`.",
    },
)
enumeration(
    DriftStatus,
    "How what runs at the destination stands to the flow that it came from, by content alone: what it is bound to, its name "
    "and its schedule don't count.",
    {
        "IN_SYNC": "Both have the same content.",
        "SOURCE_AHEAD": "The destination has what it got; the source was changed since.",
        "DESTINATION_AHEAD": "The source has what it gave; the destination was changed since.",
        "DIVERGED": "Both were changed since.",
    },
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

    @field
    @staticmethod
    def drift(record: Parent[ExportView], info: Info) -> Awaitable[DriftStatus | None]:
        """How the destination differs from the source now.

        Null if you can't see both, if one is gone, or if the destination descends from another flow by now.
        """

        def of_source(drift: Drift) -> DriftStatus | None:
            return drift.status if drift.source_flow_id == record.source_flow_id else None

        return Lookup(info.context.loaders.drifts, record.destination_flow_id or "", of_source)

    references: list[ReferenceOutcome] = relation(
        "export_references",
        "id",
        "What became of every reference, in the order of the steps; without ids of what lives where you are no member.",
    )
