"""What warnings say, also where the caller can't see any more what they are about."""

from app.domain.bindings import AgentNotCopied
from app.domain.topics import MultipleTopicsNotCopied, TopicSchemaMismatch
from tests.domain.builders import LIVE_ORDERS, ORDERS, PRODUCTION
from tests.domain.messages import ALPHA, SEND, TUNNEL, Message

OF_WARNINGS: list[tuple[Message, str]] = [
    (
        AgentNotCopied(TUNNEL.id, TUNNEL, (ALPHA, SEND), PRODUCTION.name),
        (
            "The steps 1, Send of the source run on the agent Tunnel, which Production can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        ),
    ),
    (
        AgentNotCopied(TUNNEL.id, None, (SEND,), PRODUCTION.name),
        (
            "The step Send of the source runs on an agent, which Production can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        ),
    ),
    (
        AgentNotCopied(TUNNEL.id, None, (SEND,), None),
        (
            "The step Send of the source runs on an agent, which the destination can't use. "
            "Choose an agent in the draft, or nothing takes its place."
        ),
    ),
    (
        TopicSchemaMismatch(None, None, ("a", "b")),
        (
            "With another topic instead of the source's, 2 properties are missing: a, b. "
            "Check the mappings of the steps that use it."
        ),
    ),
    (
        MultipleTopicsNotCopied((), refused=False),
        "The topics of the flow were not copied. Choose topics of the destination in the draft.",
    ),
    (
        TopicSchemaMismatch(ORDERS, LIVE_ORDERS, ("a",)),
        (
            "With the destination's topic Live orders instead of the source's Orders, 1 property is missing: a. "
            "Check the mappings of the steps that use it."
        ),
    ),
    (
        TopicSchemaMismatch(ORDERS, ORDERS, ("a", "b")),
        (
            "With the destination's topic Orders instead of the source's Orders, 2 properties are missing: a, b. "
            "Check the mappings of the steps that use it."
        ),
    ),
]
