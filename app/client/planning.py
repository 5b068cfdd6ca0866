"""Planning a release: the flows that the file names are read, and the newest export of each decides about the action on it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.client.api import REFUSED, STALE, Api, Stopped
from app.client.api_types import Data, Error, ExportPlan, Flow, GraphDiff, Provenance, Ref, SourceFlow, Workspace
from app.client.output import Line
from app.client.release_file import SAME_WORKSPACE, Mistake, Release, ReleaseFile

WORKSPACE_ID = "workspace_"
KINDS = ("credentials", "secrets", "agents", "topics")
Resources = dict[tuple[str, str, str], list[str]]
"""The ids of credentials, secrets, agents and topics, by kind, component and name."""
CHANGED = (
    "It was changed in {workspace} since, and the release would undo that. Export the change back, leave the flow out "
    "with `except`, or set `destination-changes: overwrite`."
)
NO_MEMBER = "You are no member of {}, so you can't see its flows. Ask its admins for a role there, such as Integrator."
SETS_ASIDE = ("It has a draft, which is set aside.",)
STOPPED = ("It doesn't run there.",)
AS_IT_IS = ("It is exported already, and its draft is published as it is, whatever the mappings say.",)
PUT_BACK = ("An earlier release was put back there.",)
UNDONE = (
    "The release of this version was undone in {workspace}. Publish another version, leave the flow out with `except`, or "
    "set `destination-changes: overwrite`."
)


@dataclass(frozen=True, slots=True)
class View:
    """The workspaces and flows of a release file, as they are now."""

    release: Release
    source: Workspace
    destination: Workspace
    flows: Sequence[SourceFlow]


def look(api: Api, file: ReleaseFile) -> View:
    """Read the workspaces and flows that the file names.

    Raises Stopped with the line of every name that the server doesn't know.
    """
    release = file.release
    answers = api.pages("Flows", {"after": "source.flows"}, **workspace_ids(api, file))
    pages = [both_workspaces(file, data) for data in answers]
    source, destination = pages[0]
    mistakes: list[Mistake] = []
    flows = selected(release, [flow for page, _ in pages for flow in page.flows.nodes], mistakes)
    if mistakes:
        raise file.stopped(mistakes)
    return View(release, source, destination, flows)


def both_workspaces(file: ReleaseFile, data: Data) -> tuple[Workspace, Workspace]:
    """The source and the destination.

    Raises Stopped where there is none, and where the user is no member: without membership every list is empty.
    """
    source, destination = data.source, data.destination
    if source is None or destination is None:
        ends = (("from", file.release.source, source), ("to", file.release.destination, destination))
        raise file.stopped(((key,), no_workspace(name)) for key, name, workspace in ends if workspace is None)
    if hidden := [each.name for each in (source, destination) if not each.viewer_is_member]:
        raise Stopped(REFUSED, *map(NO_MEMBER.format, hidden))
    return source, destination


def workspace_ids(api: Api, file: ReleaseFile) -> dict[str, str]:
    """The ids of both workspaces, by variables of operations. A name must be that of one workspace."""
    names = {"source": file.release.source, "destination": file.release.destination}
    if all(name.startswith(WORKSPACE_ID) for name in names.values()):
        return names
    ids, mistakes = ids_by_name(api, names), list[Mistake]()
    for end, key in (("source", "from"), ("destination", "to")):
        name = names[end]
        if len(ids[end]) == 1:
            [names[end]] = ids[end]
        elif not name.startswith(WORKSPACE_ID):
            mistakes.append(((key,), several("workspaces", name, ids[end]) if ids[end] else no_workspace(name)))
    if not mistakes and names["source"] == names["destination"]:
        mistakes = [(("to",), SAME_WORKSPACE)]
    if mistakes:
        raise file.stopped(mistakes)
    return names


def ids_by_name(api: Api, names: dict[str, str]) -> dict[str, list[str]]:
    """The ids of the workspaces of each name. A search also answers workspaces whose names contain it."""
    ids: dict[str, list[str]] = defaultdict(list)
    for data in api.pages("Workspaces", {"afterSource": "sources", "afterDestination": "destinations"}, **names):
        for end, page in (("source", data.sources), ("destination", data.destinations)):
            ids[end] += [workspace.id for workspace in page.nodes if workspace.name == names[end]]
    return ids


def no_workspace(name: str) -> str:
    return f'There is no workspace "{name}" that you can see.'


def several(plural: str, name: str, ids: Sequence[str]) -> str:
    return f'{len(ids)} {plural} have the name "{name}". Use the id of one of them: {", ".join(ids)}.'


def selected(release: Release, flows: Sequence[SourceFlow], mistakes: list[Mistake]) -> list[SourceFlow]:
    """The flows that the file names, in the order of the list. A name without a flow, or of several, is a mistake."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for flow in flows:
        by_name[flow.id].append(flow.id)
        by_name[flow.name].append(flow.id)

    def ids_of(key: str, names: Sequence[str]) -> Iterator[str]:
        for index, name in enumerate(names):
            ids = by_name.get(name, [])
            if len(ids) != 1:
                unknown = f'There is no published flow "{name}" in the workspace.'
                mistakes.append(((key, index), several("flows", name, ids) if ids else unknown))
            yield from ids

    left_out = set(ids_of("except", release.exclude))
    chosen = {flow.id for flow in flows} if release.flows is None else set(ids_of("flows", release.flows))
    return [flow for flow in flows if flow.id in chosen - left_out]


def mappings(api: Api, view: View) -> Iterator[dict[str, str]]:
    """The mappings by id, then those by equal names that are unique in both workspaces."""
    by_id = view.release.mappings.ids
    yield from ({"fromId": old, "toId": new} for old, new in by_id.items())
    if view.release.mappings.equal_names:
        offered = resources_of(api, view.destination)
        for key, ids in resources_of(api, view.source).items():
            equal = offered.get(key, [])
            if len(ids) == len(equal) == 1 and ids[0] not in by_id:
                yield {"fromId": ids[0], "toId": equal[0]}


def resources_of(api: Api, workspace: Workspace) -> Resources:
    """Read the credentials, secrets, agents and topics of a workspace."""
    resources: Resources = defaultdict(list)
    for data in api.pages("Resources", {kind: f"workspace.{kind}" for kind in KINDS}, id=workspace.id):
        if data.workspace is None:
            raise Stopped(STALE, no_workspace(workspace.name))
        for kind in KINDS:
            for each in getattr(data.workspace, kind).nodes:
                resources[kind, each.component.id if each.component else "", each.name].append(each.id)
    return resources


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
    overwrites: bool = False
    """Whether it may leave behind what is published at the destination."""


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
        is_stopped = view.release.start and destination.status != "ACTIVE"
        return FlowPlan(flow, Action.IN_SYNC, destination, STOPPED if is_stopped else ())
    exported = draft.provenance if draft else None
    if draft and draft.readiness and draft.readiness.ready and is_of_version(exported, flow):
        request = draft.release_request
        notes = (f'It waits for the review of "{request.title}".',) if request else AS_IT_IS
        return FlowPlan(flow, Action.PUBLISH, destination, notes)
    undoes_nothing = not is_published and (is_of_flow(exported, flow) or copy.drift == "IN_SYNC")
    if copy.drift == "SOURCE_AHEAD" or undoes_nothing:
        return FlowPlan(flow, Action.OVERRIDE, destination, SETS_ASIDE if draft and exported is None else ())
    has_undone = destination.published_version is not None and is_of_flow(
        destination.published_version.provenance, flow
    )
    if copy.drift == "DIVERGED" and has_undone:
        return FlowPlan(flow, Action.OVERRIDE, destination, PUT_BACK, overwrites=True)
    if view.release.destination_changes == "overwrite":
        return FlowPlan(flow, Action.OVERRIDE, destination, ("It undoes changes that were made there.",))
    reason = UNDONE if has_undone else CHANGED
    return FlowPlan(flow, Action.REFUSED, destination, (reason.format(workspace=view.destination.name),))


def is_of_version(export: Provenance | None, flow: SourceFlow) -> bool:
    return export is not None and export.source_version == Ref(id=flow.published_version.id)


def is_of_flow(export: Provenance | None, flow: SourceFlow) -> bool:
    return export is not None and export.source_flow == Ref(id=flow.id)


def export_wish(api: Api, view: View, flow_plans: Sequence[FlowPlan]) -> dict[str, Any]:
    """The input of `exportFlows` for the flows that are exported, each at the version of the view, all or none."""
    overwrites = view.release.destination_changes == "overwrite"
    items = [
        {
            "flowId": flow_plan.flow.id,
            "source": {"versionId": flow_plan.flow.published_version.id},
            "destination": {"overrideFlowId": flow_plan.destination.id}
            if flow_plan.destination
            else {"workspaceId": view.destination.id},
            # Unless it may be overridden, the server refuses a flow that somebody publishes there after this read.
            "destinationChanges": "WARN" if overwrites or flow_plan.overwrites else "REFUSE",
        }
        for flow_plan in flow_plans
        if flow_plan.action in EXPORTS
    ]
    return {"items": items, "mappings": [*mappings(api, view)] if items else [], "mode": "ATOMIC"}


def plans_of_exports(api: Api, wish: dict[str, Any]) -> Sequence[ExportPlan]:
    """Ask the server what the exports of a wish would do."""
    return api.payload("Plans", **wish).plans if wish["items"] else ()


def with_plans(api: Api, wish: dict[str, Any], flow_plans: Sequence[FlowPlan]) -> list[FlowPlan]:
    """The plans, with the server's changes, warnings and blockers of each flow that the wish exports."""
    plans = iter(plans_of_exports(api, wish))
    return [planned(flow_plan, next(plans)) if flow_plan.action in EXPORTS else flow_plan for flow_plan in flow_plans]


def planned(flow_plan: FlowPlan, plan: ExportPlan) -> FlowPlan:
    if plan.reasons_against:
        return replace(flow_plan, action=Action.REFUSED, notes=notes_of(flow_plan, plan.reasons_against))
    changes = [] if plan.changes is None else [summary(plan.changes)]
    return replace(flow_plan, notes=(*flow_plan.notes, *changes, *notes_of(flow_plan, plan.warnings)))


def notes_of(flow_plan: FlowPlan, errors: Sequence[Error]) -> tuple[str, ...]:
    """The messages, without the flow's name at their beginning: the line of the flow shows it already."""
    return tuple(dict.fromkeys(error.message.removeprefix(f"{flow_plan.flow.name}: ") for error in errors))


def summary(changes: GraphDiff) -> str:
    counts = {"added": len(changes.added_steps), "removed": len(changes.removed_steps)}
    counts["changed"] = len(changes.changed_steps)
    counted = ", ".join(f"{count} {verb}" for verb, count in counts.items() if count)
    return f"Steps: {counted}." if counted else "The steps stay the same."
