"""Reading a release from the server: the flows that the file names, their earlier exports, and the mappings."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from app.client.api import Api
from app.client.api_types import SourceFlow, Workspace
from app.client.release_file import SAME_WORKSPACE, Mistake, Release, ReleaseFile

WORKSPACE_ID = "workspace_"
KINDS = ("credentials", "secrets", "agents", "topics")
Resources = dict[tuple[str, str, str], list[str]]
"""The ids of credentials, secrets, agents and topics, by kind, component and name."""


@dataclass(frozen=True, slots=True)
class View:
    """The workspaces and flows of a release file, as they are now."""

    release: Release
    source: Workspace
    destination: Workspace
    flows: Sequence[SourceFlow]
    mappings: Sequence[dict[str, str]]


def look(api: Api, file: ReleaseFile) -> View:
    """Read the workspaces and flows that the file names: a call for every hundred flows, and one for workspaces by name.

    Raises Stopped with the line of every name that the server doesn't know.
    """
    pages = [*workspaces(api, file, workspace_ids(api, file))]
    source, destination = pages[0]
    mistakes: list[Mistake] = []
    flows = selected(file.release, [flow for page, _ in pages for flow in page.flows.nodes], mistakes)
    if mistakes:
        raise file.stopped(mistakes)
    return View(file.release, source, destination, flows, [*mappings(api, file.release, source, destination)])


def workspaces(api: Api, file: ReleaseFile, ids: dict[str, str]) -> Iterator[tuple[Workspace, Workspace]]:
    """Source and destination with a page of flows, and at first the credentials, secrets, agents and topics too."""
    release = file.release
    resources = {"resources": release.mappings.equal_names}
    for data in api.pages("Flows", {"after": "source.flows"}, {"resources": False}, **ids, **resources):
        ends = (("from", release.source, data.source), ("to", release.destination, data.destination))
        if data.source is None or data.destination is None:
            raise file.stopped(((key,), no_workspace(name)) for key, name, workspace in ends if workspace is None)
        yield data.source, data.destination


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


def mappings(api: Api, release: Release, source: Workspace, destination: Workspace) -> Iterator[dict[str, str]]:
    """The mappings by id, then those by equal names that are unique in both workspaces."""
    by_id = release.mappings.ids
    yield from ({"fromId": old, "toId": new} for old, new in by_id.items())
    if release.mappings.equal_names:
        offered = resources_of(api, destination)
        for key, ids in resources_of(api, source).items():
            equal = offered.get(key, [])
            if len(ids) == len(equal) == 1 and ids[0] not in by_id:
                yield {"fromId": ids[0], "toId": equal[0]}


def resources_of(api: Api, workspace: Workspace) -> Resources:
    """Read every page of the credentials, secrets, agents and topics of a workspace."""
    resources: Resources = defaultdict(list)
    pages, cursors = [workspace], {kind: getattr(workspace, kind).page_info.end_cursor for kind in KINDS}
    if any(getattr(workspace, kind).page_info.has_next_page for kind in KINDS):
        lists = {kind: f"workspace.{kind}" for kind in KINDS}
        pages += [
            data.workspace for data in api.pages("Resources", lists, id=workspace.id, **cursors) if data.workspace
        ]
    for page, kind in product(pages, KINDS):
        for each in getattr(page, kind).nodes:
            resources[kind, each.component.id if each.component else "", each.name].append(each.id)
    return resources
