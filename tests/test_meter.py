"""What an operation takes is counted while it runs, refused above a limit, and counted anew when its answer is made anew."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.meter import (
    BYTES_OF_NULL,
    BYTES_PER_CONNECTION,
    BYTES_PER_OBJECT,
    BYTES_PER_UNIT,
    BYTES_PER_VALUE,
    COUNTED_AT_ONCE,
    NOT_BEGUN,
    LimitReached,
    Meter,
    current_meter,
)
from tests.metering import counted_by

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(alphabet='a"\\\\ \n\x01ä😀'),
    st.lists,
)


@pytest.mark.parametrize(
    ("take", "counted"),
    [
        (lambda meter: meter.take(objects=3), 3 * BYTES_PER_OBJECT),
        (lambda meter: meter.take(connections=3), 3 * BYTES_PER_CONNECTION),
        (lambda meter: meter.take(text=3), 3),
        (lambda meter: meter.take(objects=1, values=3, text=10), BYTES_PER_OBJECT + 3 * BYTES_PER_VALUE + 10),
        (lambda meter: meter.take_nulls(3), 3 * (BYTES_PER_VALUE + BYTES_OF_NULL)),
        (lambda meter: meter.take_values(["ä" * 10]), BYTES_PER_VALUE + len('"ääääääääää"'.encode())),
        (lambda meter: meter.take_values([None, []]), 2 * BYTES_PER_VALUE + len("null[]")),
        (lambda meter: meter.take_values([["x"] * 9]), 9 * BYTES_PER_VALUE + len(orjson.dumps(["x"] * 9))),
    ],
)
def test_what_is_answered_counts_as_bytes_until_there_are_too_many(take: Callable[[Meter], None], counted: int) -> None:
    meter = Meter(max_bytes=2 * counted)
    take(meter)
    assert meter.bytes == counted
    take(meter)
    with pytest.raises(LimitReached, match=f"The answer would hold more than {2 * counted} bytes") as refused:
        take(meter)
    assert (refused.value.limit, refused.value.maximum) == ("bytes", 2 * counted)


def test_graphs_that_are_read_are_limited_apart_from_what_is_answered() -> None:
    meter = Meter(max_bytes=1000)
    meter.take(text=900)
    meter.take_graphs(900)
    assert meter.readable_bytes == 100
    with pytest.raises(LimitReached, match="The graphs of these flows have more than 1000 bytes together") as refused:
        meter.take_graphs(101)
    assert (refused.value.limit, meter.readable_bytes) == ("bytes of graphs", 0)


def test_exports_may_decide_about_twice_as_many_bytes_of_graphs() -> None:
    meter = Meter(max_bytes=1000)
    meter.take_graphs(1000)
    meter.take_decided(2000)
    with pytest.raises(LimitReached, match="more than 2000 bytes together"):
        meter.take_decided(1)


@pytest.mark.parametrize(("kind", "each"), [("objects", BYTES_PER_OBJECT), ("values", BYTES_PER_VALUE), ("text", 1)])
def test_what_would_be_too_much_is_refused_before_it_is_counted(kind: str, each: int) -> None:
    meter = Meter(max_bytes=10 * each)
    meter.take(text=5 * each)
    meter.expect(**{kind: 5})
    with pytest.raises(LimitReached):
        meter.expect(**{kind: 6})
    assert meter.bytes == 5 * each


def test_what_is_still_to_be_read_adds_up_until_the_next_round() -> None:
    meter = Meter(max_bytes=10 * BYTES_PER_VALUE)
    meter.expect_answers(6)
    meter.begin_round()
    meter.expect_answers(6)
    with pytest.raises(LimitReached):
        meter.expect_answers(5)


def test_once_refused_it_says_why_until_it_begins_again() -> None:
    meter = Meter(max_bytes=10)
    with pytest.raises(LimitReached) as first:
        meter.take(text=11)
    assert meter.refused is first.value
    meter.begin_again()
    assert [meter.refused, meter.bytes] == [None, 0]


def test_cpu_time_is_never_limited_after_a_commit() -> None:
    meter = Meter(max_cpu_seconds=5)
    meter.begin_mutation()
    meter.take_cpu(5)
    meter.lift_time_limit()
    meter.take_cpu(1)
    with pytest.raises(LimitReached, match=r"^This was not begun") as refused:
        meter.begin_mutation()
    assert (refused.value.limit, refused.value.maximum) == ("time", 5)
    meter.take_cpu(1)


def test_cpu_time_is_limited_before_a_commit() -> None:
    meter = Meter(max_cpu_seconds=5)
    meter.begin_mutation()
    with pytest.raises(LimitReached, match="This took more than 5 seconds of computing"):
        meter.take_cpu(6)


def test_cpu_time_is_not_given_back_to_an_answer_that_is_made_anew() -> None:
    meter = Meter(max_cpu_seconds=5)
    meter.take_cpu(4)
    meter.begin_again()
    with pytest.raises(LimitReached):
        meter.take_cpu(2)


def test_no_mutation_begins_after_one_whose_answer_was_cut() -> None:
    meter = Meter(max_bytes=10)
    meter.begin_mutation()
    meter.lift_time_limit()
    with pytest.raises(LimitReached):
        meter.take(text=11)
    with pytest.raises(LimitReached) as refused:
        meter.begin_mutation()
    assert (str(refused.value), refused.value.limit, refused.value.maximum) == (NOT_BEGUN, "bytes", 10)


def test_the_cost_is_of_objects_and_of_long_texts() -> None:
    meter = Meter()
    meter.take_objects(3)
    meter.take_graphs(2 * BYTES_PER_UNIT)
    meter.take_decided(4 * BYTES_PER_UNIT)
    assert meter.cost == 9


def test_an_operation_counts_with_its_own_meter() -> None:
    outside, meter = current_meter(), Meter()
    with counted_by(meter):
        assert current_meter() is meter
    assert current_meter() is outside


@given(st.lists(JSON, max_size=3 * COUNTED_AT_ONCE))
def test_values_are_counted_as_long_as_they_are(values: list[Any]) -> None:
    meter = Meter()
    meter.take_values(values)
    assert meter.text_bytes == sum(len(orjson.dumps(value)) for value in values)


async def test_no_more_long_values_are_looked_at_than_are_counted_at_once() -> None:
    meter, text = Meter(max_bytes=1_000_000), "x" * 100_000
    with pytest.raises(LimitReached):
        meter.take_values([text] * 10_000)
    assert meter.text_bytes == COUNTED_AT_ONCE * len(orjson.dumps(text))
