"""The graph of a draft or version: its steps and links, and the native form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

import orjson
import strawberry
from strawberry import Parent

from app.domain.component import read_command
from app.domain.graph import Json, StepBindings, bindings_from_json, join, link_ids
from app.domain.references import by_position
from app.execution.relations import relation
from app.execution.rows import shows
from app.graphql.context import Context, Info
from app.graphql.describe import about, field
from app.graphql.loading.loader_keys import StoredGraph
from app.graphql.scalars import JSON, as_json
from app.graphql.types.resources import Agent, Component, Credential, Secret, Topic

Made = TypeVar("Made")

NOT_BOUND = "[]"
"""The bindings of a graph without any, as they are stored."""


@strawberry.type(description="A step of a graph. A `stepId` is unique only within the graph.")
class FlowStep:
    step_id: str = about("The id of the step within its graph.")
    command: str = about("The command that the step runs: `team/name:function@version`.")
    name: str | None = about("The name that people gave the step.")
    description: str | None = about("The description that people gave the step.")
    function: str | None = about("The function of the component; null if the command can't be read.")
    fields: JSON = about("How the step is configured, as in the native form.")
    tenant_id: strawberry.Private[str]
    bound: strawberry.Private[StepBindings]

    component: Component | None = relation(
        "components_meant",
        ("tenant_id", "command"),
        "The component of the command; null if there is none, or you can't see it.",
    )
    credential: Credential | None = relation(
        "credentials",
        "bound.credential",
        "The credential that the step uses, if it has one.",
    )
    secret: Secret | None = relation(
        "secrets",
        "bound.secret",
        "The secret that the step uses, if it has one.",
    )
    agent: Agent | None = relation(
        "agents",
        "bound.agent",
        "The agent that the step goes through, if it has one.",
    )
    topic: Topic | None = relation(
        "topics",
        "bound.topic",
        "The topic that a pub/sub step uses, if it has one.",
    )

    @classmethod
    def of(cls, node: Json, *, bound: StepBindings, tenant_id: str) -> Self:
        read = read_command(node["command"])
        return cls(
            step_id=node["id"],
            command=node["command"],
            name=_text(node.get("name")),
            description=_text(node.get("description")),
            function=None if read is None else read.function,
            fields=as_json(node.get("fields") or {}),
            tenant_id=tenant_id,
            bound=bound,
        )


@strawberry.type(description="An edge of the native graph, from one step to the next.")
class FlowLink:
    link_id: str = about(
        "`source:target`, with `#2` and so on for further links of the same steps. The native form has no such id."
    )
    source: str | None = about("The id of the step that the link comes from; null for an error handler.")
    target: str = about("The id of the step that the link goes to; `error_all` for the error handler of all steps.")
    config: JSON | None = about("The mapper and condition of the link, in the platform's form.")


@dataclass(frozen=True, slots=True)
class ReadGraph:
    """A parsed graph. Values of any form stay JSON text, which takes the least memory."""

    steps: list[FlowStep]
    links: list[FlowLink]

    @classmethod
    def of(cls, stored: StoredGraph) -> Self:
        bindings = bindings_from_json(orjson.loads(stored.view.bindings))
        native, tenant_id, bound = (
            join(orjson.loads(stored.content), bindings),
            stored.view.tenant_id,
            by_position(bindings),
        )
        steps = [
            FlowStep.of(node, bound=bound.get(position, StepBindings(position)), tenant_id=tenant_id)
            for position, node in enumerate(native["nodes"])
        ]
        links = [
            FlowLink(
                link_id=key,
                source=edge.get("source"),
                target=edge["target"],
                config=None if edge.get("config") is None else as_json(edge["config"]),
            )
            for key, edge in zip(link_ids(native["edges"]), native["edges"], strict=True)
        ]
        return cls(steps, links)


async def steps_of(graph: Parent[StoredGraph], info: Info) -> list[FlowStep]:
    """The steps, in the order of the native form."""
    return (await _parsed(graph, info.context, ReadGraph.of)).steps


async def links_of(graph: Parent[StoredGraph], info: Info) -> list[FlowLink]:
    """The links, in the order of the native form."""
    return (await _parsed(graph, info.context, ReadGraph.of)).links


@shows(StoredGraph, "A graph; its steps and links are in the order of its native form.")
class FlowGraph:
    steps: list[FlowStep] = field(steps_of)
    links: list[FlowLink] = field(links_of)
    topics: list[Topic] = relation(
        "topics_of_graphs",
        ("content", "view"),
        "The topics that its pub/sub steps use, each once, in the order of the steps.",
    )
    components: list[Component] = relation(
        "components_of_graphs",
        ("content", "view"),
        "The components that its steps use and that you can see, each once, in the order of the steps.",
    )

    @field
    @staticmethod
    async def native(graph: Parent[StoredGraph], info: Info) -> JSON:
        """The platform's own form, with `nodes` and `edges`; its references are ids of this server."""
        if graph.view.bindings == NOT_BOUND:
            # A graph without bindings is stored in its native form.
            return JSON(orjson.Fragment(graph.content))
        return await _parsed(graph, info.context, native_of)


async def _parsed(graph: StoredGraph, context: Context, parse: Callable[[StoredGraph], Made]) -> Made:
    """Parse a stored graph, once for all aliases and all states that share it."""
    view, size = graph.view, len(graph.content) + len(graph.view.bindings)
    key = (parse, view.content_hash, view.bindings, view.tenant_id)
    return await context.parsed(key, size, lambda: parse(graph))


def native_of(stored: StoredGraph) -> JSON:
    return as_json(join(orjson.loads(stored.content), bindings_from_json(orjson.loads(stored.view.bindings))))


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
