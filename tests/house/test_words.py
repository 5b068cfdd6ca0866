"""The check of words finds unwanted words and vague names, and leaves ordinary ones alone."""

from pathlib import Path

import pytest

from scripts.words import COLUMNS, NAMED_BY_NOUNS, UNWANTED, Unwanted, vague_names

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def read(rows, *, found=None): ...", ["found"]),
        ("def read(given, /, *others, **told): ...", ["given", "others", "told"]),
        ("async def _shown(): ...", ["_shown"]),
        ("class Flow:\n    made: str = ''", ["made"]),
        ("def read(rows, page_request): found = rows", []),
        ("sorted(rows, key=lambda each: each.id)", []),
        ("def found_flows(one_line, needed_for): ...", []),
    ],
)
def test_a_parameter_a_field_or_a_function_that_doesnt_say_what_it_is_has_a_vague_name(
    source: str, names: list[str]
) -> None:
    assert [name for _, name in vague_names(source)] == names


def test_every_folder_whose_names_are_checked_has_modules() -> None:
    assert [pattern for pattern in (*NAMED_BY_NOUNS, *COLUMNS) if not any(ROOT.glob(pattern))] == []
