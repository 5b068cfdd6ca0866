"""Statements as the driver takes them: compiled once, for the columns that they get values for."""

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.types import Text

from app.storage.compiled import compiled
from app.storage.tables import AGENT, TENANT

NAMED = select(TENANT.c.id).where(TENANT.c.name == bindparam("name", type_=Text), TENANT.c.id != "none")


def test_a_statement_is_compiled_once() -> None:
    assert compiled(NAMED, {"name": "a"}) is compiled(NAMED, {"name": "b"})


def test_parameters_stand_in_the_order_of_their_numbers_with_what_the_statement_says_itself() -> None:
    assert compiled(NAMED, {"name": "a"}).arguments({"name": "a"}) == ["a", "none"]
    assert "$1" in compiled(NAMED, {}).text


def test_an_insert_is_one_for_each_set_of_columns() -> None:
    statement = insert(AGENT)
    both, one = {"id": "t", "name": "Acme"}, {"id": "t"}
    assert [compiled(statement, row).arguments(row) for row in (both, one, both)] == [
        ["t", "Acme"],
        ["t"],
        ["t", "Acme"],
    ]


def test_a_default_that_only_the_engine_knows_has_to_be_given() -> None:
    with pytest.raises(
        TypeError, match=r"^tenant\.component_whitelist: only SQLAlchemy's engine knows these defaults$"
    ):
        compiled(insert(TENANT), {"id": "t", "name": "Acme"})


def test_an_update_sets_the_columns_that_it_gets_values_for() -> None:
    statement = update(TENANT).where(TENANT.c.id == bindparam("this", type_=Text)).values(component_whitelist=False)
    found = compiled(statement, {"this": "t", "name": "Acme"})
    assert sorted(found.arguments({"this": "t", "name": "Acme"}), key=str) == ["Acme", False, "t"]
    assert found.text.startswith("UPDATE tenant SET name=$1")
