"""What an answer may hold is counted while it is made, and anew when it is made anew."""

import pytest

from app.graphql.allowance import BYTES_PER_UNIT, Allowance
from app.graphql.refused import LimitExceeded


def test_what_was_taken_adds_up_until_it_is_above_the_maximum() -> None:
    allowance = Allowance(10)
    allowance.take(6)
    allowance.take_json("x" * (2 * BYTES_PER_UNIT))
    allowance.take_list(["x", "y"])
    with pytest.raises(LimitExceeded, match="a cost of more than 10; at most 10"):
        allowance.take(1)


def test_an_answer_that_is_made_anew_may_hold_as_much_again() -> None:
    allowance = Allowance(10)
    for _ in range(3):
        allowance.take(10)
        allowance.begin_again()
