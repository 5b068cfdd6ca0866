"""The rows that a copy, an export or a creation writes, as a test expects them."""

from typing import Any

from app.domain.edit import Saved
from app.domain.export import Exported
from app.domain.input import name_key
from tests.usecases.company_database import NOW, CompanyDatabase
from tests.usecases.contents import Row


def new_flow(world: CompanyDatabase, outcome: Exported | Saved, workspace: str, name: str, **said: Any) -> Row:
    """A flow of Ada's: it starts inactive, with its first draft."""
    unsaid = {"description": None, "cron": None, "type": "ORDINARY", "published_version_id": None}
    return {
        **unsaid,
        "id": outcome.flow_id,
        "workspace_id": world[workspace],
        "name": name,
        "name_key": name_key(name),
        "status": "INACTIVE",
        "created_by": world["ada"],
        "created_at": NOW,
        "updated_at": NOW,
        "draft_revision": 1,
        **said,
    }


def new_draft(
    world: CompanyDatabase, outcome: Exported | Saved, state: Row, bindings: list[Any], *, origin: str, **said: Any
) -> Row:
    """An active draft of Ada's with the content and the description of a state."""
    return {
        **{column: state[column] for column in ("name", "description", "cron", "content_hash")},
        "id": outcome.draft_id,
        "flow_id": outcome.flow_id,
        "bindings": bindings,
        "revision": 1,
        "author_id": world["ada"],
        "created_at": NOW,
        "updated_at": NOW,
        "origin": origin,
        "set_aside_at": None,
        "set_aside_by": None,
        "revert_of": None,
        "export_id": outcome.export_id if isinstance(outcome, Exported) else None,
        "descends_from": outcome.export_id if isinstance(outcome, Exported) else None,
        **said,
    }


def record(
    world: CompanyDatabase,
    outcome: Exported,
    *,
    source: str,
    state: Row,
    workspace: str,
    home: str = "development",
    before: Row | None = None,
) -> Row:
    """The record of a copy or export of the state of a draft or version; `before` is the row of the overridden flow, as it was."""
    return {
        "id": outcome.export_id,
        "actor_id": world["ada"],
        "created_at": NOW,
        "copied_from": outcome.copied_from,
        "source_workspace_id": world[home],
        "source_flow_id": world[source],
        "source_version_id": state["id"] if "number" in state else None,
        "content_hash": state["content_hash"],
        "destination_workspace_id": world[workspace],
        "destination_flow_id": outcome.flow_id,
        "draft_id": outcome.draft_id,
        "set_aside_draft_id": outcome.set_aside,
        "flow_before": None if before is None else _before(before),
        **dict.fromkeys(("first_change", "first_changed_at", "version_id", "undone_at", "destination_deleted_at")),
        "references": [
            {
                "step": one.step_id,
                "name": one.step_name,
                "kind": one.kind.value,
                "action": one.action.value,
                "from": one.from_id,
                "to": one.to_id,
            }
            for one in outcome.references
        ],
    }


def _before(flow: Row) -> Row:
    shown = {name: flow[name] for name in ("name", "description", "cron")}
    return {**shown, "updatedAt": flow["updated_at"].isoformat()}


def bound(position: int, **references: Any) -> Row:
    """The stored bindings of a step."""
    named = {kind.upper(): value for kind, value in references.items()}
    return {"position": position, **named, **({"topicField": "topic"} if "TOPIC" in named else {})}
