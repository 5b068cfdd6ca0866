"""Each refusal of the domain is answered by a type, which names the mutations that refuse for it."""

from typing import Any, get_args

import pytest

from app.domain import access
from app.domain.batch import CallRefusal
from app.domain.draft import DiscardRefusal, RestoreRefusal
from app.domain.edit import CreateRefusal, UpdateRefusal
from app.domain.errors import ErrorCode
from app.domain.export import CopyRefusal
from app.domain.export_batch import BatchRefusal
from app.domain.publish import PublishRefusal, RevertRefusal
from app.domain.release import RequestRefusal
from app.domain.review import ReviewRefusal, UndoReleaseRefusal, WithdrawRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.world.things import WorldRefusal
from app.graphql import outcomes, payloads, world_plans
from app.graphql.errors import refusals
from app.graphql.outcomes import types_of_refusals
from app.graphql.schema import schema

MUTATIONS = {
    "CopyFlow": CopyRefusal,
    "ExportFlow": BatchRefusal,
    "CreateFlow": CreateRefusal,
    "UpdateFlowDraft": UpdateRefusal,
    "PublishFlowDraft": PublishRefusal,
    "RevertFlow": RevertRefusal,
    "DiscardFlowDraft": DiscardRefusal,
    "RestoreFlowDraft": RestoreRefusal,
    "UndoExport": UndoRefusal,
    "StartFlow": StartRefusal,
    "StopFlow": StopRefusal,
    "DeleteFlow": DeleteRefusal,
    "RequestRelease": RequestRefusal,
    "ReviewRelease": ReviewRefusal,
    "WithdrawRelease": WithdrawRefusal,
    "UndoRelease": UndoReleaseRefusal,
    "ApplyWorld": WorldRefusal,
}


CALLS_OF_MANY = ("ExportFlows", "PublishFlowDrafts", "UndoExports", "StartFlows", "StopFlows")


def members_of(interface: str) -> set[str]:
    types: Any = schema.graphql_schema
    return {each.name for each in types.get_possible_types(types.type_map[interface])}


@pytest.mark.parametrize(("mutation", "refusals"), MUTATIONS.items())
def test_the_errors_of_a_mutation_are_those_that_its_use_case_refuses_for(mutation: str, refusals: object) -> None:
    assert members_of(f"{mutation}Error") == {refusal.__name__ for refusal in get_args(refusals)}


@pytest.mark.parametrize(("mutation", "refusals"), MUTATIONS.items())
def test_a_payload_takes_the_refusals_of_its_interface(mutation: str, refusals: object) -> None:
    name = f"{mutation}Payload"
    payload = next(vars(module)[name] for module in (payloads, world_plans) if name in vars(module))
    [of_payload] = [get_args(base)[1] for base in payload.__orig_bases__]
    assert get_args(of_payload) == get_args(refusals)
    assert str(schema.graphql_schema.type_map[payload.__name__].fields["errors"].type) == f"[{mutation}Error!]!"  # type: ignore[attr-defined]


def test_the_errors_of_a_whole_call_are_those_that_it_is_refused_for() -> None:
    for interface in ("ExportFlowsError", "PublishFlowDraftsError"):
        assert members_of(interface) == {refusal.__name__ for refusal in get_args(CallRefusal)}
    for interface in ("UndoExportsError", "StartFlowsError", "StopFlowsError"):
        assert members_of(interface) == {"InvalidInput"}


def test_every_mutation_has_its_interface_in_this_test() -> None:
    tested = {f"{mutation}Error" for mutation in (*MUTATIONS, *CALLS_OF_MANY)}
    assert {
        interface.__name__ for interface in outcomes.Error.__subclasses__() if "rows" not in vars(interface)
    } == tested


def test_errors_stand_in_the_order_of_their_codes_and_have_the_names_of_their_refusals() -> None:
    types = types_of_refusals(refusals)
    shown = [each.rows for each in types if hasattr(each.rows, "code")]
    assert [refusal.code for refusal in shown] == list(ErrorCode)
    assert [each.__name__ for each in types] == [each.rows.__name__ for each in types]


def test_the_values_of_the_enumeration_are_described_by_the_errors() -> None:
    values: Any = schema.graphql_schema.type_map["ErrorCode"]
    descriptions = {
        each.rows.code: each.__strawberry_definition__.description
        for each in types_of_refusals(refusals)[: len(ErrorCode)]
    }
    assert {name: value.description for name, value in values.values.items()} == descriptions


def test_a_refusal_without_a_type_is_an_error_when_the_schema_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    class FlowNotFound(access.FlowNotFound):
        pass

    monkeypatch.setitem(outcomes.INTERFACES, FlowNotFound, [payloads.CopyFlowPayload.interface])
    with pytest.raises(TypeError, match="No type shows FlowNotFound"):
        types_of_refusals(refusals)
