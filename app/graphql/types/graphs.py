"""Graphs: their steps and links, their native form, their differences, and what keeps a draft from being published."""

from collections.abc import Callable
from typing import Self, TypeVar

import orjson
import strawberry

from app.domain import component, diff, flow, model, readiness, references
from app.domain.graph import Json, StepBindings, bindings_from_json, join, link_ids
from app.execution.rows import relation, shows
from app.graphql.context import Context, Info
from app.graphql.describe import JSON, about, as_json, field
from app.graphql.loading.loader_keys import StoredGraph
from app.graphql.types.resources import (
    Agent,
    Binding,
    Component,
    Credential,
    InaccessibleComponent,
    Secret,
    Topic,
    binding,
)

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
        read = component.read_command(node["command"])
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


def steps_and_links(stored: StoredGraph) -> tuple[list[FlowStep], list[FlowLink]]:
    """Parse a graph. Values of any form stay JSON text, which takes the least memory."""
    bindings = bindings_from_json(orjson.loads(stored.view.bindings))
    native, bound = join(orjson.loads(stored.content), bindings), references.by_position(bindings)
    steps = [
        FlowStep.of(node, bound=bound.get(position, StepBindings(position)), tenant_id=stored.view.tenant_id)
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
    return steps, links


async def steps_of(graph: strawberry.Parent[StoredGraph], info: Info) -> list[FlowStep]:
    """The steps, in the order of the native form."""
    return (await _parsed(graph, info.context, steps_and_links))[0]


async def links_of(graph: strawberry.Parent[StoredGraph], info: Info) -> list[FlowLink]:
    """The links, in the order of the native form."""
    return (await _parsed(graph, info.context, steps_and_links))[1]


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
    async def native(graph: strawberry.Parent[StoredGraph], info: Info) -> JSON:
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


@strawberry.interface(description="A reason that keeps a draft from being published.")
class DraftBlocker:
    message: str = about("The part that is missing, and the remedy.", of="full_message")
    step_id: str | None = about("The id of the step; null if the whole graph is meant.", of="step.id")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.", of="step.name")


@shows(
    readiness.MissingCredential,
    "The step's component needs a credential or secret (see `component.requires`), and the step has none that fits.",
)
class MissingCredential(DraftBlocker):
    component: Component = relation(
        "components", "component.id", "The component whose credential or secret is missing."
    )


@shows(readiness.MissingTopic, "The pub/sub step has no topic that lives in the workspace.")
class MissingTopic(DraftBlocker):
    pass


@shows(readiness.ComponentUnavailable, "The step's component can't be used in the workspace.")
class ComponentUnavailable(DraftBlocker):
    inaccessible: InaccessibleComponent = about("The component, all steps that use it, and why it can't be used.")


@shows(readiness.InvalidGraph, "The graph can't run as it is.")
class InvalidGraph(DraftBlocker):
    pass


@shows(readiness.Readiness, "Whether a draft or version can be published.")
class DraftReadiness:
    ready: bool = about("Whether it can be published now.")
    blockers: list[DraftBlocker] = about(
        "Every reason against publishing: of the whole graph first, then in the order of its steps; empty when ready."
    )


@shows(diff.FieldChange, "A difference between two steps, two links, or two graphs.")
class FieldChange:
    path: str = about(
        "A JSON Pointer (RFC 6901) into the step, link or graph; empty for a whole step or link, if it has too many changes "
        "to list."
    )
    before: JSON | None = about("The value before; null also if there was none.")
    after: JSON | None = about("The value after; null also if there is none.")


@shows(diff.Changed, "A step that both graphs have and that changed.")
class StepChange:
    step_id: str = about("The id of the step.", of="id")
    fields: list[FieldChange] = about("The changes in the step.")


@shows(diff.Changed, "A link that both graphs have and that changed.")
class LinkChange:
    link_id: str = about("The id of the link.", of="id")
    fields: list[FieldChange] = about("The changes in the link.")


@shows(diff.BindingChange, "A step whose binding changed.")
class BindingChange:
    step_id: str = about("The id of the step.")
    step_name: str | None = about("The name that people gave the step, at most 255 characters of it.")
    kind: model.ReferenceKind = about("The kind of object that the step is bound to.")
    before_id: strawberry.ID | None = about(
        "The id of the earlier binding; null if there was none, for data samples, and where you are no member.",
        of="before",
    )
    after_id: strawberry.ID | None = about(
        "The id of the new binding; null if there is none, for data samples, and where you are no member.", of="after"
    )
    before: Binding | None = binding(
        "before",
        "The earlier binding; null if there was none, if you can't see it, and for data samples.",
    )
    after: Binding | None = binding(
        "after",
        "The new binding; null if there is none, if you can't see it, and for data samples.",
    )


@shows(diff.GraphDiff, "The changes from an older graph to a newer one. Steps and links are matched by their ids.")
class GraphDiff:
    identical: bool = about("Whether both graphs are the same: nothing is added, removed or changed.")
    same_content: bool = about("Whether the content is the same, bindings aside: `contentHash` on both sides.")
    added_steps: list[str] = about("The ids of the steps that were added.")
    removed_steps: list[str] = about("The ids of the steps that were removed.")
    changed_steps: list[StepChange] = about("The steps that changed, and where.")
    added_links: list[str] = about("The ids of the links that were added.")
    removed_links: list[str] = about("The ids of the links that were removed.")
    changed_links: list[LinkChange] = about("The links that changed, and where.")
    bindings: list[BindingChange] = about("The steps whose bindings changed.")
    fields: list[FieldChange] = about(
        f"Other changes: {', '.join(f'`/{text}`' for text in flow.TEXTS)}; in the graph `/nodes_config/…`, `/variables/…`, "
        "`/default_mapper_type` and any other key; `/nodes` and `/edges`, with ids, if the steps or links that both graphs "
        "have changed their order."
    )
