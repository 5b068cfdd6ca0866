"""Undoing the last release of a file: what it exported or, once that is published, what it published."""

from collections.abc import Sequence

from app.client.api import Api
from app.client.api_types import Flow, FlowExport, Named, Workspace
from app.client.looking import no_workspace, workspace_ids
from app.client.output import Line, Report
from app.client.release_file import Release, ReleaseFile


def undo(api: Api, file: ReleaseFile) -> Report:
    """Undo the last release of the file, but for exports that were undone or published over since."""
    ids = workspace_ids(api, file)
    destination, exports = last_exports(api, file, ids)
    published = {each.destination_version.id: each for each in exports if each.destination_version}
    pending = [each for each in exports if not each.destination_version and not each.undone_at]
    if published:
        done = undo_published(api, destination, published)
    else:
        done = pending
        if pending:
            api.payload("UndoExports", exportIds=[each.id for each in pending], mode="ATOMIC")
    lines = [Line(each.source_flow, "undone", each.destination_flow) for each in done if each.source_flow]
    message = "" if done else "Nothing to undo."
    return Report(Named(id=ids["source"], name=file.release.source), destination, lines, message=message)


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


def undo_published(api: Api, workspace: Workspace, published: dict[str, FlowExport]) -> Sequence[FlowExport]:
    """Undo the requested release or, without a request, restore each flow by itself."""
    for request in workspace.release_requests.nodes:
        if any(item.version and item.version.id in published for item in request.items.nodes):
            if request.state == "UNDONE":
                return []
            api.payload("UndoRelease", releaseId=request.id)
            return [*published.values()]
    return [export for version, export in published.items() if is_put_back(api, version, export.destination_flow)]


def is_put_back(api: Api, version: str, flow: Flow | None) -> bool:
    """Publish the version before again or, where there was none, stop the flow; False if neither is left to do."""
    if flow is None or flow.published_version is None or flow.published_version.id != version:
        return False
    if len(flow.history.nodes) > 1:
        api.payload("Revert", flowId=flow.id, versionId=flow.history.nodes[1].id, publish=True)
    elif flow.status == "ACTIVE":
        api.payload("Stop", flowIds=[flow.id], mode="ATOMIC")
    else:
        return False
    return True
