"""Plans: what exports would do, and what would still be missing before their drafts could be published."""

from app.domain.source import CopiedFrom
from app.execution.relations import one
from app.execution.rows import shows
from app.graphql.describe import about
from app.graphql.errors.interfaces import ExportFlowError, ExportFlowsError, ExportFlowWarning
from app.graphql.types.changes import GraphDiff
from app.graphql.types.export import ReferenceOutcome
from app.graphql.types.flow import Flow
from app.graphql.types.readiness import DraftReadiness
from app.graphql.types.workspace import Workspace
from app.usecases.plan_exports import PlannedExport, PlannedExports


@shows(PlannedExport, "What `exportFlow` would do, from the same decision; nothing was written.")
class ExportPlan:
    fingerprint: str = about(
        "Hand it to `exportFlow` as `planFingerprint`: the export is then exactly this plan, or is refused with "
        "`PlanIsStale` if anything that it rests on has changed since."
    )
    destination_workspace: Workspace | None = one(
        "workspaces",
        "workspace_id",
        "The workspace that would be written into; null if there is none that you can see.",
    )
    flow_to_override: Flow | None = one(
        "flows",
        "overrides",
        "The flow whose draft would be overridden; null if a new one would be made, or you can't see it.",
    )
    copied_from: CopiedFrom | None = about("Which state of the source would be exported; null if there is none.")
    references: list[ReferenceOutcome] = about("What would become of every reference, in the order of the steps.")
    warnings: list[ExportFlowWarning] = about("What to know although the export would go through.")
    blockers: list[ExportFlowError] = about("Every reason why nothing would be written; empty if it would go through.")
    readiness: DraftReadiness | None = one(
        "planned_readiness",
        "draft",
        "What would still be missing before the draft could be published; null where there would be none.",
    )

    changes: GraphDiff | None = one(
        "planned_changes",
        "draft",
        "What the draft would change of the overridden flow: of its published version or, where it has none, its draft. "
        "Null where there is nothing to compare it with.",
    )


@shows(PlannedExports, "What `exportFlows` with the same input would do.")
class ExportPlans:
    plans: list[ExportPlan] = about(
        "One for each item, in the order of the input; empty where there are too many items to look at them, or none. An "
        "item that only others keep from being exported, or the call as a whole, shows what would become of it."
    )
    errors: list[ExportFlowsError] = about(
        "What is wrong with the call as a whole, with its path, as `exportFlows` would answer it."
    )
