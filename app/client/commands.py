"""The commands `flowport release plan|apply|request|undo` and `flowport status`."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.client.api import CHANGES, DONE, MAPPINGS, REFUSED, STALE, Api, RefusedByServer, Stopped, connected
from app.client.api_types import Error, Flow, FlowDraft, FlowExport, Result, Workspace
from app.client.output import Line, Report, flows, show, show_stopped
from app.client.planning import (
    EXPORTS,
    Action,
    FlowPlan,
    View,
    both_workspaces,
    export_wish,
    look,
    plans_of,
    plans_of_exports,
    with_plans,
    workspace_ids,
)
from app.client.release_file import Release, ReleaseFile

MOST_FLOWS = 1_000
LONGEST_TITLE = 255
UNDONE_ALREADY = "The release is undone already. What was published before it stays."


def run(command: str, file: Path, server: str, token: str | None, *, as_json: bool) -> int:
    """Carry out a command, print its result, and answer the exit status."""
    try:
        with connected(server, token) as api:
            report = carried_out(command, api, ReleaseFile(file))
    except Stopped as stopped:
        show_stopped(stopped, as_json=as_json)
        return stopped.status
    show(report, as_json=as_json)
    return report.status


class DraftIsGone(Stopped):
    """Another command with the same exports has published one of them meanwhile, or somebody has discarded it."""


def carried_out(command: str, api: Api, file: ReleaseFile) -> Report:
    """Carry out a command. Raises Stopped with the file's line where the server refuses a mapping."""
    try:
        try:
            return COMMANDS[command](api, file)
        except DraftIsGone:
            # A second look finds the flow in sync, or exports it again.
            return COMMANDS[command](api, file)
    except RefusedByServer as refused:
        ids = dict(enumerate(file.release.mappings.ids))
        named = {
            ((MAPPINGS, "ids", ids[int(index)]), error.message)
            for error in refused.errors
            for index in error.path[1:2]
            if error.path[0] == MAPPINGS and int(index) in ids
        }
        raise file.stopped(named) if named else refused from None


def status(api: Api, file: ReleaseFile) -> Report:
    """Compare the flows of the file in the source workspace and the destination."""
    view = look(api, file)
    return report_of(view, plans_of(view))


def plan(api: Api, file: ReleaseFile) -> Report:
    """Ask the server what an export of each flow would do."""
    view = look(api, file)
    flow_plans = plans_of(view)
    report = report_of(view, with_plans(api, export_wish(api, view, flow_plans), flow_plans))
    return replace(report, status=REFUSED) if any(line.action == Action.REFUSED for line in report.lines) else report


def report_of(view: View, flow_plans: Sequence[FlowPlan]) -> Report:
    return Report(view.source, view.destination, flow_plans, CHANGES if pending(flow_plans) else DONE)


def pending(flow_plans: Sequence[FlowPlan]) -> list[FlowPlan]:
    return [flow_plan for flow_plan in flow_plans if flow_plan.action is not Action.IN_SYNC]


def apply(api: Api, file: ReleaseFile) -> Report:
    """Export flows that aren't in sync, and publish them."""
    view = look(api, file)
    flow_plans = plans_of(view)
    workspace = view.destination
    if pending(flow_plans) and workspace.publish_policy == "REVIEWED" and not workspace.viewer_can_publish:
        reason = f"{workspace.name} is reviewed, and you may not publish alone there. Request the release instead: "
        raise Stopped(REFUSED, f"{reason}flowport release request {file.path}")
    if drafts := exported(api, file, view, pending(flow_plans)):
        api.once(file.text, "Publish", {"items": drafts, "mode": "ATOMIC", "start": file.release.start})
    return Report(view.source, workspace, flow_plans, message=f"Published {flows(len(drafts))}." if drafts else "")


def request(api: Api, file: ReleaseFile) -> Report:
    """Export flows that aren't in sync, and request that reviewers publish them."""
    view = look(api, file)
    flow_plans = plans_of(view)
    report = Report(view.source, view.destination, flow_plans)
    if all(is_requested(flow_plan) for flow_plan in pending(flow_plans)):
        return replace(report, message="The release is requested already.") if pending(flow_plans) else report
    drafts = exported(api, file, view, pending(flow_plans))
    title = f"{file.path.stem}: {flows(len(drafts))} from {view.source.name}"[:LONGEST_TITLE]
    release_request = api.once(
        file.text, "Request", {"items": drafts, "title": title, "start": file.release.start}
    ).request
    return replace(report, message=f'Requested "{title}"{f" ({release_request.id})" if release_request else ""}.')


def is_requested(flow_plan: FlowPlan) -> bool:
    draft = draft_of(flow_plan)
    request = draft.release_request if draft else None
    return flow_plan.action is Action.PUBLISH and request is not None and request.is_current


def exported(api: Api, file: ReleaseFile, view: View, flow_plans: Sequence[FlowPlan]) -> list[dict[str, Any]]:
    """Export flows, all or none, and answer all drafts to publish, with their revisions.

    Raises RefusedByServer, before anything is written, where an export is refused or its draft couldn't be published.
    """
    if len(flow_plans) > MOST_FLOWS:
        raise Stopped(REFUSED, f"A release has at most {MOST_FLOWS:,} flows, so that all are published or none.")
    wish = export_wish(api, view, flow_plans)
    refused = [
        Error(message=f"{each.flow.name}: {note}")
        for each in flow_plans
        if each.action is Action.REFUSED
        for note in each.notes
    ]
    refused += [error for plan in plans_of_exports(api, wish) for error in plan.reasons_against]
    if refused:
        raise RefusedByServer(refused)
    records = [copy.id for flow_plan in flow_plans for copy in flow_plan.flow.copies.nodes]
    results = iter(api.once(file.text, "Export", wish, *records).results if wish["items"] else ())
    drafts = []
    for flow_plan in flow_plans:
        result = (
            next(results)
            if flow_plan.action in EXPORTS
            else Result(flow=flow_plan.destination, draft=draft_of(flow_plan), errors=())
        )
        if result.flow is None or result.draft is None:
            raise DraftIsGone(STALE, f"{flow_plan.flow.name}: The draft is gone already. Run the command again.")
        drafts.append({"flowId": result.flow.id, "expectedRevision": result.draft.revision})
    return drafts


def draft_of(flow_plan: FlowPlan) -> FlowDraft | None:
    return flow_plan.destination.draft if flow_plan.destination else None


def undo(api: Api, file: ReleaseFile) -> Report:
    """Undo the last release of the file, but for exports that were undone or published over since."""
    try:
        return undo_last(api, file)
    except RefusedByServer as refused:
        if refused.status != STALE:
            raise
        # It may be undone already: by an earlier call, whose answer was lost. The second look shows that.
        return undo_last(api, file)


def undo_last(api: Api, file: ReleaseFile) -> Report:
    source, destination, exports = last_exports(api, file)
    published = [each for each in exports if each.destination_version]
    if published:
        lines, done = undo_published(api, destination, published), UNDONE_ALREADY
    else:
        lines = undo_exports(api, [each for each in exports if not each.undone_at])
        done = UNDONE_ALREADY if exports else "Nothing was released."
    return Report(source, destination, lines, message="" if lines else done)


def undo_exports(api: Api, exports: Sequence[FlowExport]) -> list[Line]:
    """Withdraw the requests that name the exported drafts, then undo the exports; in this order for a second try."""
    drafts = [each.destination_flow.draft for each in exports if each.destination_flow]
    for request in dict.fromkeys(draft.release_request for draft in drafts if draft and draft.release_request):
        api.payload("Withdraw", releaseId=request.id)
    if exports:
        api.payload("UndoExports", exportIds=[each.id for each in exports], mode="ATOMIC")
    return [Line(each.source_flow, "undone", each.destination_flow) for each in exports if each.source_flow]


def last_exports(api: Api, file: ReleaseFile) -> tuple[Workspace, Workspace, list[FlowExport]]:
    """Both workspaces, and the exports of the file's flows that were published with the newest one or, if it is a draft, made by its call; oldest first."""
    exports: list[FlowExport] = []
    pages: list[tuple[Workspace, Workspace]] = []
    for data in api.pages("Exports", {"after": "destination.exports"}, **workspace_ids(api, file)):
        pages.append(both_workspaces(file, data))
        source, destination = pages[-1]
        some = [each for each in destination.exports.nodes if is_of(file.release, source.id, each.source_flow)]
        exports += [each for each in some if is_with(each, (exports or some)[0])]
        # The exports of one call follow each other, so those of a release end where the page ends with an older one.
        if some and some[-1] != exports[-1]:
            break
    return *pages[0], exports[::-1]


def is_of(release: Release, source_id: str, flow: Flow | None) -> bool:
    if flow is None or flow.workspace is None or flow.workspace.id != source_id:
        return False
    names = {flow.id, flow.name}
    return not names & {*release.exclude} and (release.flows is None or bool(names & {*release.flows}))


def is_with(export: FlowExport, newest: FlowExport) -> bool:
    if export.destination_version is None or newest.destination_version is None:
        return export.created_at == newest.created_at
    return export.destination_version.published_at == newest.destination_version.published_at


def undo_published(api: Api, workspace: Workspace, exports: Sequence[FlowExport]) -> list[Line]:
    """Undo the release that published the exports at one moment; nothing is left to do if it is undone."""
    moments = {each.destination_version.published_at for each in exports if each.destination_version}
    release = next((each for each in workspace.release_requests.nodes if each.closed_at in moments), None)
    if release is None:
        names = [each.destination_flow.name for each in exports if each.destination_flow]
        raise Stopped(
            REFUSED, *(f"{name}: None of the last 100 releases published it. Revert the flow itself." for name in names)
        )
    if release.state == "UNDONE":
        return []
    api.payload("UndoRelease", releaseId=release.id)
    return [restored(each.source_flow, each.destination_flow) for each in exports if each.source_flow]


def restored(source: Flow, flow: Flow | None) -> Line:
    """Say what undoing a release did to a flow."""
    if flow is None or len(flow.history.nodes) > 1:
        return Line(source, "reverted", flow)
    action = "stopped" if flow.status == "ACTIVE" else "kept"
    return Line(source, action, flow, ("It has no earlier version. Delete the flow if nobody needs it.",))


COMMANDS: dict[str, Callable[[Api, ReleaseFile], Report]] = {
    "plan": plan,
    "apply": apply,
    "request": request,
    "undo": undo,
    "status": status,
}
