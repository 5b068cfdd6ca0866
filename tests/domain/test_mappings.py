"""Mappings (P2): what is wrong with a list of them, whatever flows they are for."""

import pytest

from app.domain.mappings import ReferenceMapping, mapping_mistakes
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
