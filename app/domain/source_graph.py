"""The graph of a source as decisions about its exports look at it: each part is found once, for however many exports."""

from collections.abc import Mapping
from functools import cached_property

from app.domain.component import Catalogue, resolve_all
from app.domain.flow import FlowState
from app.domain.mappings import Mapped
from app.domain.model import ReferenceKind, Workspace
from app.domain.step import Step, first_of_each_id
from app.domain.topics import TopicUse, topic_uses
from app.domain.used_components import UsedComponents

Users = Mapping[str, list[int]]
"""The positions of the steps that use one thing, by their commands."""


class SourceGraph:
    """A state of a flow, with what its commands mean in the flow's workspace."""

    def __init__(self, state: FlowState, catalogue: Catalogue, workspace: Workspace) -> None:
        self.state = state
        self.workspace = workspace
        self.components = resolve_all(state.steps, catalogue, workspace)
        self.used = UsedComponents(state.steps, catalogue, source=workspace)

    @cached_property
    def topic_uses(self) -> tuple[TopicUse, ...]:
        return topic_uses(self.state, self.components)

    @cached_property
    def first_steps(self) -> Mapping[str, Step]:
        """By id."""
        return first_of_each_id(self.state.steps)

    @cached_property
    def references(self) -> Mapping[ReferenceKind, Mapping[str, Users]]:
        """What the steps are bound to, and by which of them each thing is used."""
        used: dict[ReferenceKind, dict[str, dict[str, list[int]]]] = {}
        steps = self.state.steps
        for bound in self.state.bindings:
            for kind, value in bound.values.items():
                if isinstance(value, str):
                    users = used.setdefault(kind, {}).setdefault(value, {})
                    users.setdefault(steps[bound.position].command, []).append(bound.position)
        return used

    def used_of(self, mapped: Mapped) -> Mapped:
        """The mappings of what the graph uses: a call may have many more, or a graph may use many more things."""
        used = {}
        for kind, mappings in mapped.items():
            users = self.references.get(kind, {})
            fewer = users if len(users) < len(mappings) else mappings
            used[kind] = {thing: mappings[thing] for thing in fewer if thing in users and thing in mappings}
        return used
