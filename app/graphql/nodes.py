"""Anything by its id: the prefix says which loader knows it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from app.graphql.connections import LARGEST_PAGE
from app.graphql.context import Info
from app.graphql.loaders import Loaders
from app.graphql.request_errors import BadRequest
from app.graphql.types.flow import Flow, FlowDraft, FlowVersion
from app.graphql.types.node import Node
from app.graphql.types.people import Contract, User
from app.graphql.types.resources import Agent, Component, Credential, Secret, Topic
from app.graphql.types.workspace import Workspace
from app.storage.ids import Kind, kind_of

Ask = Callable[[Loaders, str], Awaitable[Any]]

NODES: dict[Kind, tuple[Ask, Callable[[Any], Node]]] = {
    Kind.USER: (lambda loaders, one: loaders.visible_users.load(one), User.of),
    Kind.CONTRACT: (lambda loaders, one: loaders.contracts.load(one), Contract.of),
    Kind.WORKSPACE: (lambda loaders, one: loaders.workspaces.load(one), Workspace.of),
    Kind.COMPONENT: (lambda loaders, one: loaders.components.load(one), Component.of),
    Kind.TOPIC: (lambda loaders, one: loaders.topics.load(one), Topic.of),
    Kind.CREDENTIAL: (lambda loaders, one: loaders.credentials.load(one), Credential.of),
    Kind.SECRET: (lambda loaders, one: loaders.secrets.load(one), Secret.of),
    Kind.AGENT: (lambda loaders, one: loaders.agents.load(one), Agent.of),
    Kind.FLOW: (lambda loaders, one: loaders.flows.load(one), Flow.of),
    Kind.DRAFT: (lambda loaders, one: loaders.drafts.load(one), FlowDraft.of),
    Kind.VERSION: (lambda loaders, one: loaders.versions.load(one), FlowVersion.of),
}


async def node_by_id(info: Info, id_: str) -> Node | None:
    """What has this id; None if it doesn't exist, or the viewer can't see it."""
    kind = kind_of(id_)
    if kind not in NODES:
        return None
    ask, make = NODES[kind]
    view = await ask(info.context.loaders, id_)
    return None if view is None else make(view)


async def nodes_by_id(info: Info, ids: Sequence[str]) -> list[Node | None]:
    """What has these ids, in their order; refuses more than a page of them."""
    if len(ids) > LARGEST_PAGE:
        raise BadRequest(f"`ids` has {len(ids)} elements; at most {LARGEST_PAGE} are answered at once.")
    return list(await asyncio.gather(*(node_by_id(info, id_) for id_ in ids)))
