"""What holds of every comparison: nothing is told of what is the same, and everything of what is not."""

from random import Random

from hypothesis import given

from app.domain.diff import GraphDiff
from app.domain.graph import Json, canonical, numbered
from tests.domain.differences import compare, field_changes, snapshot
from tests.domain.random_drafts import graphs
from tests.domain.random_graphs import TEXTS, exactly, reordered, scalar, values
from tests.domain.random_worlds import by_chance
from tests.property_settings import bounded


def an_object(chance: Random, size: int) -> Json:
    """Without lists, in which paths of what came and of what went count differently."""
    return {
        chance.choice(TEXTS): an_object(chance, size - 1) if chance.random() < size / 8 else scalar(chance)
        for _ in range(chance.randint(0, 4))
    }


objects = by_chance(an_object, largest=4)
lists = by_chance(lambda chance, size: [scalar(chance) for _ in range(size)], largest=5)


def at(value: Json, pointer: str) -> Json:
    """What stands at a JSON Pointer; a missing value is `MISSING`."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else MISSING
        else:
            value = value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value


MISSING = object()


@bounded
@given(values, values)
def test_there_is_no_entry_exactly_where_the_values_are_the_same(one: Json, other: Json) -> None:
    for after in (one, other, [one, other], {"a": one}):
        assert (field_changes(one, after) == ()) is (exactly(one) == exactly(after))


@bounded
@given(objects)
def test_the_order_of_keys_is_no_change(value: Json) -> None:
    assert field_changes(value, reordered(value)) == ()


@bounded
@given(objects, objects)
def test_every_path_points_at_what_differs_and_is_told_once(before: Json, after: Json) -> None:
    found = field_changes(before, after)
    assert len({change.path for change in found}) == len(found)
    for change in found:
        was, now = at(before, change.path), at(after, change.path)
        assert exactly(change.before) == exactly(None if was is MISSING else was)
        assert exactly(change.after) == exactly(None if now is MISSING else now)
        assert (was is MISSING, exactly(change.before)) != (now is MISSING, exactly(change.after))


@bounded
@given(lists, lists)
def test_what_came_to_a_list_stands_where_its_path_points_and_what_went_stood_there(
    before: list[Json], after: list[Json]
) -> None:
    for change in field_changes(before, after):
        if change.after is not None:
            assert exactly(at(after, change.path)) == exactly(change.after)
        elif change.before is not None and exactly(at(after, change.path)) != exactly(None):
            assert exactly(at(before, change.path)) == exactly(change.before)


@bounded
@given(objects, objects)
def test_the_other_way_round_before_and_after_change_places(one: Json, other: Json) -> None:
    there, back = field_changes(one, other), field_changes(other, one)
    assert {(change.path, canonical([change.before, change.after])) for change in there} == {
        (change.path, canonical([change.after, change.before])) for change in back
    }


@bounded
@given(graphs, graphs)
def test_two_graphs_are_identical_exactly_if_content_and_references_are(one: Json, other: Json) -> None:
    older, newer = snapshot(one), snapshot(other)
    diff = compare(older, newer)
    assert diff.identical is (older.content_hash == newer.content_hash and not diff.bindings)
    assert diff.identical is (diff == GraphDiff(identical=True, same_content=True))
    assert compare(older, snapshot(reordered(one))) == GraphDiff(identical=True, same_content=True)
    ids = [[*numbered(step.id for step in state.steps)] for state in (older, newer)]
    assert diff.added_steps == tuple(key for key in ids[1] if key not in ids[0])
    assert diff.removed_steps == tuple(key for key in ids[0] if key not in ids[1])
    assert {change.id for change in diff.changed_steps} <= {*ids[0]} & {*ids[1]}
    assert all(change.fields for change in (*diff.changed_steps, *diff.changed_links))
    back = compare(newer, older)
    assert (back.added_links, back.removed_links) == (diff.removed_links, diff.added_links)
    assert {(each.step_id, each.kind, each.after, each.before) for each in back.bindings} == {
        (each.step_id, each.kind, each.before, each.after) for each in diff.bindings
    }
