"""Contents, and the components that they name: stored once, however often they come."""

from app.domain.component import read_command
from app.domain.content import Content
from app.domain.graph import canonical
from app.meter import current_meter
from app.offload import offload
from app.storage.connections.row_changes import insert_new_rows, insert_rows
from app.storage.store import Store
from app.storage.tables import FLOW_CONTENT, FLOW_CONTENT_COMPONENT

CONTENT, COMPONENT = ("hash", "graph", "outline"), ("hash", "team", "name")
LONGEST_COMPONENT_NAME = 255
"""Characters of the name of a team or a component."""

_CONTENTS = insert_new_rows(FLOW_CONTENT, CONTENT)
_COMPONENTS = insert_rows(FLOW_CONTENT_COMPONENT, COMPONENT)


async def write_content(store: Store, content: Content) -> None:
    current_meter().take_decided(len(content.canonical))
    row = await offload(len(content.canonical), content_row, content)
    if await store.write((_CONTENTS, [row])):
        rows = await offload(len(content.canonical), component_rows, content)
        await store.write((_COMPONENTS, rows))


def content_row(content: Content) -> tuple[str, str, str]:
    """Content as it is stored, with steps and links apart, for rules that need not read the graph."""
    links = [[link.source, link.target, link.conditional] for link in content.graph.links]
    steps = [[step.id, step.command, *([] if step.name is None else [step.name])] for step in content.graph.steps]
    return content.hash, content.canonical, canonical({"steps": steps, "links": links})


def component_rows(content: Content) -> list[tuple[str, str, str]]:
    """The components that a content names, and that may exist: an index can't hold names of any length."""
    names = {read.component for step in content.graph.steps if (read := read_command(step.command)) is not None}
    possible = [name for name in sorted(names) if max(map(len, name)) <= LONGEST_COMPONENT_NAME]
    return [(content.hash, name.team, name.name) for name in possible]
