"""Statements as the driver takes them."""

from sqlalchemy import bindparam, select
from sqlalchemy.types import Text

from app.storage.connections.connection import compiled
from app.storage.tables import TENANT

NAMED = select(TENANT.c.id).where(TENANT.c.name == bindparam("name", type_=Text), TENANT.c.id != "none")


def test_a_statement_is_compiled_once() -> None:
    assert compiled(NAMED) is compiled(NAMED)


def test_parameters_stand_in_the_order_of_their_numbers_with_what_the_statement_says_itself() -> None:
    assert compiled(NAMED).arguments({"name": "a"}) == ["a", "none"]
    assert "$1" in compiled(NAMED).text
