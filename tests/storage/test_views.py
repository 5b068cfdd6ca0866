"""Views and the columns that statements select for them."""

from typing import NamedTuple

import pytest

from app.execution.rows import PageColumns
from app.storage.connections.connection import views_of
from app.storage.pages.candidates import OVERRIDE_CANDIDATES
from app.storage.pages.lists import ListName, ListRequest
from app.storage.pages.related import JOINS, Related
from app.storage.reads.rows import ComponentView, DraftView, FlowView, UserView, columns
from app.storage.tables import COMPONENT, TEAM


class Coloured(NamedTuple):
    id: str
    colour: str
    name: str


def test_the_columns_of_a_view_stand_in_the_order_of_its_fields() -> None:
    selected = columns(COMPONENT, ComponentView, team_name=TEAM.c.name)
    assert [column.name for column in selected] == list(ComponentView._fields)


def test_a_column_of_another_table_stands_where_its_field_does() -> None:
    selected = columns(COMPONENT, Coloured, colour=TEAM.c.name)
    assert [str(column) for column in selected] == ["component.id", "team.name", "component.name"]


def test_a_field_without_a_column_is_a_mistake_and_not_left_out() -> None:
    with pytest.raises(KeyError, match="colour"):
        columns(COMPONENT, Coloured)


def test_a_view_is_made_of_the_columns_that_a_row_starts_with() -> None:
    row = ("component_1", "blue", "mailer", "a sort key")
    assert views_of(Coloured).make(row) == Coloured("component_1", "blue", "mailer")


@pytest.mark.parametrize(
    ("name", "column"), [(ListName.WORKSPACES, "role.permissions"), (ListName.TOPICS, "topic.schema_text")]
)
def test_a_page_reads_no_column_that_nothing_selects(name: ListName, column: str) -> None:
    narrow = PageColumns(frozenset({"name"}))
    whole, read = ListRequest(name).listing().rows, ListRequest(name, columns=narrow).listing().rows
    assert (column in str(whole), column in str(read)) == (True, False)
    assert [each.name for each in whole.selected_columns] == [each.name for each in read.selected_columns]


def test_a_page_reads_of_a_related_row_what_is_selected_and_what_says_whether_it_exists() -> None:
    text = str(JOINS[Related.DRAFT].reading(frozenset({"revision"})).rows)
    assert [name for name in DraftView._fields if f"flow_draft.{name}," in text] == ["id", "revision"]


def test_a_page_of_members_reads_of_each_user_what_is_selected() -> None:
    text = str(ListRequest(ListName.MEMBERS, columns=PageColumns(frozenset({"role", "email"}))).listing().rows)
    assert [name for name in UserView._fields if f"user_account.{name}," in text] == ["email"]
    assert "role.name" in text


def test_a_page_of_candidates_reads_of_each_flow_what_is_selected() -> None:
    statement, _ = OVERRIDE_CANDIDATES._page(frozenset({"name"}), backwards=False, has_search=False)
    text = str(statement)
    assert [name for name in FlowView._fields if f"flow.{name} AS {name}" in text] == ["name"]
