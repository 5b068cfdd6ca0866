"""Undoing the last release of a file: what it exported or, once that is published, what it published."""

from collections.abc import Sequence

from app.client.api import REFUSED, STALE, Api, RefusedByServer, Stopped
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
    published = [each for each in exports if each.destination_version]
    if published:
        lines, done = undo_published(api, destination, published), "The release is undone already."
    else:
        lines, done = undo_exports(api, [each for each in exports if not each.undone_at]), "Nothing to undo."
    return Report(Named(id=ids["source"], name=file.release.source), destination, lines, message="" if lines else done)


def undo_exports(api: Api, exports: Sequence[FlowExport]) -> list[Line]:
    """Withdraw the requests that name the exported drafts, then undo the exports; in this order for a second try."""
    drafts = [each.destination_flow.draft for each in exports if each.destination_flow]
    for request in dict.fromkeys(draft.release_request for draft in drafts if draft and draft.release_request):
        api.payload("Withdraw", releaseId=request.id)
    if exports:
        api.payload("UndoExports", exportIds=[each.id for each in exports], mode="ATOMIC")
    return [Line(each.source_flow, "undone", each.destination_flow) for each in exports if each.source_flow]


def last_exports(api: Api, file: ReleaseFile, ids: dict[str, str]) -> tuple[Workspace, list[FlowExport]]:
    """The exports of the file's flows that were published with the newest one or, if it is a draft, made by its call; oldest first."""
    exports: list[FlowExport] = []
    workspace: Workspace | None = None
    for data in api.pages("Exports", {"after": "workspace.exports"}, id=ids["destination"]):
        workspace = data.workspace
        if workspace is None:
            break
        some = [each for each in workspace.exports.nodes if is_of(file.release, ids["source"], each.source_flow)]
        exports += [each for each in some if is_with(each, (exports or some)[0])]
        # The exports of one call follow each other, so those of a release end where the page ends with an older one.
        if some and some[-1] != exports[-1]:
            break
    if workspace is None:
        raise file.stopped([(("to",), no_workspace(file.release.destination))])
    return workspace, exports[::-1]


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
