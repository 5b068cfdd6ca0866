"""What is said of drafts, and of what keeps them from being published."""

from datetime import UTC, datetime

from app.domain.draft import DraftAlreadyExists, StaleDraft
from app.domain.input import IdempotencyKeyReused
from app.domain.model import (
    DraftId,
    ReferenceKind,
)
from app.domain.readiness import ComponentUnavailable, DraftNotReady, InvalidGraph, MissingCredential, MissingTopic
from app.domain.running import FlowIsActive, FlowIsSuspended, FlowNotPublished
from app.domain.undo import CannotUndo, ChangeSinceExport, ExportNotFound, Instead
from tests.domain.builders import (
    PRODUCTION,
    component,
)
from tests.domain.messages import ALPHA, CRM, FLOW, NORMALIZER, OTHER_SEND, SEND, Message, inaccessible

OF_DRAFTS: list[tuple[Message, str]] = [
    (
        DraftAlreadyExists(FLOW, "Orders", DraftId("draft_1")),
        "The flow Orders already has a draft. Publish or discard it first, or let it be set aside.",
    ),
    (
        StaleDraft(FLOW, "Orders", 3, "draft_1", 4),
        (
            "The draft of the flow Orders is at revision 4, not 3: it was changed meanwhile. "
            "Look at it again and repeat the change with its revision."
        ),
    ),
    (
        StaleDraft(FLOW, "Orders", 9, "draft_1", 4),
        (
            "The draft of the flow Orders is at revision 4, not 9: it never had that one. "
            "Look at it again and repeat the change with its revision."
        ),
    ),
    (
        StaleDraft(FLOW, "Orders", 3, None, None),
        "The flow Orders has no draft any more: it was published or discarded since revision 3. Look at the flow again.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION),)),
        "The draft of the flow Orders can't be published: 1 thing stands in the way. See the step Send.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION), MissingTopic(ALPHA, PRODUCTION))),
        "The draft of the flow Orders can't be published: 2 things stand in the way. See the steps Send, 1.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (MissingTopic(SEND, PRODUCTION), InvalidGraph("…", SEND))),
        "The draft of the flow Orders can't be published: 2 things stand in the way. See the step Send.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (InvalidGraph("…"),), is_restored=True),
        "The earlier version of the flow Orders can't be published: 1 thing stands in the way.",
    ),
    (
        DraftNotReady(FLOW, "Orders", (InvalidGraph("…"),)),
        "The draft of the flow Orders can't be published: 1 thing stands in the way.",
    ),
    (
        IdempotencyKeyReused(datetime(2026, 3, 1, tzinfo=UTC)),
        (
            "You used this idempotency key for another call already. "
            "Take a new key for each call, and the same to repeat it."
        ),
    ),
    (
        ExportNotFound("export_1"),
        "There is no export export_1 that you can see. Check the id, or ask for access.",
    ),
    (
        ExportNotFound("flow_01jgfjjz00f0ban5yz2jahf60g"),
        "flow_01jgfjjz00f0ban5yz2jahf60g is the id of a flow, not of an export. Give the id of an export.",
    ),
    (
        CannotUndo("Orders", ChangeSinceExport.PUBLISHED, Instead.REVERT),
        (
            "The export to the flow Orders can't be undone: the flow was published since. "
            "Revert the flow to an earlier version instead."
        ),
    ),
    (
        CannotUndo("Orders", ChangeSinceExport.OVERRIDDEN_AGAIN, Instead.UNDO_LATER_EXPORT),
        (
            "The export to the flow Orders can't be undone: another draft took its place since. "
            "Undo the later export first, which set its draft aside."
        ),
    ),
    (
        CannotUndo("Orders", ChangeSinceExport.DISCARDED, Instead.NOTHING),
        "The export to the flow Orders can't be undone: its draft was discarded since. Nothing is left to undo.",
    ),
    (
        CannotUndo("Orders", ChangeSinceExport.EDITED),
        "The export to the flow Orders can't be undone: its draft was edited since.",
    ),
    (
        CannotUndo("Orders", ChangeSinceExport.ALREADY_UNDONE),
        "The export to the flow Orders is undone already.",
    ),
    (
        CannotUndo(None, ChangeSinceExport.EDITED, Instead.NOTHING),
        "The export can't be undone: its flow is gone since. Nothing is left to undo.",
    ),
    (FlowIsActive(FLOW, "Orders"), "The flow Orders is running. Stop it first, then delete it."),
    (
        FlowIsSuspended(FLOW, "Orders"),
        (
            "The platform suspended the flow Orders, so it can't be started. "
            "Only the platform can lift that: ask its support."
        ),
    ),
    (
        FlowNotPublished(FLOW, "Orders"),
        "The flow Orders was never published, so there is nothing to start. Publish its draft first.",
    ),
    (
        FlowNotPublished(FLOW, "Orders", has_draft=False),
        (
            "The flow Orders was never published, so there is nothing to start. "
            "Restore a draft that was set aside and publish it."
        ),
    ),
    (
        MissingCredential(SEND, CRM, PRODUCTION),
        "The step Send has no credential of Customer records that lives in Production. Choose one in the draft.",
    ),
    (
        MissingCredential(ALPHA, component("lab/vault", needs=ReferenceKind.SECRET), PRODUCTION),
        "The step 1 has no secret of lab/vault that lives in Production. Choose one in the draft.",
    ),
    (
        MissingTopic(OTHER_SEND, PRODUCTION),
        "The pub/sub step Send (3) has no topic that lives in Production. Choose one in the draft.",
    ),
    (
        ComponentUnavailable(SEND, NORMALIZER, PRODUCTION),
        (
            "Production can't use Order normalizer, which the step Send runs. "
            "Share it with Northern Retail, or replace the step."
        ),
    ),
    (
        ComponentUnavailable(SEND, inaccessible("lab/none", SEND), PRODUCTION),
        (
            "Production can't use lab/none, which the step Send runs. "
            "Correct the command of the step: no such component is known."
        ),
    ),
]
