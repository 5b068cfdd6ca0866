"""How large graphs are taken to be, so that what is done with them in one request can be bounded."""

from app.storage.reads.limit import BYTES_PER_CONTAINER, UNWRITABLE_SIZE, sent_size


def test_a_graph_that_was_sent_counts_its_text_and_its_containers() -> None:
    assert sent_size({"nodes": [[], []]}) == len('{"nodes":[[],[]]}') + 4 * BYTES_PER_CONTAINER


def test_one_that_is_nested_too_deep_to_be_written_counts_as_a_large_one() -> None:
    nested: list[object] = []
    for _ in range(500):
        nested = [nested]
    assert sent_size(nested) == UNWRITABLE_SIZE
