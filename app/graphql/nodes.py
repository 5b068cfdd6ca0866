"""Anything by its id: the prefix says which loader knows it."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from app.execution.lookups import Loader, Lookup, Lookups
from app.execution.request_errors import BadRequest
from app.graphql.connections import LARGEST_PAGE
from app.graphql.context import Info
from app.graphql.loaders import Loaders
from app.graphql.types.node import Node
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
}


def node_by_id(info: Info, id_: str) -> Lookup[Node] | None:
    """The lookup of what has this id; None if no id is like that."""
    kind = kind_of(id_)
    if kind not in NODES:
        return None
    return Lookup(NODES[kind](info.context.loaders), id_)


def nodes_by_id(info: Info, ids: Sequence[str]) -> Lookups:
    """The lookups of what has these ids, in their order; refuses more than a page of them."""
    if len(ids) > LARGEST_PAGE:
        raise BadRequest(f"`ids` has {len(ids)} elements; at most {LARGEST_PAGE} are answered at once.")
    return Lookups([node_by_id(info, id_) for id_ in ids])
