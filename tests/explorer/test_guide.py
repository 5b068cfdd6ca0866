"""The operations of the guided export: each is acceptable to the server, answers what the page reads, and fits beside its answer."""

import re

import pytest
from graphql import OperationDefinitionNode, parse, validate

from app.graphql.schema import schema
from app.http.cost_analysis import CostAnalysis
from app.http.explorer.page import FOLDER
from app.settings import Settings

WIDEST = 62
GUIDE = (FOLDER / "guide.graphql").read_text(encoding="utf-8")
STEPS = re.findall(r'name: "(Guide\w+)"', (FOLDER / "guide.js").read_text(encoding="utf-8"))
OPERATIONS = {
    definition.name.value: definition
    for definition in parse(GUIDE).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name is not None
}


def test_the_operations_are_those_of_the_steps_in_their_order() -> None:
    assert [*OPERATIONS] == STEPS


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_valid_and_answers_what_is_offered_or_done(name: str) -> None:
    operation = OPERATIONS[name]
    document = parse(GUIDE[operation.loc.start : operation.loc.end] if operation.loc else "")
    assert validate(schema.graphql_schema, document) == []
    [field] = operation.selection_set.selections
    assert getattr(field, "alias").value in {"offered", "done"}  # noqa: B009 - of a field


def test_no_line_is_wider_than_those_of_the_examples() -> None:
    *_, operations = GUIDE.partition("## ")
    assert [line for line in operations.splitlines() if len(line) > WIDEST] == []


def test_the_widest_question_costs_what_one_call_may() -> None:
    cost = CostAnalysis(parse(GUIDE), {}).operation(OPERATIONS["GuideFlow"]).cost
    assert cost <= Settings(database_url=None).max_cost
