"""What is refused of values that don't fit the schema, in variables and in documents."""

from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from app.execution.plan import Plan
from app.graphql.schema import mistakes_in, schema

EXPORT = "mutation($input: ExportFlowInput!) { exportFlow(input: $input) { errors { code } } }"
TO = {"workspaceId": "w"}
TAKES_ONE = (
    "Within OneOf Input Object type 'ExportDestinationInput', exactly one field must be specified, and the value for that "
    "field must be non-null."
)
NO_VALUE = "Value 'REFUSED' does not exist in 'ExistingDraft' enum."


def messages_of(document: str, variables: dict[str, Any], *, hides_suggestions: bool = False) -> list[str]:
    """What is said of a document, or of the variables of a valid one."""
    read = parse(document)
    if mistakes := mistakes_in(read, most=20, hides_suggestions=hides_suggestions):
        return [each.message for each in mistakes]
    [operation] = read.definitions
    assert isinstance(operation, OperationDefinitionNode)
    plan = Plan.of(schema.graphql_schema, read, operation, variables, hides_suggestions=hides_suggestions)
    return [] if isinstance(plan, Plan) else [each.message for each in plan]


def exporting(**fields: Any) -> dict[str, Any]:
    return {"input": {"flowId": "f", "destination": TO, **fields}}


@pytest.mark.parametrize(
    ("variables", "messages"),
    [
        (exporting(), []),
        (
            exporting(destination={**TO, "overrideFlowId": None}),
            [f"Variable '$input' has invalid value at .destination: {TAKES_ONE}"],
        ),
        (exporting(destination={}), [f"Variable '$input' has invalid value at .destination: {TAKES_ONE}"]),
        (
            exporting(existingDraft="REFUSED"),
            [
                f"Variable '$input' has invalid value at .existingDraft: {NO_VALUE} Did you mean the enum value 'REFUSE'?",
            ],
        ),
    ],
)
def test_messages_on_variables(variables: dict[str, Any], messages: list[str]) -> None:
    assert messages_of(EXPORT, variables) == messages


def test_a_variable_that_can_be_null_is_refused_where_exactly_one_field_is_needed() -> None:
    document = """mutation($w: ID) {
      exportFlow(input: { flowId: "f", destination: { workspaceId: $w } }) { errors { code } }
    }"""
    assert messages_of(document, {}) == [
        "Variable $w can be null; ExportDestinationInput takes exactly one field that isn't null. Declare it with `!`."
    ]
    assert messages_of(document.replace("ID)", "ID!)"), {"w": "w"}) == []


def test_introspection_tells_which_inputs_take_exactly_one_field() -> None:
    taking_one = [name for name, named in schema.graphql_schema.type_map.items() if getattr(named, "is_one_of", False)]
    assert sorted(taking_one) == ["ExportDestinationInput", "FlowSourceInput"]


@pytest.mark.parametrize("variables", [exporting(nam="n"), exporting(existingDraft="REFUSED")])
def test_where_the_schema_is_closed_no_message_suggests_names_or_values(variables: dict[str, Any]) -> None:
    [shown], [hidden] = messages_of(EXPORT, variables), messages_of(EXPORT, variables, hides_suggestions=True)
    assert "Did you mean" in shown
    assert "Did you mean" not in hidden


def test_more_mistakes_than_anybody_mends_at_once_are_not_all_told() -> None:
    many = {"ids": [["x"]] * 1000}
    assert len(messages_of("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", many)) == 51
