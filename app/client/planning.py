"""Planning a release: the action on each flow follows from its newest export to the destination."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.client.api import Api
from app.client.api_types import ExportPlan, Flow, GraphDiff, Provenance, Ref, SourceFlow
from app.client.looking import View
from app.client.output import Line

CHANGED = (
    "It was changed in {workspace} since, and the release would undo that. Export the change back, leave the flow out "
    "with `except`, or set `destination-changes: overwrite`."
)
SETS_ASIDE = ("It has a draft, which is set aside.",)


class Action(StrEnum):
    CREATE = "create"
    OVERRIDE = "override"
    PUBLISH = "publish"
    IN_SYNC = "in sync"
    REFUSED = "refused"


EXPORTS = {Action.CREATE, Action.OVERRIDE}


@dataclass(frozen=True, slots=True)
class FlowPlan(Line):
    """The action on a flow of the release."""

    flow: SourceFlow
    action: Action
    destination: Flow | None = None


def plans_of(view: View) -> list[FlowPlan]:
    """Plan each flow of the view, without asking the server for export plans."""
    return [plan_of(view, flow) for flow in view.flows]


def plan_of(view: View, flow: SourceFlow) -> FlowPlan:
    """Decide about one flow: it overrides the flow that its newest export went to, unless that flow is gone.

    A ready draft of the published version is only published: an interrupted command has exported it.
    """
    copy = next((copy for copy in flow.copies.nodes if copy.destination_flow), None)
    destination = copy.destination_flow if copy else None
    if copy is None or destination is None:
        return FlowPlan(flow, Action.CREATE)
    draft, is_published = destination.draft, destination.published_version is not None
    if is_published and copy.drift == "IN_SYNC":
        return FlowPlan(flow, Action.IN_SYNC, destination)
    exported = draft.provenance if draft else None
    if draft and draft.readiness and draft.readiness.ready and is_of_version(exported, flow):
        request = draft.release_request
        notes = (f'It waits for the review of "{request.title}".',) if request else ()
        return FlowPlan(flow, Action.PUBLISH, destination, notes)
    is_unpublished_export = not is_published and exported is not None and exported.source_flow == Ref(id=flow.id)
    if copy.drift == "SOURCE_AHEAD" or is_unpublished_export:
        return FlowPlan(flow, Action.OVERRIDE, destination, SETS_ASIDE if draft and exported is None else ())
    if view.release.destination_changes == "overwrite":
        return FlowPlan(flow, Action.OVERRIDE, destination, ("It undoes changes that were made there.",))
    return FlowPlan(flow, Action.REFUSED, destination, (CHANGED.format(workspace=view.destination.name),))


def is_of_version(export: Provenance | None, flow: SourceFlow) -> bool:
    return export is not None and export.source_version == Ref(id=flow.published_version.id)


def export_wish(view: View, flow_plans: Sequence[FlowPlan]) -> dict[str, Any]:
    """The input of `exportFlows` for the flows that are exported, each at the version of the view, all or none."""
    changes = "REFUSE" if view.release.destination_changes == "refuse" else "WARN"
    items = [
        {
            "flowId": flow_plan.flow.id,
            "source": {"versionId": flow_plan.flow.published_version.id},
            "destination": {"overrideFlowId": flow_plan.destination.id}
            if flow_plan.destination
            else {"workspaceId": view.destination.id},
            # The server refuses a flow that somebody publishes there after this read.
            "destinationChanges": changes,
        }
        for flow_plan in flow_plans
        if flow_plan.action in EXPORTS
    ]
    return {"items": items, "mappings": list(view.mappings), "mode": "ATOMIC"}


def with_plans(api: Api, view: View, flow_plans: Sequence[FlowPlan]) -> list[FlowPlan]:
    """The plans, with the server's changes, warnings and blockers of each flow that is exported."""
    wish = export_wish(view, flow_plans)
    if not wish["items"]:
        return list(flow_plans)
    plans = iter(api.payload("Plans", **wish).plans)
    return [planned(flow_plan, next(plans)) if flow_plan.action in EXPORTS else flow_plan for flow_plan in flow_plans]


def planned(flow_plan: FlowPlan, plan: ExportPlan) -> FlowPlan:
    blockers = [each.message for each in plan.blockers if each.code != "BATCH_NOT_APPLIED"]
    blockers += [each.message for each in plan.readiness.blockers] if plan.readiness else []
    if blockers:
        return replace(flow_plan, action=Action.REFUSED, notes=notes_of(flow_plan, blockers))
    changes = [] if plan.changes is None else [summary(plan.changes)]
    return replace(
        flow_plan, notes=(*flow_plan.notes, *changes, *notes_of(flow_plan, [each.message for each in plan.warnings]))
    )


def notes_of(flow_plan: FlowPlan, messages: Sequence[str]) -> tuple[str, ...]:
    """The messages, without the flow's name at their beginning: the line of the flow shows it already."""
    return tuple(dict.fromkeys(message.removeprefix(f"{flow_plan.flow.name}: ") for message in messages))


def summary(changes: GraphDiff) -> str:
    counts = {"added": len(changes.added_steps), "removed": len(changes.removed_steps)}
    counts["changed"] = len(changes.changed_steps)
    counted = ", ".join(f"{count} {verb}" for verb, count in counts.items() if count)
    return f"Steps: {counted}." if counted else "The steps stay the same."
