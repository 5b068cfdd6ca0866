"""Objects by their ids."""

import asyncio
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from app.execution.lookups import Loader, Lookup
from app.execution.request_errors import BadRequest
from app.graphql.connections import LARGEST_PAGE
from app.graphql.context import Info
from app.graphql.loading.loaders import Loaders
from app.graphql.types.resources import Node
from app.storage.ids import Kind, kind_of

NODES: dict[Kind, Callable[[Loaders], Loader[str, Any]]] = {
    Kind.USER: attrgetter("visible_users"),
    Kind.CONTRACT: attrgetter("contracts"),
    Kind.WORKSPACE: attrgetter("workspaces"),
    Kind.COMPONENT: attrgetter("components"),
    Kind.TOPIC: attrgetter("topics"),
    Kind.CREDENTIAL: attrgetter("credentials"),
    Kind.SECRET: attrgetter("secrets"),
    Kind.AGENT: attrgetter("agents"),
    Kind.FLOW: attrgetter("flows"),
    Kind.DRAFT: attrgetter("drafts"),
    Kind.VERSION: attrgetter("versions"),
    Kind.EXPORT: attrgetter("exports"),
    Kind.RELEASE: attrgetter("releases"),
    Kind.EVENT: attrgetter("events"),
}


def node_by_id(info: Info, id_: str) -> Lookup[Node] | None:
    """The lookup of the object with this id; None if it isn't an id of a known kind."""
    kind = kind_of(id_)
    if kind not in NODES:
        return None
    return Lookup(NODES[kind](info.context.loaders), id_)


async def nodes_by_id(info: Info, ids: Sequence[str]) -> list[Any]:
    """Read objects by their ids, in the same order, each or its exception. Raises BadRequest for more ids than a page has."""
    if len(ids) > LARGEST_PAGE:
        raise BadRequest(f"`ids` has {len(ids)} elements; at most {LARGEST_PAGE} are answered at once.")
    lookups = [node_by_id(info, id_) for id_ in ids]
    found = [None if lookup is None else lookup.loader.load(lookup.key) for lookup in lookups]
    await asyncio.gather(*filter(None, found), return_exceptions=True)
    return [each and (each.exception() or each.result()) for each in found]
