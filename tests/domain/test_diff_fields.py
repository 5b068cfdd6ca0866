"""What changed beside steps, links and bindings: name, description, schedule, and the rest of the graph (N1)."""

from dataclasses import replace

import pytest

from app.domain.diff import GraphDiff
from app.domain.graph import Json
from tests.domain.builders import native, node
from tests.domain.differences import changes, compare, snapshot

GRAPH = native(node("1"), node("2"))


def test_what_changed_in_the_rest_of_a_graph_is_told_by_its_path() -> None:
    rest: Json = {"nodes_config": {"1": {"prefetch": 1, "replicas": 1}}, "variables": {"a/b": "x", "same": 1}}
    changed: Json = {"nodes_config": {"1": {"prefetch": 2}, "2": {}}, "variables": {"a/b": "y", "same": 1}}
    assert compare(snapshot(native(**rest)), snapshot(native(**changed, default_mapper_type="x"))) == GraphDiff(
        identical=False,
        fields=changes(
            ("/nodes_config/1/prefetch", 1, 2),
            ("/nodes_config/1/replicas", 1, None),
            ("/nodes_config/2", None, {}),
            ("/variables/a~1b", "x", "y"),
            ("/default_mapper_type", None, "x"),
        ),
    )


@pytest.mark.parametrize("after", [GRAPH, native(node("1"))])
def test_name_description_and_schedule_are_told_whether_or_not_the_graph_changed(after: Json) -> None:
    older = replace(snapshot(GRAPH), texts=("Old", None, "0 6 * * *"))
    newer = replace(snapshot(after), texts=("New", "Why", None))
    diff = compare(older, newer)
    assert diff.fields == changes(("/name", "Old", "New"), ("/description", None, "Why"), ("/cron", "0 6 * * *", None))
    assert (diff.identical, compare(older, older)) == (False, GraphDiff(identical=True, same_content=True))
