"""Components of a flow that a workspace can't use, with their steps, the reason, and advice (C5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.domain.component import Component, InaccessibilityReason
from app.domain.errors import Refusal
from app.domain.model import ComponentId, Workspace
from app.domain.step import Step
from app.domain.wording import counted, enumerated, named, printable

LONGEST_COMPONENTS = 900
LONGEST_REMEDY = 100
"""The most characters of the components in a message, and of those in a part of its advice."""


@dataclass(frozen=True)
class InaccessibleComponent:
    name: str
    """`team/name` as the commands have it, or the whole command where it can't be read as one."""
    component: Component | None
    steps: tuple[Step, ...] = field(hash=False)
    """Not hashed, since every step that uses the component has this object."""
    reason: InaccessibilityReason

    @property
    def label(self) -> str:
        """The title of the component, or its name in commands where it is unknown."""
        return printable(self.name) if self.component is None else self.component.label

    @cached_property
    def step_ids(self) -> list[str]:
        """Kept, since every step that uses the component has this object."""
        return [step.id for step in self.steps]

    @property
    def component_id(self) -> ComponentId | None:
        return None if self.component is None else self.component.id


class InaccessibleComponents(tuple[InaccessibleComponent, ...]):  # noqa: SLOT001 - what is derived once is kept in its __dict__
    """Components in the order of their first steps, shared by the refusals of many destinations."""

    @cached_property
    def by_reason(self) -> Mapping[InaccessibilityReason, Sequence[InaccessibleComponent]]:
        components: dict[InaccessibilityReason, list[InaccessibleComponent]] = {}
        for each in self:
            components.setdefault(each.reason, []).append(each)
        return components


@dataclass(frozen=True, slots=True)
class ComponentNotAccessible(Refusal):
    workspace: Workspace
    components: tuple[InaccessibleComponent, ...] = field(hash=False)

    @property
    def message(self) -> str:
        grouped = self.components
        if not isinstance(grouped, InaccessibleComponents):
            grouped = InaccessibleComponents(grouped)
        count = "1 component" if len(self.components) == 1 else f"{len(self.components)} components"
        components = enumerated(self.components, _with_steps, longest=LONGEST_COMPONENTS)
        return f"{named(self.workspace)} can't use {count} of this flow: {components}. {advice(grouped.by_reason, self.workspace)}"


def advice(by_reason: Mapping[InaccessibilityReason, Sequence[InaccessibleComponent]], workspace: Workspace) -> str:
    """Advise in one sentence on components that can't be used for these reasons."""
    remedies = [_remedy(reason, those, workspace, alone=len(by_reason) == 1) for reason, those in by_reason.items()]
    if not by_reason.keys().isdisjoint(
        {InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT, InaccessibilityReason.NOT_WHITELISTED}
    ):
        separator = ", or" if len(remedies) == 1 else "; or"
        step = _step_or_steps(*by_reason.values())
        remedies[-1] += f"{separator} replace the {step}"
    sentence = "; ".join(remedies)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _remedy(
    reason: InaccessibilityReason, components: Sequence[InaccessibleComponent], workspace: Workspace, *, alone: bool
) -> str:
    """Advise on components of one reason, which are named unless they are alone."""
    contract, steps = named(workspace.contract), _step_or_steps(components)
    if alone:
        them = "it" if len(components) == 1 else "them"
    else:
        them = enumerated(components, lambda each: each.label, longest=LONGEST_REMEDY)
    match reason:
        case InaccessibilityReason.TEAM_OF_ANOTHER_CONTRACT:
            return f"share {them} with {contract}"
        case InaccessibilityReason.NOT_WHITELISTED:
            return f"have {them} whitelisted for {contract}"
        case InaccessibilityReason.OTHER_TENANT:
            return f"replace {'the ' + steps if alone else them} by what the tenant of {contract} has"
        case InaccessibilityReason.UNKNOWN_COMPONENT if alone:
            return f"correct the command of the {steps}: no such component is known"
        case InaccessibilityReason.UNKNOWN_COMPONENT:
            return f"correct the commands with {them}, which {'is' if len(components) == 1 else 'are'} unknown"


def _step_or_steps(*groups: Sequence[InaccessibleComponent]) -> str:
    [first, *others] = groups
    return "step" if not others and len(first) == 1 and len(first[0].steps) == 1 else "steps"


def _with_steps(component: InaccessibleComponent) -> str:
    return f"{component.label} ({counted('step', component.steps, lambda step: step.label, longest=200)})"
