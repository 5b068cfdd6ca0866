"""The hash of a call's input: the same for the same input in every process, release and version of Python (P5)."""

from dataclasses import fields, replace
from typing import Any

import pytest

from app.domain.batch import BatchMode, BatchWish
from app.domain.choices import ReferenceMapping, StepChoice, by_reference
from app.domain.draft import ExistingDraft
from app.domain.edit import CreateWish
from app.domain.errors import MAPPINGS, OfCall
from app.domain.export_batch import ExportsWish
from app.domain.facts import CopyWish, ExportWish, IntoWorkspace, OntoFlow
from app.domain.flow import SourceWish, StateOfFlow
from app.domain.model import FlowType, ReferenceKind
from app.domain.publish import PublishWish, RevertWish
from app.usecases.keyed_calls import NOT_OF_THE_INPUT, hash_of_input

MAPPING = ReferenceMapping("topic_1", "topic_2", OfCall((*MAPPINGS, "0")))
CHOICES = (StepChoice("1", {ReferenceKind.CREDENTIAL: "credential_1", ReferenceKind.TOPIC: None}),)
GRAPH = {"nodes": [{"id": "1", "command": "core/code:run"}], "edges": [], "x": [1, 1.5, True, None, "é"]}
EXPORT = ExportWish(
    "flow_1",
    OntoFlow("flow_2"),
    "A name",
    "topic_1",
    SourceWish(StateOfFlow.DRAFT),
    ExistingDraft.REFUSE,
    (MAPPING,),
    bindings=CHOICES,
    fingerprint="0",
)
WISHES: dict[str, Any] = {
    "copyFlow": CopyWish("flow_1", "A name", SourceWish(version_id="version_1")),
    "exportFlow": EXPORT,
    "exportFlows": ExportsWish(
        (EXPORT, ExportWish("flow_1", IntoWorkspace("w"))), BatchMode.BEST_EFFORT, mappings=(MAPPING,)
    ),
    "createFlow": CreateWish("workspace_1", "A name", GRAPH, FlowType.REAL_TIME, "A text", "0 * * * *"),
    "publishFlowDraft": PublishWish("flow_1", 3, start=True),
    "publishFlowDrafts": BatchWish((PublishWish("flow_1", 3),), BatchMode.BEST_EFFORT),
    "revertFlow": RevertWish("flow_1", "version_1", publish=True, existing_draft=ExistingDraft.REFUSE),
}
# A hash that is another one here refuses calls that are repeated across an upgrade.
HASHES = {
    "copyFlow": "56c1c65c1bee6f350c275517cc9dbf8d5f2d864c28b719d804133c585cafb031",
    "exportFlow": "b25e12ed83776f8b78ea5a841ac5d9553a0d317c6cdccc7cdd2c11704425e7dd",
    "exportFlows": "35d4e66d874b0df1cce0de6c7e969d648abf6f67bc7b77f2b8beec09527150eb",
    "createFlow": "724e3b9e17786c6ff3ea7cfc6bcd1834709a9434de56afe36a098cd63dc76a75",
    "publishFlowDraft": "6813ac86e1695bd9b55101cc8fdbe42baec2d0bc19e245e74dfc98f118f45f1a",
    "publishFlowDrafts": "7b3909c61eec4edf031196665e636f9e6714fc57762c1bbae391da5abf34b80c",
    "revertFlow": "5ca395783e4b2dfdeaebe51fb0d2ca3deb31e75685e1e9ff0747d260b8789381",
}


@pytest.mark.parametrize("call", WISHES)
def test_the_hash_of_an_input_is_the_same_for_ever(call: str) -> None:
    assert hash_of_input(WISHES[call]) == HASHES[call]


@pytest.mark.parametrize("call", WISHES)
def test_whatever_is_given_makes_it_another_input_but_the_key_and_what_is_worked_out(call: str) -> None:
    wish = WISHES[call]
    hashes = {
        field.name: hash_of_input(replace(wish, **{field.name: ("another",)}))
        for field in fields(wish)
        if field.name not in NOT_OF_THE_INPUT
    }
    assert len({*hashes.values(), hash_of_input(wish)}) == len(hashes) + 1
    assert hash_of_input(replace(wish, idempotency_key="another")) == hash_of_input(wish)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ExportWish("flow_1", OntoFlow("1")), ExportWish("flow_1", IntoWorkspace("1"))),
        (CopyWish("flow_1", source=SourceWish(version_id="1")), CopyWish("flow_1", "1")),
        (CreateWish("w", "n", {"a": 1}), CreateWish("w", "n", {"a": 1.0})),
        (CreateWish("w", "n", {"a": 1}), CreateWish("w", "n", {"a": True})),
        (CreateWish("w", "n", {"a": None}), CreateWish("w", "n", {})),
        (CreateWish("w", "n", [1, 2]), CreateWish("w", "n", [2, 1])),
        (
            replace(EXPORT, bindings=(StepChoice("1", {}),)),
            replace(EXPORT, bindings=(StepChoice("1", {ReferenceKind.AGENT: None}),)),
        ),
    ],
)
def test_inputs_that_mean_something_else_have_other_hashes(one: Any, other: Any) -> None:
    assert hash_of_input(one) != hash_of_input(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            CreateWish("w", "n", {"a": 1, "b": [{"c": 1, "d": 2}]}),
            CreateWish("w", "n", {"b": [{"d": 2, "c": 1}], "a": 1}),
        ),
        (EXPORT, replace(EXPORT, bindings=(StepChoice("1", dict(reversed([*CHOICES[0].choices.items()]))),))),
        (EXPORT, replace(EXPORT, mappings=(replace(MAPPING, path=("elsewhere",)),))),
        (CopyWish("flow_1"), CopyWish("flow_1", None, SourceWish(None, None))),
    ],
)
def test_inputs_that_mean_the_same_have_the_same_hash(one: Any, other: Any) -> None:
    assert hash_of_input(one) == hash_of_input(other)


def test_the_mappings_of_a_call_count_once_and_not_once_more_for_each_item() -> None:
    """Written out for each of a thousand items they would take a gigabyte."""
    items = tuple(ExportWish(str(number), IntoWorkspace("w")) for number in range(3))
    alone = ExportsWish(items, mappings=(MAPPING,))
    shared = replace(alone, items=tuple(replace(item, shared_mappings=by_reference((MAPPING,))) for item in items))
    assert hash_of_input(shared) == hash_of_input(alone)
    assert hash_of_input(replace(alone, mappings=())) != hash_of_input(alone)
    assert hash_of_input(replace(alone, done_before=frozenset({1}))) == hash_of_input(alone)


def test_an_input_that_is_nested_too_deep_to_be_told_is_told_all_the_same() -> None:
    deep: Any = []
    for _ in range(50_000):
        deep = [deep]
    assert len(hash_of_input(CreateWish("workspace", "Deep", deep))) == 64


def test_what_no_input_holds_is_no_part_of_one() -> None:
    with pytest.raises(TypeError, match="object is no part of an input"):
        hash_of_input(CreateWish("workspace", "Odd", object()))
