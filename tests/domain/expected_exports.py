"""What exports come to by the rules, found slowly and step by step, to compare the core with (C0 to C5, X1 to X11, T1 to T3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.access import FLOW_EDIT
from app.domain.component import named_component
from app.domain.draft import ExistingDraft
from app.domain.facts import ExportFacts, ExportWish, OntoFlow
from app.domain.flow import SavedState, StateOfFlow
from app.domain.model import ReferenceKind
from app.domain.references import ReferenceAction, ReferenceOutcome
from tests.domain.builders import ABROAD, AGENT, DATA_SAMPLES, FULL, TOPIC

Bound = dict[int, dict[ReferenceKind, object]]
"""What each step names, by its position."""


def bound_by(state: SavedState) -> Bound:
    found: Bound = {step.position: {} for step in state.state.graph.steps}
    for bound in state.state.graph.bindings:
        found[bound.position] = dict(bound.values)
    return found


@dataclass(frozen=True)
class ExpectedExport:
    facts: ExportFacts
    wish: ExportWish

    def state(self) -> SavedState | None:
        """X4."""
        source, wanted = self.facts.source, self.wish.source
        if source is None:
            return None
        if wanted.version_id is not None:
            return self.facts.named_version
        if wanted.state is None:
            return source.published or source.draft
        return source.published if wanted.state is StateOfFlow.PUBLISHED_VERSION else source.draft

    def topics(self) -> list[object]:
        """The distinct topics of the pub/sub steps (T1), without those that are gone (W7)."""
        state = self.state()
        named = [] if state is None else [bound.values.get(TOPIC) for bound in state.state.graph.bindings]
        return list(dict.fromkeys(topic for topic in named if topic in self.facts.targets))

    def pub_sub(self, command: str) -> bool:
        return str(named_component(command)) == "acme/pub-sub" and command != "acme/pub-sub"

    # refusals ------------------------------------------------------------------------------------------------------

    def refusals(self) -> list[str]:
        return [
            *self.not_found(),
            *self.forbidden(),
            *(["COMPONENT_NOT_ACCESSIBLE"] if self.component_is_missing() else []),
            *self.topic_is_refused(),
            *self.override_is_refused(),
            *(["INVALID_INPUT"] if self.wish.name == " " else []),
            *["INVALID_INPUT"] * self.unknown_mappings(),
        ]

    def unknown_mappings(self) -> int:
        """P2: how many are of what nobody sees and the source isn't bound to."""
        state = self.state()
        bound = [] if state is None else [thing for step in bound_by(state).values() for thing in step.values()]
        unknown = [one for one in self.wish.mappings if one.from_id not in (*self.facts.targets, *bound)]
        return 0 if state is None else len(unknown)

    def not_found(self) -> list[str]:
        facts, wanted = self.facts, self.wish.source
        onto_flow, gone = isinstance(self.wish.destination, OntoFlow), facts.destination is None
        no_draft = wanted.version_id is None and wanted.state is not StateOfFlow.PUBLISHED_VERSION
        state = "DRAFT_NOT_FOUND" if no_draft else "VERSION_NOT_FOUND"
        return [
            *["FLOW_NOT_FOUND"] * (facts.source is None) + ["FLOW_NOT_FOUND"] * (onto_flow and gone),
            *(["WORKSPACE_NOT_FOUND"] if gone and not onto_flow else []),
            *([state] if facts.source is not None and self.state() is None else []),
        ]

    def forbidden(self) -> list[str]:
        """A3, A6."""
        places = [None if self.facts.source is None else self.facts.source.access, self.facts.destination]
        lacking = {place.workspace.id for place in places if place is not None and FLOW_EDIT not in place.permissions}
        to = self.facts.destination
        suspended = to is not None and to.workspace.contract.status.value == "SUSPENDED"
        return ["INSUFFICIENT_PERMISSION"] * len(lacking) + ["CONTRACT_SUSPENDED"] * suspended

    def component_is_missing(self) -> bool:
        """C0 to C5, for the components of `random_exports`."""
        facts, state = self.facts, self.state()
        if facts.source is None or facts.destination is None or state is None or self.inside():
            return False
        here, there = facts.source.access.workspace, facts.destination.workspace
        names = {str(named_component(step.command)) for step in state.state.graph.steps}
        if names & {"lab/unknown", "unreadable"}:
            return True
        if "lab/private" in names and (there.contract.name != "Northern Retail" or here.contract.tenant_id == ABROAD):
            return True
        return bool(names) and there.contract.component_whitelist and there.type is FULL

    def topic_is_refused(self) -> list[str]:
        """The table's column "a topic is given"."""
        state, given, there = self.state(), self.wish.topic_id, self.facts.destination
        if given is None or state is None:
            return []
        if not any(self.pub_sub(step.command) for step in state.state.graph.steps):
            return ["FLOW_HAS_NO_TOPIC"]
        if len(self.topics()) > 1:
            return ["MULTIPLE_TOPICS_NOT_COPIED"]
        return ["TOPIC_NOT_ACCESSIBLE"] if there is not None and not self.usable(TOPIC, given) else []

    def override_is_refused(self) -> list[str]:
        """X6, X9, X10."""
        facts, over, to = self.facts, self.facts.overridden, self.facts.destination
        in_the_way = over is not None and over.draft is not None and self.wish.existing_draft is ExistingDraft.REFUSE
        itself = over is not None and facts.source is not None and over.id == facts.source.id
        is_new = to is not None and not isinstance(self.wish.destination, OntoFlow) and to.workspace.type is FULL
        quota = None if to is None else to.workspace.contract.flow_quota
        may_write = to is not None and FLOW_EDIT in to.permissions
        above = is_new and may_write and quota is not None and facts.flows_used + 1 > quota
        reasons = {
            "DRAFT_ALREADY_EXISTS": in_the_way,
            "CANNOT_OVERRIDE_ITSELF": itself,
            "QUOTA_EXCEEDED": above,
        }
        return [code for code, holds in reasons.items() if holds]

    # references ----------------------------------------------------------------------------------------------------

    def inside(self) -> bool:
        facts = self.facts
        assert facts.source is not None
        assert facts.destination is not None
        return facts.source.access.workspace.id == facts.destination.workspace.id

    def usable(self, kind: ReferenceKind, reference: object) -> bool:
        assert self.facts.destination is not None
        thing = self.facts.targets.get(str(reference))
        return thing is not None and (thing.kind, thing.workspace_id) == (kind, self.facts.destination.workspace.id)

    def already_there(self, step_id: str, command: str, kind: ReferenceKind) -> object:
        """X7a: the published version before the draft; the same id and component."""
        over = self.facts.overridden
        for state in () if over is None else (over.published, over.draft):
            for there in () if state is None else state.state.graph.steps:
                same = there.id == step_id and str(named_component(there.command)) == str(named_component(command))
                reference = bound_by(state)[there.position].get(kind) if state is not None else None
                if same and self.usable(kind, reference):
                    return reference
        return None

    def mapped(self) -> dict[object, str]:
        """P2."""
        return {mapping.from_id: mapping.to_id for mapping in self.wish.mappings}

    def chosen_for(self, position: int, step_id: str) -> Mapping[ReferenceKind, str | None]:
        """P2: of several steps with an id the first is meant."""
        state = self.state()
        assert state is not None
        first = next(step.position for step in state.state.graph.steps if step.id == step_id)
        choices = [one.choices for one in self.wish.bindings if one.step_id == step_id and first == position]
        return choices[0] if choices else {}

    def unsettled_topics(self) -> list[object]:
        """P3."""
        state = self.state()
        assert state is not None
        return [
            bound.values.get(TOPIC)
            for step in state.state.graph.steps
            for bound in state.state.graph.bindings
            if bound.position == step.position
            and bound.values.get(TOPIC) in self.facts.targets
            and bound.values[TOPIC] not in self.mapped()
            and TOPIC not in self.chosen_for(step.position, step.id)
        ]

    def after(self, position: int, step_id: str, command: str) -> dict[ReferenceKind, object]:
        """What the step is bound to: X7, X7a, X8, and the table of topics."""
        state = self.state()
        assert state is not None
        before = bound_by(state)[position]
        kept_topics = self.inside() or all(self.usable(TOPIC, topic) for topic in self.unsettled_topics())
        chosen, mapped = self.chosen_for(position, step_id), self.mapped()
        result: dict[ReferenceKind, object] = {}
        for kind in ReferenceKind:
            had = before.get(kind)
            if kind is DATA_SAMPLES:
                result[kind] = had if self.inside() else None
            elif kind is TOPIC and not self.pub_sub(command):
                result[kind] = None
            elif kind in chosen:
                result[kind] = chosen[kind]
            elif had in mapped:
                result[kind] = mapped[had]
            elif kind is TOPIC and self.wish.topic_id is not None:
                result[kind] = self.wish.topic_id
            elif self.usable(kind, had) and (kind is not TOPIC or kept_topics):
                result[kind] = had
            else:
                result[kind] = self.already_there(step_id, command, kind)
        return result

    def report(self) -> list[ReferenceOutcome]:
        """X7b: every reference that was or is, in the order of the steps and kinds."""
        state = self.state()
        assert state is not None
        report = []
        for step in state.state.graph.steps:
            before, after = bound_by(state)[step.position], self.after(step.position, step.id, step.command)
            for kind in ReferenceKind:
                was, now = before.get(kind) or None, after[kind] or None
                if was is not None or now is not None:
                    changed = ReferenceAction.KEPT if was == now else ReferenceAction.REPLACED
                    action = ReferenceAction.CLEARED if now is None else changed
                    ids = (
                        (None, None) if kind is DATA_SAMPLES else (str(was) if was else None, str(now) if now else None)
                    )
                    report.append(ReferenceOutcome(step.id, kind, action, *ids))
        return report

    def agents_not_copied(self) -> dict[str, list[str]]:
        """X7c: every agent that is cleared, with the steps that ran on it; not where the caller says so."""
        state = self.state()
        assert state is not None
        told: dict[str, list[str]] = {}
        for step in state.state.graph.steps:
            before = bound_by(state)[step.position].get(AGENT)
            after = self.after(step.position, step.id, step.command)[AGENT]
            if isinstance(before, str) and after is None and AGENT not in self.chosen_for(step.position, step.id):
                told.setdefault(before, []).append(step.id)
        return told
