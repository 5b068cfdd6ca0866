"""Undoing the last release of a file: what it exported or, once that is published, what it published."""

from collections.abc import Sequence

from app.client.api import STALE, Api, RefusedByServer
from app.client.api_types import Flow, FlowExport, Named, Workspace
from app.client.looking import no_workspace, workspace_ids
from app.client.output import Line, Report
from app.client.release_file import Release, ReleaseFile


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
    ids = workspace_ids(api, file)
    destination, exports = last_exports(api, file, ids)
    if any(each.destination_version for each in exports):
        done = undo_published(api, file, destination, [each for each in exports if each.destination_version])
    else:
        done = [each for each in exports if not each.undone_at]
        undo_exports(api, done)
    lines = [Line(each.source_flow, "undone", each.destination_flow) for each in done if each.source_flow]
    message = "" if done else "Nothing to undo."
    return Report(Named(id=ids["source"], name=file.release.source), destination, lines, message=message)


def undo_exports(api: Api, exports: Sequence[FlowExport]) -> None:
    """Withdraw the requests that name the exported drafts, then undo the exports; in this order for a second try."""
    drafts = [each.destination_flow.draft for each in exports if each.destination_flow]
    for request in dict.fromkeys(draft.release_request for draft in drafts if draft and draft.release_request):
        api.payload("Withdraw", releaseId=request.id)
    if exports:
        api.payload("UndoExports", exportIds=[each.id for each in exports], mode="ATOMIC")


def last_exports(api: Api, file: ReleaseFile, ids: dict[str, str]) -> tuple[Workspace, list[FlowExport]]:
    """The exports of the file's flows that were published with the newest one or, if it is a draft, made by its call."""
    exports: list[FlowExport] = []
    after = None
    while True:
        workspace = api.workspace("Exports", id=ids["destination"], after=after)
        if workspace is None:
            raise file.stopped([(("to",), no_workspace(file.release.destination))])
        some = [each for each in workspace.exports.nodes if is_of(file.release, ids["source"], each.source_flow)]
        exports += [each for each in some if is_with(each, (exports or some)[0])]
        page = workspace.exports.page_info
        # The exports of one call follow each other, so those of a release end where the page ends with an older one.
        if not page.has_next_page or (some and some[-1] != exports[-1]):
            return workspace, exports
        after = page.end_cursor


def is_of(release: Release, source_id: str, flow: Flow | None) -> bool:
    if flow is None or flow.workspace is None or flow.workspace.id != source_id:
        return False
    names = {flow.id, flow.name}
    return not names & {*release.exclude} and (release.flows is None or bool(names & {*release.flows}))


def is_with(export: FlowExport, newest: FlowExport) -> bool:
    if export.destination_version is None or newest.destination_version is None:
        return export.created_at == newest.created_at
    return export.destination_version.published_at == newest.destination_version.published_at


def undo_published(
    api: Api, file: ReleaseFile, workspace: Workspace, exports: Sequence[FlowExport]
) -> Sequence[FlowExport]:
    """Undo the requested release or, without a request, restore each flow by itself."""
    versions = {each.destination_version.id for each in exports if each.destination_version}
    for request in workspace.release_requests.nodes:
        if any(item.version and item.version.id in versions for item in request.items.nodes):
            if request.state == "UNDONE":
                return []
            api.payload("UndoRelease", releaseId=request.id)
            return exports
    return restore(api, file, [each for each in exports if is_published_still(each)])


def is_published_still(export: FlowExport) -> bool:
    flow = export.destination_flow
    is_changed = flow is not None and (len(flow.history.nodes) > 1 or flow.status == "ACTIVE")
    shown = flow.published_version if flow and is_changed else None
    return shown is not None and export.destination_version is not None and shown.id == export.destination_version.id


def restore(api: Api, file: ReleaseFile, exports: Sequence[FlowExport]) -> Sequence[FlowExport]:
    """Publish the earlier versions again, flow by flow, and stop the flows that have none."""
    flows = [each.destination_flow for each in exports if each.destination_flow]
    for flow in flows:
        if len(flow.history.nodes) > 1:
            latest, earlier = flow.history.nodes
            api.once(file.text, "Revert", {"flowId": flow.id, "versionId": earlier.id, "publish": True}, latest.id)
    if first_versions := [flow.id for flow in flows if len(flow.history.nodes) == 1]:
        api.payload("Stop", flowIds=first_versions, mode="ATOMIC")
    return exports
