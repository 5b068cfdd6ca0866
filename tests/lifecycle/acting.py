"""Whatever may be done to a draft, done to the company and to the model alike, and compared."""

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from app.domain.choices import StepChoice
from app.domain.edit import KEEP
from app.domain.model import ReferenceKind
from tests.lifecycle import expected_drafts
from tests.lifecycle.company import Company, codes_of
from tests.lifecycle.expected_drafts import Choices, Codes, Sent
from tests.lifecycle.holdings import Everything, Holdings, broken_rules, everything_in, holdings_of
from tests.lifecycle.model import Draft, Fate, Flow, Model, State
from tests.lifecycle.small_graphs import MAIL, Bindings, Graph

Wait = Callable[[Coroutine[Any, Any, Any]], Any]


class Acting:
    """Does one thing after the other. After each the database must be what the model says."""

    def __init__(self, company: Company, wait: Wait) -> None:
        self.model = Model()
        self._company = company
        self._wait = wait
        self._seen: dict[str, Any] = {}
        """Versions and contents as they were when they were first seen."""
        self._before: Everything = wait(everything_in(company.database))

    def create(self, workspace: str, graph: Graph, bindings: Bindings, name: str, *, by: str) -> None:
        native = graph.native(bindings, self._company.ids)
        outcome = self._wait(self._company.create(workspace, native, by=by, name=name))
        unseen: Codes = set() if workspace in expected_drafts.MEMBERS[by] else {"WORKSPACE_NOT_FOUND"}
        if self._went_through(
            outcome, unseen or expected_drafts.rights_missing(by) | expected_drafts.misplaced(bindings, workspace)
        ):
            state = State((name, None, None), graph, bindings)
            self.model.add_flow(outcome.flow_id, workspace, outcome.draft_id, state, by=by)
        self._look()

    def copy(self, flow: Flow, source: str | None, *, by: str) -> None:
        outcome = self._wait(self._company.copy(flow.id, by=by, source=source))
        if self._went_through(outcome, expected_drafts.copy_refused(self.model, flow, by, source)):
            state = self._chosen(flow, source)
            name, description, cron = state.shown
            made = State((f"Copy of {name}", description, cron), state.graph, state.bindings, "COPY")
            self.model.add_flow(outcome.flow_id, flow.workspace, outcome.draft_id, made, by=by)
        self._look()

    def export(self, flow: Flow, workspace: str, source: str | None, *, by: str) -> None:
        """As a new flow."""
        outcome = self._wait(self._company.export(flow.id, by=by, to=workspace, source=source))
        refused = expected_drafts.export_refused(self.model, flow, by, source, to=workspace, onto=None, refuse=False)
        if self._went_through(outcome, refused):
            state = self._chosen(flow, source)
            bindings = expected_drafts.bound_anew(state, inside=workspace == flow.workspace)
            made = State(state.shown, state.graph, bindings, "EXPORT")
            self.model.add_flow(outcome.flow_id, workspace, outcome.draft_id, made, by=by)
        self._look()

    def override(self, flow: Flow, onto: Flow, source: str | None, *, by: str, refuse: bool) -> None:
        outcome = self._wait(self._company.export(flow.id, by=by, onto=onto.id, source=source, refuse=refuse))
        refused = expected_drafts.export_refused(self.model, flow, by, source, to=None, onto=onto, refuse=refuse)
        if self._went_through(outcome, refused):
            state, present = self._chosen(flow, source), self.model.draft_of(onto.id)
            there = (onto.published, None if present is None else present.state)
            bindings = expected_drafts.bound_anew(state, inside=onto.workspace == flow.workspace, overridden=there)
            made = State((onto.shown[0], state.shown[1], state.shown[2]), state.graph, bindings, "EXPORT")
            assert outcome.set_aside == (None if present is None else present.id)
            self.model.add_draft(onto.id, outcome.draft_id, made, by=by)
        self._look()

    def update(
        self,
        flow: Flow,
        *,
        by: str,
        expected: int | None = None,
        graph: Sent | None = None,
        choices: Choices | None = None,
        said: Mapping[str, str | None] | None = None,
    ) -> None:
        """Save a graph with what it names, choices for steps, and what is said of name, description and cron."""
        chosen, words = choices or {}, said or {}
        native = KEEP if graph is None else graph[0].native(graph[1], self._company.ids)
        wanted = {"graph": native, "bindings": tuple(self._choice(step, chosen[step]) for step in chosen), **words}
        outcome = self._wait(self._company.update(flow.id, by=by, expected_revision=expected, **wanted))
        if self._went_through(
            outcome,
            expected_drafts.update_refused(self.model, flow, by, expected=expected, graph=graph, choices=chosen),
        ):
            draft = self.model.draft_of(flow.id)
            state = self._saved(flow, draft, graph, chosen, words)
            if draft is None:
                self.model.add_draft(flow.id, outcome.draft_id, state, by=by)
            else:
                assert outcome.draft_id == draft.id
                self.model.save(draft, state)
        self._look()

    def publish(self, flow: Flow, *, by: str, expected: int | None = None, start: bool = False) -> None:
        outcome = self._wait(self._company.publish(flow.id, by=by, expected=expected, start=start))
        if self._went_through(outcome, expected_drafts.publish_refused(self.model, flow, by, expected)):
            draft = self.model.draft_of(flow.id)
            assert draft is not None
            self.model.publish(draft, outcome.version_id, by=by)
            flow.runs = flow.runs or start
        self._look()

    def start(self, flow: Flow, *, by: str) -> None:
        if self._went_through(self._wait(self._company.start(flow.id, by=by)), expected_drafts.start_refused(flow, by)):
            flow.runs = True
        self._look()

    def stop(self, flow: Flow, *, by: str) -> None:
        if self._went_through(self._wait(self._company.stop(flow.id, by=by)), expected_drafts.stop_refused(flow, by)):
            flow.runs = False
        self._look()

    def delete(self, flow: Flow, *, by: str) -> None:
        if self._went_through(
            self._wait(self._company.delete(flow.id, by=by)), expected_drafts.delete_refused(flow, by)
        ):
            self.model.delete(flow)
        self._look()

    def revert(self, flow: Flow, version_id: str, *, by: str, publish: bool, refuse: bool) -> None:
        outcome = self._wait(self._company.revert(flow.id, version_id, by=by, publish=publish, refuse=refuse))
        if self._went_through(outcome, expected_drafts.revert_refused(self.model, flow, by, version_id, refuse=refuse)):
            [old] = [version.state for version in flow.versions if version.id == version_id]
            state = State(old.shown, old.graph, old.bindings, "REVERT", version_id)
            if publish:
                self.model.revert_at_once(flow.id, outcome.version_id, state, by=by)
            else:
                self.model.add_draft(flow.id, outcome.draft_id, state, by=by)
        self._look()

    def discard(self, flow: Flow, *, by: str, expected: int | None = None) -> None:
        outcome = self._wait(self._company.discard(flow.id, by=by, expected=expected))
        if self._went_through(outcome, expected_drafts.discard_refused(self.model, flow, by, expected)):
            draft = self.model.draft_of(flow.id)
            assert draft is not None
            self.model.discard(draft)
            assert (outcome.draft_id, outcome.deleted_flow_id is not None) == (draft.id, flow.is_deleted)
        self._look()

    def restore(self, draft: Draft, *, by: str) -> None:
        outcome = self._wait(self._company.restore(draft.id, by=by))
        if self._went_through(outcome, expected_drafts.restore_refused(self.model, draft, by)):
            self.model.restore(draft, by=by)
        self._look()

    def _went_through(self, outcome: object, refused: Codes) -> bool:
        """Whether it did; that it was refused for just these reasons, and that nothing changed then."""
        assert codes_of(outcome) == refused
        if refused:
            assert self._wait(everything_in(self._company.database)) == self._before
        return not refused

    def _look(self) -> None:
        """The database is what the model says, and nothing in it is what must never be."""
        held: Holdings = self._wait(holdings_of(self._company.database))
        assert broken_rules(held) == []
        for key, row in {**held.versions, **held.contents}.items():
            assert self._seen.setdefault(key, row) == row, "versions and contents never change (H2)"
        gone = {version.id for flow in self.model.flows.values() if flow.is_deleted for version in flow.versions}
        assert set(self._seen) - gone == set(held.versions) | set(held.contents), "the history stays (H5)"
        assert _flows(held) == self._flows_of_model()
        assert _drafts(held) == self._drafts_of_model()
        assert _versions(held) == self._versions_of_model()
        self._before = self._wait(everything_in(self._company.database))

    def _flows_of_model(self) -> dict[str, Any]:
        return {
            flow.id: (
                self._company[flow.workspace],
                flow.shown,
                "ACTIVE" if flow.runs else "INACTIVE",
                flow.revision,
                [one.id for one in flow.versions],
            )
            for flow in self.model.living()
        }

    def _drafts_of_model(self) -> dict[str, Any]:
        """Those that are neither published nor discarded; of the others versions and the owners' words remain."""
        ids = self._company.ids
        return {
            draft.id: (
                (draft.flow_id, draft.revision, ids[draft.author], draft.fate),
                None if draft.set_aside_by is None else ids[draft.set_aside_by],
                self._state(draft.state),
            )
            for draft in self.model.drafts.values()
            if draft.fate in {Fate.ACTIVE, Fate.SET_ASIDE}
        }

    def _versions_of_model(self) -> dict[str, Any]:
        return {
            version.id: (flow.id, version.number, self._company[version.published_by], self._state(version.state))
            for flow in self.model.living()
            for version in flow.versions
        }

    def _state(self, state: State) -> Any:
        bindings = state.graph.stored(state.bindings, self._company.ids)
        return state.shown, state.graph.content(), bindings, state.origin, state.revert_of

    def _chosen(self, flow: Flow, source: str | None) -> State:
        state = expected_drafts.chosen(self.model, flow, source)
        assert isinstance(state, State)
        return state

    def _choice(self, step: str, thing: str | None) -> StepChoice:
        kind = ReferenceKind.CREDENTIAL if step == MAIL else ReferenceKind.TOPIC
        return StepChoice(step, {kind: None if thing is None else self._company[thing]})

    def _saved(
        self,
        flow: Flow,
        draft: Draft | None,
        graph: Sent | None,
        choices: Choices,
        said: Mapping[str, str | None],
    ) -> State:
        base = draft.state if draft is not None else flow.published
        name, description, cron = base.shown if base is not None else (flow.shown[0], None, None)
        shown = (said.get("name") or name, said.get("description", description), said.get("cron", cron))
        content = base.graph if base is not None else None
        content = graph[0] if graph is not None else content
        assert content is not None
        bindings = expected_drafts.saved_bindings(base, graph, choices)
        if draft is None or content != draft.state.graph:
            return State(shown, content, bindings)
        return State(shown, content, bindings, draft.state.origin, draft.state.revert_of)


def _flows(held: Holdings) -> dict[str, Any]:
    return {
        flow_id: (
            flow["workspace_id"],
            (flow["name"], flow["description"], flow["cron"]),
            flow["status"],
            flow["draft_revision"],
            [version["id"] for version in held.versions_of(flow_id)],
        )
        for flow_id, flow in held.flows.items()
    }


def _drafts(held: Holdings) -> dict[str, Any]:
    return {
        draft["id"]: (
            (
                draft["flow_id"],
                draft["revision"],
                draft["author_id"],
                Fate.ACTIVE if draft["set_aside_at"] is None else Fate.SET_ASIDE,
            ),
            draft["set_aside_by"],
            _state(held, draft),
        )
        for draft in held.drafts.values()
    }


def _versions(held: Holdings) -> dict[str, Any]:
    return {
        version["id"]: (version["flow_id"], version["number"], version["published_by"], _state(held, version))
        for version in held.versions.values()
    }


def _state(held: Holdings, row: Mapping[str, Any]) -> Any:
    content = json.loads(held.contents[row["content_hash"]]["graph"])
    bindings = json.loads(row["bindings"])
    return (row["name"], row["description"], row["cron"]), content, bindings, row["origin"], row["revert_of"]
