"""The graph of a source as decisions about its exports look at it: each part is found once, for however many exports."""

from collections.abc import Mapping
from functools import cached_property

from app.domain.component import Catalogue, resolve_all
from app.domain.flow import Graph
from app.domain.model import Workspace
from app.domain.step import Step, first_of_each_id
from app.domain.topics import TopicUse, topic_uses
from app.domain.used_components import UsedComponents


class SourceGraph:
    """A graph, with what its commands mean in its flow's workspace."""

    def __init__(self, graph: Graph, catalogue: Catalogue, workspace: Workspace) -> None:
        self.graph = graph
        self.workspace = workspace
        self.components = resolve_all(graph.commands, catalogue, workspace)
        self.used = UsedComponents(graph, catalogue, source=workspace)

    @cached_property
    def topic_uses(self) -> tuple[TopicUse, ...]:
        return topic_uses(self.graph, self.components)

    @cached_property
    def first_steps(self) -> Mapping[str, Step]:
        """By id."""
        return first_of_each_id(self.graph.steps)
