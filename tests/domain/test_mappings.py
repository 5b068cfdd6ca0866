"""Mappings (P2): what is wrong with a list of them, whatever flows they are for."""

import pytest

from app.domain.choices import ReferenceMapping, mapping_mistakes, unknown_mappings
from tests.domain.planning import mappings_of


@pytest.mark.parametrize(
    ("mapped", "says"),
    [
        (
            mappings_of(("topic_1", "credential_1")),
            "This mapping puts a credential in the place of a topic. Map a thing to one of its kind.",
        ),
        (
            mappings_of(("credential_1", "agent_1")),
            "This mapping puts an agent in the place of a credential. Map a thing to one of its kind.",
        ),
        (mappings_of(("secret_1", "secret_2")) * 2, "An earlier mapping is for the same secret too. Keep one of them."),
        (mappings_of(("what", "ever")) * 2, "An earlier mapping is for the same thing too. Keep one of them."),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said_without_ids(mapped: list[ReferenceMapping], says: str) -> None:
    """P2: the path tells which one, and the ids stand there."""
    assert [mistake.message for mistake in mapping_mistakes(mapped)] == [says]


@pytest.mark.parametrize(
    ("from_id", "says"),
    [
        ("agent_9", "There is no agent agent_9 that you can see. Check the id, or ask for access."),
        ("topic_9", "There is no topic topic_9 that you can see. Check the id, or ask for access."),
        ("flow_9", "flow_9 is the id of a flow. Map credentials, secrets, agents or topics."),
        ("what", "There is nothing with the id what that you can see. Check the id, or ask for access."),
    ],
)
def test_a_mapping_of_what_is_not_known_is_said_with_its_id_since_it_has_no_name(from_id: str, says: str) -> None:
    """P2: once for each, also where it is mapped to what doesn't exist."""
    mappings = mappings_of(("credential_1", "credential_2"), (from_id, from_id), (from_id, "nothing"))
    mistakes = unknown_mappings(mappings, {"credential_1"})
    assert [(mistake.path, mistake.message) for mistake in mistakes] == [
        (("mappings", "1", "fromId"), says),
        (("mappings", "2", "fromId"), says),
    ]


def test_a_mapping_of_two_kinds_is_not_looked_up() -> None:
    assert unknown_mappings(mappings_of(("agent_9", "topic_9"))) == ()
