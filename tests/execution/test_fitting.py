"""What doesn't fit the rows of a type is an error when the schema is built."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
import strawberry
from strawberry import Parent

from app.execution.fitting import check_rows, hints_of
from app.execution.rows import column, relation, shows


class Step(NamedTuple):
    id: str
    position: int


@dataclass(frozen=True)
class Row:
    name: str
    number: int
    steps: tuple[Step, ...]
    step: Step | None = None

    @property
    def label(self) -> str | None:
        return self.name


class Other(NamedTuple):
    name: str


class Loaders:
    rows = None


class Color(StrEnum):
    RED = "RED"


strawberry.enum(Color, description="Colors.")


@shows(Step, "A step.")
class FlowStep:
    id: strawberry.ID


def mistake_of(**fields: tuple[object, Any]) -> str:
    """What is wrong with a type of rows that has these fields, each with its type."""
    declared: Any = type("Thing", (), {"__annotations__": {name: type_ for name, (type_, _) in fields.items()}})
    for name, (_, field) in fields.items():
        setattr(declared, name, field)
    thing = shows(Row, "A thing.")(declared)
    query = strawberry.type(
        type("Query", (), {"__annotations__": {"thing": thing}, "thing": strawberry.field(lambda: None)})
    )
    schema = strawberry.Schema(query)
    try:
        check_rows(schema._schema, Loaders)
    except TypeError as error:
        return str(error)
    return ""


def of_another_row(parent: Parent[Other]) -> str:
    return parent.name


def of_this_row(parent: Parent[Row]) -> str:
    return parent.name


@pytest.mark.parametrize(
    ("type_", "field", "mistake"),
    [
        (str, column("name", ""), ""),
        (int, column("number", ""), ""),
        (bool, column("number", ""), "it is Boolean!, and the column <class 'int'>"),
        (int, column("name", ""), "it is Int!, and the column <class 'str'>"),
        (str, column("title", ""), "Row has no title"),
        (str | None, column("label", ""), ""),
        (str, column("label", ""), "it is String!, and the column <class 'str'> | <class 'NoneType'>"),
        (str | None, column("step.id", ""), ""),
        (str, column("step.id", ""), "it is String!, and the column <class 'str'> | <class 'NoneType'>"),
        (str | None, column("step.name", ""), "Row has no step.name"),
        (Color, column("name", ""), ""),
        (Color, column("number", ""), "it is Color!, and the column <class 'int'>"),
        (list[FlowStep], column("steps", ""), ""),
        (list[str], column("steps", ""), f"it is [String!]!, and the column tuple[{Step.__module__}.Step, ...]"),
        (FlowStep | None, column("step", ""), ""),
        (FlowStep, column("name", ""), "it is FlowStep!, and the column <class 'str'>"),
        (str, relation("rows", "name", ""), ""),
        (str, relation("rows", ("name", "step.id"), ""), ""),
        (str, relation("rows", "title", ""), "Row has no title"),
        (str, relation("others", "name", ""), "there is no loader others"),
        (str, strawberry.field(of_this_row), ""),
        (str, strawberry.field(of_another_row), "its resolver takes Other, and not Row"),
    ],
)
def test_a_field_that_does_not_fit_its_row_is_a_mistake(type_: object, field: Any, mistake: str) -> None:
    assert mistake_of(field=(type_, field)) == (mistake and f"Thing.field: {mistake}")


def test_what_a_column_may_be_is_read_off_annotations() -> None:
    assert hints_of(Row, "steps") == [tuple[Step, ...]]
    assert hints_of(Row, "step.position") == [int, type(None)]


class Special(Row):
    """Python takes its objects for those of its base too."""


def test_rows_of_one_type_that_pass_for_those_of_another_are_a_mistake() -> None:
    @strawberry.interface
    class Named:
        name: str

    @shows(Row, "A thing.")
    class Plain(Named):
        pass

    @shows(Special, "Another thing.")
    class Rare(Named):
        pass

    @strawberry.type
    class Query:
        @strawberry.field
        def named(self) -> Named | None:
            return None

    schema = strawberry.Schema(Query, types=[Plain, Rare])
    with pytest.raises(TypeError, match=r"^Named: Special passes for Row$"):
        check_rows(schema._schema, Loaders)
