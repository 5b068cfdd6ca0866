"""The table of errors: one line for each code, in the order of the codes; each error says whom it may answer.

That nothing which a use case refuses is missing here, `mypy` holds: `app/graphql/outcomes.py` doesn't pass without.
"""

from typing import get_args

import pytest

from app.domain.create import CreateRefusal
from app.domain.discard import DiscardRefusal
from app.domain.error_code import ErrorCode
from app.domain.export import CopyRefusal
from app.domain.export_batch import BatchRefusal, CallRefusal
from app.domain.publish import PublishRefusal
from app.domain.restore import RestoreRefusal
from app.domain.revert import RevertRefusal
from app.domain.running import DeleteRefusal, StartRefusal, StopRefusal
from app.domain.undo import UndoRefusal
from app.domain.update import UpdateRefusal
from app.graphql.errors import interfaces
from app.graphql.errors.access import ContractSuspended
from app.graphql.errors.exports import InvalidInput
from app.graphql.errors.table import ERROR_TYPE_OF_REFUSAL

MUTATIONS = [
    (interfaces.CopyFlowError, CopyRefusal),
    (interfaces.ExportFlowError, BatchRefusal),
    (interfaces.ExportFlowsError, CallRefusal),
    (interfaces.CreateFlowError, CreateRefusal),
    (interfaces.UpdateFlowDraftError, UpdateRefusal),
    (interfaces.PublishFlowDraftError, PublishRefusal),
    (interfaces.RevertFlowError, RevertRefusal),
    (interfaces.DiscardFlowDraftError, DiscardRefusal),
    (interfaces.RestoreFlowDraftError, RestoreRefusal),
    (interfaces.UndoExportError, UndoRefusal),
    (interfaces.StartFlowError, StartRefusal),
    (interfaces.StopFlowError, StopRefusal),
    (interfaces.DeleteFlowError, DeleteRefusal),
]


def test_there_is_one_line_for_each_code_in_the_order_of_the_codes() -> None:
    assert [refusal.code for refusal in ERROR_TYPE_OF_REFUSAL] == list(ErrorCode)
    assert [refusal.__name__ for refusal in ERROR_TYPE_OF_REFUSAL] == [
        error.__name__ for error in ERROR_TYPE_OF_REFUSAL.values()
    ]


@pytest.mark.parametrize(("interface", "refusals"), MUTATIONS, ids=lambda each: getattr(each, "__name__", ""))
def test_an_error_names_the_mutations_that_refuse_for_it_and_no_other(interface: type, refusals: object) -> None:
    claimed = {error for error in ERROR_TYPE_OF_REFUSAL.values() if issubclass(error, interface)}
    refused = {ERROR_TYPE_OF_REFUSAL[refusal] for refusal in get_args(refusals)}
    # Reserved for every mutation: some take no text yet that could be wrong, and a suspended contract lets flows be stopped.
    reserved = {InvalidInput, *([ContractSuspended] if interface is interfaces.StopFlowError else [])}
    assert claimed | reserved == refused | reserved


def test_every_mutation_has_its_interface_in_this_test() -> None:
    assert {interface for interface, _ in MUTATIONS} == set(interfaces.Error.__subclasses__())


def test_the_values_of_the_enumeration_are_described_by_the_errors() -> None:
    described = {value.name: value.description for value in ErrorCode.__strawberry_definition__.values}  # type: ignore[attr-defined]
    assert described == {
        refusal.code.name: error.__strawberry_definition__.description
        for refusal, error in ERROR_TYPE_OF_REFUSAL.items()
    }
