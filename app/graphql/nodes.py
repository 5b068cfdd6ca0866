"""Anything by its id: the prefix says which loader knows it."""

from collections.abc import Callable, Sequence
from typing import Any

from app.graphql.connections import LARGEST_PAGE
from app.graphql.context import Info
from app.graphql.loaders import Loaders
from app.graphql.lookups import Loader, Lookup, Lookups
from app.graphql.request_errors import BadRequest
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.node import Node
from app.graphql.types.people import Contract, User
from app.graphql.types.resources import Agent, Component, Credential, Secret, Topic
from app.graphql.types.workspace import Workspace
from app.storage.ids import Kind, kind_of

NODES: dict[Kind, tuple[Callable[[Loaders], Loader[str, Any]], Callable[[Any], Node]]] = {
    Kind.USER: (lambda loaders: loaders.visible_users, User.of),
    Kind.CONTRACT: (lambda loaders: loaders.contracts, Contract.of),
    Kind.WORKSPACE: (lambda loaders: loaders.workspaces, Workspace.of),
    Kind.COMPONENT: (lambda loaders: loaders.components, Component.of),
    Kind.TOPIC: (lambda loaders: loaders.topics, Topic.of),
    Kind.CREDENTIAL: (lambda loaders: loaders.credentials, Credential.of),
    Kind.SECRET: (lambda loaders: loaders.secrets, Secret.of),
    Kind.AGENT: (lambda loaders: loaders.agents, Agent.of),
    Kind.FLOW: (lambda loaders: loaders.flows, Flow.of),
    Kind.DRAFT: (lambda loaders: loaders.drafts, FlowDraft.of),
    Kind.VERSION: (lambda loaders: loaders.versions, FlowVersion.of),
}


def node_by_id(info: Info, id_: str) -> Lookup[Node] | None:
    """The lookup of what has this id; None if no id is like that."""
    kind = kind_of(id_)
    if kind not in NODES:
        return None
    loader, make = NODES[kind]
    return Lookup(loader(info.context.loaders), id_, make)


def nodes_by_id(info: Info, ids: Sequence[str]) -> Lookups:
    """The lookups of what has these ids, in their order; refuses more than a page of them."""
    if len(ids) > LARGEST_PAGE:
        raise BadRequest(f"`ids` has {len(ids)} elements; at most {LARGEST_PAGE} are answered at once.")
    return Lookups([node_by_id(info, id_) for id_ in ids])
