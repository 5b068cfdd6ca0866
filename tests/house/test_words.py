"""The check of words finds each of them as a whole word in the sense that isn't wanted, and nothing else."""

import pytest

from scripts.words import UNWANTED, Unwanted


def said(line: str) -> list[str]:
    return [unwanted.instead for unwanted in UNWANTED if unwanted.found_in(line)]


@pytest.mark.parametrize("unwanted", UNWANTED, ids=lambda unwanted: unwanted.example)
def test_a_word_is_found_where_it_comes_back(unwanted: Unwanted) -> None:
    assert said(unwanted.example) == [unwanted.instead]


@pytest.mark.parametrize(
    "line",
    [
        "await writer.drain()",
        "font-weight: 400",
        "the house keeps its rules",
        "turns the input into a wish",
        "each of them in turn",
        "an outdoor pool",
        "a folder that is closed to others",
        "The client calls again.",
        "whatever came before",
        "The answer comes back.",
    ],
)
def test_ordinary_words_are_left_alone(line: str) -> None:
    assert said(line) == []
