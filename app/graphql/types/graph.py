"""The graph of a draft or version: its steps and links, and the native form."""

import asyncio
from typing import Self

import orjson
import strawberry

from app.domain.component import read_command
from app.domain.graph import Bindings, Json, StepBindings, bindings_from_json, join, link_ids
from app.domain.nouns import ReferenceKind
from app.domain.references import by_position
from app.graphql.allowance import in_portions
from app.graphql.context import Info, found, required
from app.graphql.describe import about, field
from app.graphql.scalars import JSON
from app.graphql.types.bound import Agent, Component, Credential, Secret, Topic


@strawberry.type(description="A step of a graph. It has no id of its own: `stepId` is unique within its graph only.")
class FlowStep:
    step_id: str = about("The id of the step within its graph.")
    command: str = about("What it runs: `team/name:function@version`.")
    name: str | None = about("The name that people gave the step.")
    description: str | None = about("What people wrote about the step.")
    function: str | None = about("The function of the component; null if the command can't be read.")
    fields: JSON = about("How the step is configured, as in the native form.")
    tenant_id: strawberry.Private[str]
    bound: strawberry.Private[StepBindings]

    @field
    async def component(self, info: Info) -> Component | None:
        """The component that the command means here; null if there is none or you can't see it."""
        return await component_of(info, self.tenant_id, self.command)

    @field
    async def credential(self, info: Info) -> Credential | None:
        """The credential that the step uses, if it has one."""
        return await found(
            info.context.loaders.credentials, self.bound.reference(ReferenceKind.CREDENTIAL), Credential.of
        )

    @field
    async def secret(self, info: Info) -> Secret | None:
        """The secret that the step uses, if it has one."""
        return await found(info.context.loaders.secrets, self.bound.reference(ReferenceKind.SECRET), Secret.of)

    @field
    async def agent(self, info: Info) -> Agent | None:
        """The agent that the step goes through, if it has one."""
        return await found(info.context.loaders.agents, self.bound.reference(ReferenceKind.AGENT), Agent.of)

    @field
    async def topic(self, info: Info) -> Topic | None:
        """The topic that a pub/sub step uses, if it has one."""
        return await found(info.context.loaders.topics, self.bound.reference(ReferenceKind.TOPIC), Topic.of)

    @classmethod
    def of(cls, node: Json, *, bound: StepBindings, tenant_id: str) -> Self:
        read = read_command(node["command"])
        return cls(
            step_id=node["id"],
            command=node["command"],
            name=_text(node.get("name")),
            description=_text(node.get("description")),
            function=None if read is None else read.function,
            fields=JSON(node.get("fields") or {}),
            tenant_id=tenant_id,
            bound=bound,
        )


@strawberry.type(description="An edge of the native graph, from one step to the next.")
class FlowLink:
    link_id: str = about("`source:target`, with `#2` and so on where that repeats. It never enters the native form.")
    source: str | None = about("The id of the step that it comes from; null for an error handler.")
    target: str = about("The id of the step that it goes to; `error_all` for the error handler of all steps.")
    config: JSON | None = about("Its mapper and condition, as the platform keeps them.")


@strawberry.type(description="A graph; its steps and links are in the order of its native form.")
class FlowGraph:
    content: strawberry.Private[Json]
    bindings: strawberry.Private[Bindings]
    tenant_id: strawberry.Private[str]

    @field
    def steps(self, info: Info) -> list[FlowStep]:
        """The steps, in the order of the native form."""
        nodes = join(self.content, self.bindings)["nodes"]
        info.context.allowance.take_list(nodes)
        bound = by_position(self.bindings)
        return in_portions(
            [
                FlowStep.of(node, bound=bound.get(position, StepBindings(position)), tenant_id=self.tenant_id)
                for position, node in enumerate(nodes)
            ]
        )

    @field
    def links(self, info: Info) -> list[FlowLink]:
        """The links, in the order of the native form."""
        edges = self.content["edges"]
        info.context.allowance.take_list(edges)
        links = [
            FlowLink(
                link_id=link_id, source=edge.get("source"), target=edge["target"], config=_json(edge.get("config"))
            )
            for link_id, edge in zip(link_ids(edges), edges, strict=True)
        ]
        return in_portions(links)

    @field
    async def topics(self, info: Info) -> list[Topic]:
        """The topics that its pub/sub steps use, each once, in the order of the steps."""
        ids = dict.fromkeys(filter(None, (step.reference(ReferenceKind.TOPIC) for step in self.bindings)))
        views = await info.context.loaders.topics.load_many(list(ids))
        return [Topic.of(view) for view in views if view is not None]

    @field
    async def components(self, info: Info) -> list[Component]:
        """The components that its steps use and that you can see, each once, in the order of the steps."""
        commands = dict.fromkeys(node["command"] for node in self.content["nodes"])
        meant = await asyncio.gather(*(component_of(info, self.tenant_id, command) for command in commands))
        return list({component.id: component for component in meant if component is not None}.values())

    @field
    def native(self, info: Info) -> JSON:
        """The platform's own form, with `nodes` and `edges`; its references are ids of this server."""
        graph = join(self.content, self.bindings)
        info.context.allowance.take_json(graph)
        return JSON(graph)


async def graph_of(info: Info, state_id: str) -> FlowGraph:
    """The graph of a draft or version that the viewer sees."""
    view = await required(info.context.loaders.graphs, state_id)
    content = await info.context.loaders.contents.load(view.content_hash)
    bindings = bindings_from_json(orjson.loads(view.bindings))
    return FlowGraph(content=content, bindings=bindings, tenant_id=view.tenant_id)


async def component_of(info: Info, tenant_id: str, command: str) -> Component | None:
    """The component that a command means in a tenant (C0), if the viewer can see it."""
    component_id = await info.context.loaders.meanings.load((tenant_id, command))
    return await found(info.context.loaders.components, component_id, Component.of)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _json(value: Json) -> JSON | None:
    return None if value is None else JSON(value)
