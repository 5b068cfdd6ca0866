"""What an answer takes is counted while it is made, refused above a limit, and counted anew when it is made anew."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.graphql.execution.meter import BYTES_PER_UNIT, AnswerTooLarge, Meter, json_length


def meter(**maxima: int) -> Meter:
    limits = {"max_objects": 10, "max_values": 10, "max_bytes": 1000, "max_graph_characters": 100}
    return Meter(**limits | maxima)


def test_objects_add_up_until_they_are_above_the_maximum() -> None:
    counted = meter()
    counted.take_objects(6)
    counted.take_objects(4)
    with pytest.raises(AnswerTooLarge, match=r"The answer would hold more than 10 objects\. Ask for fewer fields"):
        counted.take_objects()


def test_values_of_lists_count_each() -> None:
    counted = meter()
    counted.take_values(["x"])
    counted.take_values([["x"] * 9])
    with pytest.raises(AnswerTooLarge, match="more than 10 leaf values"):
        counted.take_values([None])


def test_null_and_an_empty_list_count_as_one_value() -> None:
    counted = meter()
    for _ in range(5):
        counted.take_values([None])
        counted.take_values([[]])
    with pytest.raises(AnswerTooLarge, match="more than 10 leaf values"):
        counted.take_values([[]])


def test_names_and_values_count_as_long_as_they_are_in_json() -> None:
    counted = meter()
    counted.take_names(len('"name":,'))
    counted.take_values(["ä" * 10])
    assert counted.bytes == len('"name":,') + len('"ääääääääää"'.encode())
    with pytest.raises(AnswerTooLarge, match="more than 1000 bytes"):
        counted.take_values(["x" * 1000])


def test_graphs_that_are_read_are_limited_apart_from_what_is_shown() -> None:
    counted = meter()
    counted.take_values(["x" * 900])
    counted.take_graphs(1000)
    with pytest.raises(AnswerTooLarge, match="more than 1000 bytes of graphs"):
        counted.take_graphs(1)


def test_what_would_be_too_many_is_refused_before_it_is_taken() -> None:
    counted = meter()
    counted.take_objects(5)
    counted.expect_objects(5)
    with pytest.raises(AnswerTooLarge):
        counted.expect_objects(6)
    assert counted.objects == 5


def test_connections_are_a_twentieth_of_the_objects_at_most() -> None:
    counted = meter(max_objects=40)
    counted.take_connections(2)
    with pytest.raises(AnswerTooLarge, match="more than 2 connections"):
        counted.take_connections(1)
    assert counted.objects == 0


def test_graphs_that_are_compared_are_a_quarter_of_those_that_are_read_at_most() -> None:
    counted = meter()
    counted.take_compared(250)
    with pytest.raises(AnswerTooLarge, match="more than 250 bytes of graphs compared"):
        counted.take_compared(1)


def test_once_refused_it_says_why_until_it_begins_again() -> None:
    counted = meter()
    with pytest.raises(AnswerTooLarge) as first:
        counted.take_objects(11)
    assert counted.refused is first.value
    counted.begin_again()
    assert [counted.refused, counted.objects] == [None, 0]


def test_the_cost_is_of_objects_and_of_long_texts() -> None:
    counted = meter(max_bytes=10 * BYTES_PER_UNIT)
    counted.take_objects(3)
    counted.take_graphs(2 * BYTES_PER_UNIT)
    assert counted.cost == 5


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), st.lists))
def test_no_value_is_longer_than_it_is_counted(value: Any) -> None:
    assert json_length(value) >= len(orjson.dumps(value))


@given(st.text(alphabet='a"\\ \n\x01ä😀'))
def test_texts_are_counted_as_long_as_they_are(text: str) -> None:
    assert json_length(text) == len(orjson.dumps(text))


def test_what_is_still_to_be_found_is_counted_before_anything_is_made_for_it() -> None:
    counted = meter(max_objects=10, max_values=10)
    counted.expect_answers(20)
    with pytest.raises(AnswerTooLarge, match="more than 10 leaf values"):
        counted.expect_answers(1)


def test_names_alone_may_be_too_long() -> None:
    with pytest.raises(AnswerTooLarge, match="more than 1000 bytes"):
        meter().take_names(1001)
