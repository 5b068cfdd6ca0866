"""What is said of plans and calls of many exports: the rest of the table of messages."""

from app.domain.batch import BatchNotApplied
from app.domain.export_batch import DuplicateOverride
from app.domain.fingerprint import PlanBasis, PlanIsStale
from app.domain.model import FlowId
from tests.domain.messages import Message

OF_BATCHES: list[tuple[Message, str]] = [
    (
        PlanIsStale((PlanBasis.DRAFT,)),
        "Since the plan was made, something has changed: the draft at the destination. Look at a new plan, then export.",
    ),
    (
        PlanIsStale((PlanBasis.SOURCE, PlanBasis.TOPICS, PlanBasis.INPUT)),
        (
            "Since the plan was made, something has changed: the source, the topics and what you ask for. "
            "Look at a new plan, then export."
        ),
    ),
    (
        DuplicateOverride(FlowId("flow_1"), "Orders", (0, 2)),
        "2 items of this call override the flow Orders. Export over it once.",
    ),
    (
        BatchNotApplied((3,)),
        (
            "Nothing was written, since another item of this call was refused. "
            "Correct what was refused or leave it out, or send each item on its own."
        ),
    ),
    (
        BatchNotApplied((1, 2)),
        (
            "Nothing was written, since 2 other items of this call were refused. "
            "Correct what was refused or leave it out, or send each item on its own."
        ),
    ),
    (BatchNotApplied(()), "Nothing was written, since something is wrong with the call as a whole. Correct that."),
]
